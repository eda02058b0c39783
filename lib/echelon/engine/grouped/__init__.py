"""Grouped work: balanced buckets, one exchange, typed results."""

"""Demand that stock-outs have hidden: which periods are censored, and what would have been sold in them."""

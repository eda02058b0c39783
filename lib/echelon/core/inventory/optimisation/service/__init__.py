"""Least levels that reach service targets."""

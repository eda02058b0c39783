"""Levels of least cost, budgets and pairs of parameters."""

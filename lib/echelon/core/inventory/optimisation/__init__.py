"""Optimal levels by simulation: costs, service targets, budgets, whole numbers and pairs of parameters."""

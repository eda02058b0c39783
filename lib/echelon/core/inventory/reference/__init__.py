"""Exact solvers of textbook systems: they check the simulation and give it start values."""

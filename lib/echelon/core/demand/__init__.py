"""Demand per period from dirty sales: cleaned, classed, with its calendar."""

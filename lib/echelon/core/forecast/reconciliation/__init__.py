"""Forecasts of sums, and single series corrected by them."""

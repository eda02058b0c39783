"""Candidates: each forecasts a panel of series."""

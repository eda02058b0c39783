"""Distributions: quantiles, probabilities and scores."""

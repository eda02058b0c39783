"""Forecasts of demand with distributions: `models` make them, `evaluation` scores them, `selection` chooses, `reconciliation`
corrects sums."""

"""Columns of demand of the usual shape: no idle periods, no large orders, nothing narrower than Poisson."""

from dataclasses import asdict

from echelon.core.inventory.model.demand import Shape

PLAIN = asdict(Shape()) | {"history_ratio": 1.0, "underdispersed": False}

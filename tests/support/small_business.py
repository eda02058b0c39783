"""Lanes, lead times and forecasts of a maker, a hub and two stores, as stages read them."""

from typing import Any

import numpy as np
import pandas as pd
from echelon.core.inventory.planning.stock_plan import SimulationSize

from support.in_memory import Rows

LANES: Rows = [
    ("Maker", "Hub", 14.0, 2.0, 14, 24.0, 12.0, 1),
    ("Hub", "North", 2.0, 0.5, 1, 0.0, 1.0, 1),
    ("Maker", "South", 14.0, 2.0, 10, 48.0, 12.0, 1),
    ("Hub", "South", 3.0, 1.0, 1, 0.0, 1.0, 2),
]
LOCATIONS: Rows = [
    ("Maker", "supplier", 0.0),
    ("Hub", "warehouse", 0.2),
    ("North", "store", 0.25),
    ("South", "store", 0.3),
]
SIZE = SimulationSize(periods=28, replications=128, certification_replications=128)


def lead_time(source: str, destination: str, days: list[int]) -> tuple[object, ...]:
    mean = sum(days) / len(days)
    return (source, destination, "promise", 0, mean, 0.0, mean, mean, *(None,) * 6, days, [1 / len(days)] * len(days))


LEAD_TIMES: Rows = [
    lead_time("Maker", "Hub", [14]),
    lead_time("Hub", "North", [2]),
    lead_time("Maker", "South", [7, 14]),
    lead_time("Hub", "South", [3]),
]


def rows(**changes: Any) -> pd.DataFrame:
    """Two customers' locations; South first, as rows come in any order."""
    frame = pd.DataFrame(
        {
            "sku": "A",
            "location": ["South", "North"],
            "mean": [np.full(4, 3.0), np.full(4, 1.0)],
            "dispersion": [0.1, 0.2],
            "active_share": 1.0,
            "large_share": 0.0,
            "large_factor": 1.0,
            "large_dispersion": 0.0,
            "level_cv": 0.3,
            "level_correlation": 0.0,
            "level_persistence": 0.0,
            "level_growth": 0.0,
            "horizon": 4,
            "counts": True,
            "underdispersed": False,
            "fill_rate": [0.9, 0.95],
            "unit_cost": 2.0,
            "shelf_life_days": None,
            "bias": 0.0,
            "explained": False,
        }
    )
    return frame.assign(**changes)

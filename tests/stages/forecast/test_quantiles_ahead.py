"""Quantiles of single periods, as far as is forecast."""

from datetime import date

import numpy as np
import pandas as pd
from echelon.core.forecast.distributions.distribution import quantiles
from echelon.core.probability.mixture import mixture_of
from echelon.lake.contracts.quantiles import quantile_name
from echelon.stages.forecast import _quantile_rows
from support.plain_shape import PLAIN

PROBABILITIES = (0.05, 0.5, 0.9, 0.99)
NAMES = [quantile_name(level) for level in PROBABILITIES]


def test_the_level_is_wider_with_every_further_horizon() -> None:
    """Each period against its own distribution, worked out alone."""
    mean = np.array([5.0, 8.0, 5.0, 8.0, 5.0, 8.0])
    row = {"sku": "A", "location": "X", "model": "m", "start_date": pd.Timestamp(date(2026, 1, 1)), "counts": True,
           "underdispersed": False, "mean": mean, "dispersion": 0.3, **PLAIN, "level_cv": 0.3, "level_growth": 0.4,
           "horizon": 2}  # fmt: skip
    found = _quantile_rows(pd.DataFrame([row]), "D", PROBABILITIES)
    assert [str(day)[:10] for day in found["date"]] == [f"2026-01-0{day}" for day in range(1, 7)]
    mixture = mixture_of(*(np.asarray(row[name]) for name in ("dispersion", "active_share", "large_share", "large_factor",
                                                              "large_dispersion")))  # fmt: skip
    for step, level_cv in enumerate((0.3, 0.3, 0.7, 0.7, 0.94, 0.94)):
        alone = quantiles(mean[step : step + 1], mixture, level_cv, True, PROBABILITIES)[0]
        np.testing.assert_array_equal(found[NAMES].to_numpy()[step], alone)
    assert (np.diff(found["q99"].to_numpy()[::2]) > 0).all()

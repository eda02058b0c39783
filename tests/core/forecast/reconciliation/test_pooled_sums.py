"""Forecasts of sums by a pooled model of their own: they know what is known ahead, and say so where they can't learn."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.arrays import Matrix
from echelon.core.forecast.panel import Covariate, Panel
from echelon.core.forecast.reconciliation.aggregate_forecast import aggregate_forecasts
from echelon.core.forecast.reconciliation.hierarchy import make_windows
from echelon.core.forecast.reconciliation.pooled_sums import pooled_sum_forecasts

HORIZON, DAYS, END = 14, 1_300, 20_000


@pytest.fixture(scope="module")
def sums() -> Panel:
    """Eight sums that sell twice as much on days that are known ahead, and one that has not begun."""
    rng = np.random.default_rng(4)
    busy = (rng.random(DAYS + HORIZON) < 0.2).astype(np.float64)
    level = np.append(np.geomspace(50, 500, 8), 1.0)
    values = rng.poisson(level[:, None] * (1.0 + busy[:DAYS])).astype(np.float64)
    values[8] = np.nan
    keys = pd.DataFrame({"sku": [f"C{i}" for i in range(9)], "location": "X"})
    return Panel(keys, values, END, "D", (Covariate("signal_busy", np.tile(busy, (9, 1)), HORIZON),))


def test_sums_rise_on_days_that_are_known_ahead(sums: Panel) -> None:
    means = pooled_sum_forecasts(sums, HORIZON)
    assert means is not None and means.shape == (9, HORIZON)
    expected = np.geomspace(50, 500, 8)[:, None] * (1.0 + sums.covariates[0].values[:8, DAYS:])
    np.testing.assert_allclose(means[:8].sum(axis=0), expected.sum(axis=0), rtol=0.15)
    assert not means[8].any()


def test_too_little_to_learn_from(sums: Panel) -> None:
    assert pooled_sum_forecasts(sums.before(END - 60), HORIZON) is None


def test_aggregates_are_sums_of_what_is_forecast_of_the_groups(sums: Panel) -> None:
    """Past windows ask for it as it was known then; where there is none, the harmonic regression stands in."""
    asked = []

    def forecast(demand: Matrix, end: int, horizon: int) -> Matrix | None:
        asked.append((demand.shape[1], end, horizon))
        return None if end < END else np.arange(2.0 * horizon).reshape(2, horizon)

    cohorts = np.nan_to_num(sums.values[None, :2]) * np.array([1.0, 0.0])[:, None, None]
    levels = {"total": np.zeros(2, np.int64)}
    past, future = make_windows(cohorts, np.ones((2, 2, 7)), [END - 7, END], levels, ["total"], "D", 2, forecast)
    assert asked == [(DAYS - 9, END - 9, 9), (DAYS, END, 7)]
    np.testing.assert_array_equal(future.aggregates["total"], [np.arange(7.0) * 2 + 7])
    harmonic = aggregate_forecasts(cohorts[0].sum(axis=0)[None, : DAYS - 9], "D", END - 9, 9)[:, 2:]
    np.testing.assert_allclose(past.aggregates["total"], harmonic)

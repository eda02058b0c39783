"""Drivers of the pooled model's forecasts: they add up, they name what moves demand, and equal parts are equal."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.explanation.contributions import (
    DRIVERS,
    ExplainedForecast,
    explain_forecast,
    in_units,
    segment_drivers,
)
from echelon.core.forecast.models.lightgbm_direct import PooledModel, pooled_models
from echelon.core.forecast.panel import Covariate, Panel, make_panel
from hypothesis import given
from hypothesis import strategies as st

HORIZON = 14
numbers = st.lists(st.floats(-3, 3), min_size=len(DRIVERS), max_size=len(DRIVERS))


@given(numbers, st.floats(0, 1e4))
def test_parts_add_up_to_the_forecast(logs: list[float], plain: float) -> None:
    units = in_units(np.array([plain]), np.array([logs]))
    assert units.sum() == pytest.approx(plain * np.exp(sum(logs)), rel=1e-9, abs=1e-9)


def test_two_drivers_that_cancel_out() -> None:
    logs = np.zeros((1, len(DRIVERS)))
    logs[0, 1:3] = np.log(2.0), -np.log(2.0)
    units = in_units(np.array([10.0]), logs)[0]
    assert units[0] == 10.0
    assert units[1] == pytest.approx(-units[2])


@pytest.fixture(scope="module")
def promoted(shop: pd.DataFrame) -> Panel:
    """The shop, where promotions that are known ahead triple the demand."""
    panel = make_panel(shop, "D")
    n, columns = panel.values.shape
    flags = np.random.default_rng(3).random((n, columns + HORIZON)) < 0.15
    values = panel.values * np.where(flags[:, :columns], 3.0, 1.0)
    return replace(panel, values=values, covariates=(Covariate("promotion", flags.astype(np.float64), HORIZON),))


@pytest.fixture(scope="module")
def models(promoted: Panel) -> list[PooledModel]:
    """What learned from it."""
    return pooled_models(promoted, HORIZON)


@pytest.fixture(scope="module")
def explained(models: list[PooledModel]) -> ExplainedForecast:
    """Its drivers."""
    return explain_forecast(models)


def test_drivers_of_real_forecasts(promoted: Panel, models: list[PooledModel], explained: ExplainedForecast) -> None:
    forecast = models[0].mean()
    np.testing.assert_allclose(explained.units.sum(axis=2), forecast, rtol=1e-6, atol=1e-9)
    flags = promoted.covariates[0].values[:, -HORIZON:] > 0
    part = explained.units[:, :, DRIVERS.index("promotion_event")] / np.maximum(forecast, 1e-9)
    busy = forecast.mean(axis=1) > 1
    assert part[busy][flags[busy]].mean() > 0.2
    assert part[busy][~flags[busy]].mean() < 0.0


def test_some_series_are_explained_as_in_the_whole(
    promoted: Panel, models: list[PooledModel], explained: ExplainedForecast
) -> None:
    chosen = np.arange(0, len(promoted.keys), 10)
    some = explain_forecast(models, chosen)
    pd.testing.assert_index_equal(some.keys.index, pd.RangeIndex(len(chosen)))
    assert some.keys["sku"].tolist() == promoted.keys["sku"].iloc[chosen].tolist()
    np.testing.assert_array_equal(some.units, explained.units[chosen])
    rows = segment_drivers(some, ["B", "A", *["B"] * (len(some.keys) - 2)])
    assert rows["segment"].tolist() == ["A"] * len(DRIVERS) + ["B"] * len(DRIVERS)
    total = rows.groupby("segment")["units"].sum()
    assert total["A"] == pytest.approx(some.units[1].sum() / HORIZON)

"""Parts of forecasts add up to them, and published features are those that the model sees."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.explanation.forecast_drivers import ALL_DRIVERS, corrected, shape_of
from echelon.core.forecast.features.history import History
from echelon.core.forecast.features.origin_features import origin_features
from echelon.core.forecast.features.pooled_features import feature_names
from echelon.core.forecast.panel import Covariate, Panel
from echelon.lake.contracts import TABLES
from hypothesis import given
from hypothesis import strategies as st

LEVEL, TREND, SEASON, CORRECTION = (ALL_DRIVERS.index(name) for name in ("level", "trend", "season", "correction"))


def test_the_table_knows_all_drivers() -> None:
    column = next(c for c in TABLES["forecast_explanations"].columns if c.name == "driver")
    assert column.allowed == ALL_DRIVERS


def test_a_weekly_pattern_that_grows() -> None:
    week = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    parts = shape_of(np.concatenate([week, week + 10, week[:3] + 10]), 2.0, "D")
    assert parts[:, LEVEL].tolist() == [2.0] * 17
    assert parts[:, TREND].tolist() == [1.0] * 7 + [11.0] * 7 + [11.0] * 3
    assert parts[:14, SEASON].tolist() == [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0] * 2


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=30), st.floats(0, 1e6), st.sampled_from(["D", "W", "M"]))
def test_the_parts_of_a_shape_add_up(mean: list[float], recent: float, freq: str) -> None:
    np.testing.assert_allclose(shape_of(np.array(mean), recent, freq).sum(axis=1), mean, atol=1e-6)  # type: ignore[arg-type]


def test_what_changed_the_models_forecast_is_its_correction() -> None:
    parts = corrected(np.array([[1.0, 0, 0, 2, 0, 0], [1.0, 0, 0, -1, 0, 0]]), np.array([3.5, 0.0]))
    assert parts.sum(axis=1).tolist() == [3.5, 0.0]
    assert parts[:, CORRECTION].tolist() == [0.5, 0.0]


def test_published_features() -> None:
    values = np.vstack([np.arange(1.0, 43.0), np.where(np.arange(42) < 30, np.nan, 4.0)])
    keys = pd.DataFrame({"sku": ["A", "B"], "location": "North"})
    fuel = Covariate("signal_fuel", np.vstack([np.arange(35.0), np.full(35, np.nan)]), -7)
    panel = Panel(keys, values, 20_042, "D", (fuel,), pd.DataFrame({"category": ["Cups", "Coats"]}))
    found = origin_features(History.of(panel))
    one, other = found["features"]
    assert found["recent_mean"].tolist() == [21.5, 4.0]
    assert set(one) == {name for name in feature_names(panel) if name != "attribute_category"}
    assert one["mean_7"] == pytest.approx(39 / (0.5 * 21.5 + 0.5 * 21.5))
    assert (one["signal_fuel"], one["step"], one["age"]) == (34, 1, 42)
    assert set(one) - set(other) == {"signal_fuel", "signal_fuel_change"}
    assert other["mean_28"] == pytest.approx(1)

"""Features of signals, attributes, season of the year and trends: against slow loops, and none of them looks ahead."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from echelon.core.demand.periods import start_date
from echelon.core.forecast.features.history import WINDOWS, History
from echelon.core.forecast.features.pooled_features import feature_names, features
from echelon.core.forecast.features.season import year_index
from echelon.core.forecast.panel import Covariate, Panel

PERIODS, AHEAD = 900, 20
SIGNALS = {"price": AHEAD, "promotion": 5, "weather": 0, "fuel": -7}


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Eight series of 900 days in two locations, younger ones among them, with four signals that have gaps."""
    rng = np.random.default_rng(4)
    values = rng.poisson(2.0 + np.sin(np.arange(PERIODS) / 58.0), (8, PERIODS)).astype(np.float64)
    values[5, :700], values[6, :850] = np.nan, np.nan
    keys = pd.DataFrame({"sku": [f"S{i // 2}" for i in range(8)], "location": ["X", "Y"] * 4})
    signals = tuple(_signal(name, ahead, rng) for name, ahead in SIGNALS.items())
    names = pd.DataFrame({"category": list("BBAABBAA")})
    return Panel(keys, values, 15_000, "D", signals, names)


def _signal(name: str, ahead: int, rng: np.random.Generator) -> Covariate:
    values = rng.gamma(4.0, 1.0, (8, PERIODS + ahead))
    return Covariate(name, np.where(rng.random(values.shape) < 0.1, np.nan, values), ahead)


def targets(origin: int) -> tuple[np.ndarray, ...]:
    series = np.repeat(np.arange(8), 28)
    return series, np.full(len(series), origin), np.tile(np.arange(1, 29), 8)


def test_nothing_after_the_origin_changes_a_feature(panel: Panel) -> None:
    origin = 870
    moved = panel.values.copy()
    moved[:, origin + 1 :] = moved[:, origin + 1 :] * 3 + 11
    signals = []
    for signal in panel.covariates:
        later = signal.values.copy()
        later[:, origin + signal.ahead + 1 :] = -1e6
        signals.append(replace(signal, values=later))
    changed = replace(panel, values=moved, covariates=tuple(signals))
    before, after = (features(History.of(p), *targets(origin)) for p in (panel, changed))
    assert not np.isnan(before).all(axis=0).any()
    np.testing.assert_array_equal(before, after)


def test_a_backtest_sees_the_same_as_the_whole_history(panel: Panel) -> None:
    origin = 870
    known = panel.before(panel.end - PERIODS + origin + 1)
    whole, cut = (features(History.of(p), *targets(origin)) for p in (panel, known))
    names = feature_names(panel)
    assert names == feature_names(known)
    np.testing.assert_array_equal(whole, cut)


def test_signals_equal_a_slow_loop(panel: Panel) -> None:
    origin = 800
    series, origins, step = targets(origin)
    table = pd.DataFrame(features(History.of(panel), series, origins, step), columns=feature_names(panel))
    for signal in panel.covariates:
        for row in range(0, len(series), 5):
            y = signal.values[series[row]]
            value = y[origin + min(step[row], signal.ahead)]
            last = origin + min(signal.ahead, 0)
            usual = np.nanmean(y[last - WINDOWS["D"][-1] + 1 : last + 1])
            assert table.loc[row, signal.name] == pytest.approx(value, nan_ok=True)
            assert table.loc[row, f"{signal.name}_change"] == pytest.approx(value / usual - 1, rel=1e-4, abs=1e-5, nan_ok=True)


def test_attributes_are_numbers_of_their_names(panel: Panel) -> None:
    table = features(History.of(panel), *targets(800))
    code = table[:, feature_names(panel).index("attribute_category")].reshape(8, 28)
    assert code[:, 0].tolist() == [1, 1, 0, 0, 1, 1, 0, 0]
    part = panel.select(np.arange(8) > 3)
    assert part.attributes is not None
    assert part.attributes["category"].tolist() == ["B", "B", "A", "A"]


def test_the_year_index_equals_a_slow_loop(panel: Panel) -> None:
    series, origin, step = targets(850)
    got = year_index(History.of(panel), series, origin, step)
    for row in range(0, len(series), 7):
        own = panel.keys["location"] == panel.keys["location"][series[row]]
        ratios = [slow_index(np.nansum(panel.values[mask], axis=0), 850, step[row]) for mask in (own | True, own)]
        assert got[row] == pytest.approx(np.sqrt(np.prod(ratios)))


def slow_index(y: np.ndarray, origin: int, step: int) -> float:
    """Mean of the 28 days about the target a year ago (the target is the 14th) / mean of the 91 to the origin a year ago."""
    middle = origin + step - 364
    return y[middle - 13 : middle + 15].mean() / y[origin - 364 - 90 : origin - 364 + 1].mean()


def test_the_year_index_is_one_where_that_year_is_unknown(panel: Panel) -> None:
    series, origin, step = targets(364 + 89)
    assert (year_index(History.of(panel), series, origin, step) == 1.0).all()
    series, origin, step = targets(364 + 90)
    assert (year_index(History.of(panel), series, origin, step) != 1.0).all()


def test_weeks_know_the_day_of_the_month_of_their_thursday_from_a_year_on() -> None:
    keys = pd.DataFrame({"sku": ["A"], "location": ["X"]})
    young, old = (Panel(keys, np.ones((1, weeks)), 2_400, "W") for weeks in (52, 60))
    assert "month_day" not in feature_names(young)
    steps = np.arange(1, 9)
    found = features(History.of(old), np.zeros(8, np.int64), np.full(8, 59), steps)[:, feature_names(old).index("month_day")]
    thursdays = [start_date(2_400 + int(step) - 1, "W") + timedelta(days=3) for step in steps]
    assert found.tolist() == [day.day - 1 for day in thursdays]

"""The pooled model: features against a slow loop, no look-ahead, order, accuracy on a pattern."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from echelon.core.arrays import Doubles
from echelon.core.forecast.explanation.contributions import explain_forecast
from echelon.core.forecast.features.history import History, scale
from echelon.core.forecast.features.pooled_features import feature_names, features
from echelon.core.forecast.models.lightgbm_direct import fit_lightgbm, lightgbm_direct, pooled_models
from echelon.core.forecast.models.sampling import PoolFacts
from echelon.core.forecast.panel import Panel, make_panel


def test_features_equal_a_slow_loop(shop: pd.DataFrame) -> None:
    panel = make_panel(shop, "D")
    rng = np.random.default_rng(0)
    series, column = np.nonzero(~np.isnan(panel.values))
    some = rng.choice(np.flatnonzero(column - panel.first[series] >= 40), 200, replace=False)
    step = rng.integers(1, 29, len(some))
    series, origin = series[some], column[some] - step
    history = History.of(panel)
    got = features(history, series, origin, step)
    names = feature_names(panel)
    unit = scale(history, series, origin)
    for row, (i, o, s, u) in enumerate(zip(series, origin, step, unit, strict=True)):
        expected = slow_features(panel.history(i), o - panel.first[i], s)
        if u > 0:
            value = dict(zip(names, got[row], strict=True))
            assert u == pytest.approx(expected["scale"])
            for name in ("mean_7", "mean_28", "sd_28", "same_phase_4"):
                assert value[name] * u == pytest.approx(expected[name], abs=1e-4 * u, nan_ok=True), name
            for name in ("zero_share_91", "since_demand", "age", "step"):
                assert value[name] == pytest.approx(expected[name]), name


def slow_features(y: Doubles, origin: int, step: int) -> dict[str, float]:
    known = list(y[: origin + 1])
    target = origin + step
    same = [known[t] for t in range(len(known)) if (target - t) % 7 == 0][-4:]
    sold = [t for t, d in enumerate(known) if d > 0]
    return {
        "scale": 0.5 * np.mean(known[-91:]) + 0.5 * np.mean(known),
        "mean_7": np.mean(known[-7:]),
        "mean_28": np.mean(known[-28:]),
        "sd_28": np.std(known[-28:]),
        "zero_share_91": np.mean(np.array(known[-91:]) == 0),
        "same_phase_4": np.mean(same) if same else np.nan,
        "since_demand": min(origin - sold[-1] if sold else len(known), len(known)),
        "age": len(known),
        "step": step,
    }


def test_year_day_only_with_two_years(frame: Callable[..., Any]) -> None:
    assert "year_day" not in feature_names(make_panel(frame({"A": np.ones(103)}, "W"), "W"))
    assert "year_day" in feature_names(make_panel(frame({"A": np.ones(105)}, "W"), "W"))


def test_forecast_is_non_negative_and_finds_the_weekday(shop: pd.DataFrame) -> None:
    panel = make_panel(shop, "D")
    means = lightgbm_direct(panel, 14)
    assert (means.mean >= 0).all()
    assert means.status.tolist() == ["ok"] * len(panel.keys)
    assert means.mean[panel.keys["sku"] == "NIL"].max() == 0
    heavy = means.mean[np.array(["S2" in sku for sku in panel.keys["sku"]])].sum(axis=0)
    closed = np.resize([0, 0, 0, 0, 0, 0, 1], 214)[200:] == 1
    assert heavy[closed].max() < 0.3 * heavy[~closed].min()


def test_each_block_of_the_horizon_has_a_model_of_its_own(shop: pd.DataFrame) -> None:
    panel = make_panel(shop, "D")
    models = pooled_models(panel, 17, blocks=True)
    assert [(model.steps.start, model.steps.stop) for model in models] == [(1, 8), (8, 15), (15, 18)]
    means = lightgbm_direct(panel, 17, blocks=True)
    assert means.mean.shape == (len(panel.keys), 17)
    for model in models:
        np.testing.assert_array_equal(means.mean[:, model.steps.start - 1 : model.steps.stop - 1], model.mean())
    explained = explain_forecast(models)
    np.testing.assert_allclose(explained.units.sum(axis=2), means.mean, rtol=1e-6, atol=1e-9)


def test_too_little_to_learn_from(frame: Callable[..., Any]) -> None:
    panel = make_panel(frame({"A": [1, 2, 3] * 10}, "W"), "W")
    assert lightgbm_direct(panel, 4).status.tolist() == ["too little history: fewer than 300 rows to train on"]


def test_few_large_orders_are_learned_with_care(frame: Callable[..., Any]) -> None:
    orders = np.where(np.arange(60) % 20 == 0, 100.0, 0.0)
    regular = {"B": [1.0, 0.0] * 30, "C": [2.0, 3.0] * 30}
    assert PoolFacts.of(make_panel(frame({"A": orders, "B": orders, "C": [2.0, 3.0] * 30}, "W"), "W")).single_orders
    assert not PoolFacts.of(make_panel(frame({"A": orders, **regular}, "W"), "W")).single_orders
    assert not PoolFacts.of(make_panel(frame({"A": np.zeros(60)}, "W"), "W")).single_orders


def test_a_later_panel_may_have_more_features() -> None:
    """From a year of weeks on there is the day of the month."""
    rng = np.random.default_rng(3)
    keys = pd.DataFrame({"sku": [f"S{i:02d}" for i in range(20)], "location": "X"})
    weeks = Panel(keys, rng.poisson(5.0, (20, 58)).astype(float), 2_400, "W")
    fitted = fit_lightgbm(weeks.before(2_400 - 8), 4)
    means = fitted(weeks)
    assert set(means.status) == {"ok"} and means.mean.mean() == pytest.approx(5, rel=0.2)

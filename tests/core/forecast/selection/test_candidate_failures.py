"""One bad series, or a candidate that fails as a whole, never stops the others."""

from collections.abc import Callable
from typing import Any

import numpy as np
from echelon.core.arrays import Doubles
from echelon.core.forecast.base.candidate import Candidate, Means, each_series, guarded
from echelon.core.forecast.base.seasonal_naive import seasonal_naive
from echelon.core.forecast.panel import Panel, make_panel
from echelon.core.forecast.selection.candidates import candidates


def one_series(history: Doubles, _start: int, horizon: int) -> Doubles:
    if len(history) < 3:
        raise RuntimeError("too\nshort")
    return np.full(horizon, np.nan if history[0] == 0 else -5.0)


def test_a_bad_series_gets_the_naive_and_the_reason(frame: Callable[..., Any]) -> None:
    panel = make_panel(frame({"A": [4, 4, 4], "B": [2, 4], "C": [0, 3, 3]}, "D"), "D")
    means = guarded(Candidate("x", each_series(one_series)), panel, 2)
    assert means.status.tolist() == ["ok", "RuntimeError: too short", "forecast is not a finite number"]
    assert means.mean.tolist() == [[0, 0], [3, 3], [2, 2]]  # never negative


def test_a_candidate_that_fails_as_a_whole(frame: Callable[..., Any]) -> None:
    def broken(_panel: Panel, _horizon: int) -> Means:
        raise MemoryError("x" * 500)

    panel = make_panel(frame({"A": [4, 4, 4], "B": [2, 4]}, "D"), "D")
    means = guarded(Candidate("x", broken, pooled=True), panel, 2)
    assert (means.mean == seasonal_naive(panel, 2)).all()
    assert all(status.startswith("MemoryError: xxx") and len(status) == 200 for status in means.status)


def test_the_dead_are_forecast_as_zero_but_not_by_the_floor(frame: Callable[..., Any]) -> None:
    sold = np.r_[np.full(40, 6.0), np.zeros(14)]
    panel = make_panel(frame({"A": sold, "B": np.roll(sold, 14)}, "W"), "W")
    floor, average = candidates("W", ["moving_average"])
    assert (guarded(average, panel, 2).mean == [[0, 0], [6, 6]]).all()
    assert (guarded(floor, panel, 2).mean == seasonal_naive(panel, 2)).all()


def test_a_spike_does_not_carry_the_forecast_away_but_the_floor_takes_demand_as_it_is(frame: Callable[..., Any]) -> None:
    usual = np.random.default_rng(11).poisson(5, 104).astype(float)
    spiky = usual.copy()
    spiky[100] = 5000.0
    panel = make_panel(frame({"A": spiky, "B": usual}, "W"), "W")
    floor, average = candidates("W", ["moving_average"])
    mean = guarded(average, panel, 1).mean[:, 0]
    assert mean[0] < 5 * mean[1]
    assert guarded(floor, panel, 52).mean[0].max() == 5000.0

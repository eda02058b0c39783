"""A fit that hangs becomes a status; the other series are not held up."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from echelon.core.arrays import Doubles
from echelon.core.forecast.base.candidate import Candidate, each_series, guarded
from echelon.core.forecast.base.time_limit import OutOfTime, time_limit
from echelon.core.forecast.panel import make_panel


def test_a_hanging_fit_becomes_a_status(frame: Callable[..., Any]) -> None:
    def one(history: Doubles, _start: int, horizon: int) -> Doubles:
        while history[0] == 7:
            pass
        return np.full(horizon, 5.0)

    panel = make_panel(frame({"A": [4, 4], "B": [7, 3], "C": [1, 1]}, "D"), "D")
    means = guarded(Candidate("x", each_series(one, seconds=0.05)), panel, 2)
    assert means.status.tolist() == ["ok", "out of time: the fit took more than 0.05 s", "ok"]
    assert means.mean.tolist() == [[5, 5], [5, 5], [5, 5]]  # B: its mean stands in


def test_a_library_that_swallows_errors_is_stopped_too() -> None:
    with pytest.raises(OutOfTime), time_limit(0.05):
        while True:
            try:
                time.sleep(1)
            except Exception:
                continue


def test_no_alarm_is_left_behind() -> None:
    with time_limit(0.05):
        pass
    time.sleep(0.1)


def test_beside_the_main_thread_there_is_no_limit() -> None:
    def work() -> str:
        with time_limit(0.01):
            time.sleep(0.05)
        return "done"

    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(work).result() == "done"

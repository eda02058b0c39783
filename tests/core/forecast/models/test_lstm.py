"""The neural candidate: refused plainly without its extra, tested small with it."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from echelon.core.forecast.base.candidate import guarded
from echelon.core.forecast.base.seasonal_naive import seasonal_naive
from echelon.core.forecast.models.lstm import INPUT_PERIODS, _examples
from echelon.core.forecast.panel import make_panel
from echelon.core.forecast.selection import names
from echelon.core.forecast.selection.candidates import candidates


def weekly_pattern(series: int, days: int) -> dict[str, object]:
    rng = np.random.default_rng(2)
    pattern = np.resize([0.3, 0.5, 1.0, 1.0, 1.5, 2.0, 0.7], days)
    return {f"S{i:02d}": rng.poisson(pattern * rate) for i, rate in enumerate(np.geomspace(2, 60, series))}


def test_without_its_extra_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match="candidate 'lstm' needs keras: pip install 'echelon\\[neural\\]'"):
        names.check_names(["lstm"])


def test_no_window_reaches_beyond_the_history_and_order_does_not_matter(frame: Callable[..., Any]) -> None:
    rows = frame(weekly_pattern(5, 120), "D")
    panel, shuffled = make_panel(rows, "D"), make_panel(rows.sample(frac=1, random_state=1), "D")
    series, origin = _examples(panel, 14)
    assert (origin + 14 < panel.values.shape[1]).all()
    assert all((a == b).all() for a, b in zip((series, origin), _examples(shuffled, 14), strict=True))


def test_few_windows_get_the_naive_and_the_reason(frame: Callable[..., Any]) -> None:
    panel = make_panel(frame({"A": np.ones(INPUT_PERIODS["W"])}, "W"), "W")
    means = guarded(candidates("W", ["lstm"])[1], panel, 4)
    assert means.status.tolist() == ["too little history: fewer than 100 windows to train on"]


@pytest.mark.skipif(find_spec("keras") is None, reason="the extra neural is not installed")
def test_it_learns_the_week(frame: Any) -> None:
    panel = make_panel(frame(weekly_pattern(12, 200), "D"), "D")
    known, actual = panel.before(panel.end - 14), panel.values[:, -14:]
    means = guarded(candidates("D", ["lstm"])[1], known, 14)
    error, naive = np.abs(means.mean - actual).sum(), np.abs(seasonal_naive(known, 14) - actual).sum()
    assert set(means.status) == {"ok"}
    assert error < 0.9 * naive

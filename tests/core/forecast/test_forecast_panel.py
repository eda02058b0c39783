"""The panel: alignment, cutoffs, broken calendars."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.panel import Covariate, make_panel, series_hash


def test_series_are_sorted_and_aligned_at_the_end(frame: Callable[..., Any]) -> None:
    panel = make_panel(frame({"B": [1, 2, 3], "A/Y": [7], "A/X": [5, 6]}, "D"), "D")
    assert panel.keys.to_numpy().tolist() == [["A", "X"], ["A", "Y"], ["B", "X"]]
    assert panel.lengths.tolist() == [2, 1, 3]
    assert panel.history(0).tolist() == [5, 6]
    assert panel.before(panel.end - 1).lengths.tolist() == [1, 0, 2]
    assert panel.before(panel.end - 9).values.shape == (3, 0)


def test_a_gap_names_the_series(frame: Callable[..., Any]) -> None:
    rows = frame({"A": [1, 2, 3], "B": [1, 2, 9, 4]}, "D")
    with pytest.raises(ValueError, match="demand of B at X has a missing period"):
        make_panel(rows[rows["demand"] != 9], "D")


def test_series_must_end_together(frame: Callable[..., Any]) -> None:
    rows = frame({"A": [1, 2, 3], "B": [1, 2, 3]}, "W").sort_values(["sku", "date"])
    with pytest.raises(ValueError, match="demand of B at X"):
        make_panel(rows.iloc[:-1], "W")


def test_a_period_twice_is_refused(frame: Callable[..., Any]) -> None:
    rows = frame({"A": [1, 2, 3]}, "M")
    with pytest.raises(ValueError, match="more than once"):
        make_panel(pd.concat([rows, rows.iloc[:1]]), "M")


def test_series_hash_depends_on_both_keys_only() -> None:
    keys = pd.DataFrame({"sku": ["A", "A", "AX"], "location": ["XB", "B", "B"]})
    assert len(np.unique(series_hash(keys))) == 3
    assert series_hash(keys)[::-1].tolist() == series_hash(keys.iloc[::-1]).tolist()


def test_a_past_panel_knows_its_signals_as_far_ahead_as_the_present_one(frame: Callable[..., Any]) -> None:
    panel = make_panel(frame({"A": [1, 2, 3, 4], "B": [5, 6, 7, 8]}, "D"), "D")
    price = Covariate("price", np.arange(12.0).reshape(2, 6), ahead=2)
    fuel = Covariate("fuel", np.arange(6.0).reshape(2, 3), ahead=-1)
    past = replace(panel, covariates=(price, fuel)).before(panel.end - 1).select(np.array([False, True]))
    assert [c.values.tolist() for c in past.covariates] == [[[6, 7, 8, 9, 10]], [[3, 4]]]

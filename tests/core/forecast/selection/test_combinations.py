"""Combinations: known answers, no look-ahead, any order of rows."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.demand.periods import start_date
from echelon.core.forecast.evaluation.backtest import backtest, cutoffs
from echelon.core.forecast.panel import KEYS, Panel, make_panel
from echelon.core.forecast.selection.candidates import candidates
from echelon.core.forecast.selection.combination import POWER, PRIOR_WINDOWS, combinations
from echelon.core.forecast.selection.stacking import BORROWED_CASES, error_products

NAMES = ("seasonal_naive", "sba", "tsb", "adida", "median", "weighted")


def rows(cutoff: int, forecasts: dict[str, list[float]], rmsse: dict[str, float], status: str = "ok") -> pd.DataFrame:
    """One series A/X at a week in which nothing was sold, so that forecasts are errors."""
    return pd.DataFrame(
        [
            (
                "A",
                "X",
                model,
                pd.Timestamp(start_date(cutoff, "W")),
                status,
                np.array(values),
                np.zeros(2),
                rmsse.get(model, np.nan),
            )
            for model, values in forecasts.items()
        ],
        columns=[*KEYS, "model", "cutoff", "status", "forecast", "actual", "rmsse"],
    )


def panel(end: int) -> Panel:
    return Panel(pd.DataFrame({"sku": ["A"], "location": ["X"]}), np.ones((1, 20)), end, "W")


def forecast(name: str, known: pd.DataFrame, end: int, horizon: int = 2) -> tuple[list[float], str]:
    (candidate,) = (c for c in combinations(known, NAMES, "W") if c.name == name)
    means = candidate.forecast(panel(end), horizon)
    return means.mean[0].tolist(), means.status[0]


MEMBERS = {"sba": [1.0, 5.0], "tsb": [2.0, 4.0], "adida": [9.0, 3.0]}


def test_median_by_hand() -> None:
    few = ("seasonal_naive", "sba", "tsb", "adida", "median")
    (median,) = combinations(rows(2000, MEMBERS, {}), few, "W")
    assert median.forecast(panel(2000), 2).mean.tolist() == [[2.0, 4.0]]


APART = {"sba": [1.0, 0.0], "tsb": [0.0, 1.0]}


def test_weights_by_hand() -> None:
    """Of two members that err in different weeks, on two series: squares of errors 1 + 9 and 4 + 1 on both, 1 and 4 on this
    one. The third was never seen and counts a third."""
    past = rows(1998, APART, {"sba": 1.0, "tsb": 2.0})
    other = rows(1998, APART, {"sba": 3.0, "tsb": 1.0}).assign(sku="B")
    stacked = 1 / (np.array([10.0, 5.0]) + BORROWED_CASES / 2 * 7.5)
    usual = 2.5 * np.array([10.0, 5.0]) / 7.5
    own = (np.array([1.0, 4.0]) + PRIOR_WINDOWS * usual) / (1 + PRIOR_WINDOWS) / usual
    told = stacked * own**-POWER
    weight = np.array([*(told / told.sum() * 2 / 3), 1 / 3])
    mean, status = forecast("weighted", pd.concat([past, other, rows(2000, MEMBERS, {})]), 2000)
    assert status == "ok"
    assert mean == pytest.approx([weight @ [1, 2, 9], weight @ [5, 4, 3]])


def test_errors_on_all_series_may_come_from_elsewhere() -> None:
    """As where a task sees only its own series; windows that had not ended say nothing there either."""
    known = pd.concat([rows(1998, APART, {"sba": 1.0, "tsb": 2.0}), rows(2000, MEMBERS, {})])
    other = rows(1998, APART, {"sba": 3.0, "tsb": 1.0}).assign(sku="B")
    later = rows(2000, APART, {"sba": 0.1, "tsb": 9.0}).assign(sku="B")
    names = ("seasonal_naive", "sba", "tsb", "adida", "weighted")
    (one,) = combinations(known, names, "W", error_products(pd.concat([later, other, known])))
    assert one.forecast(panel(2000), 2).mean[0].tolist() == forecast("weighted", pd.concat([known, other]), 2000)[0]


def test_without_a_past_all_members_count_alike() -> None:
    assert forecast("weighted", rows(2000, MEMBERS, {}), 2000)[0] == pytest.approx([4.0, 4.0])


def test_windows_that_had_not_ended_say_nothing() -> None:
    now, later = rows(2000, MEMBERS, {"sba": 0.1, "tsb": 9.0, "adida": 9.0}), rows(2002, MEMBERS, {"adida": 0.1, "sba": 9.0})
    under_way = rows(1999, MEMBERS, {"tsb": 0.1, "sba": 9.0})
    assert forecast("weighted", pd.concat([under_way, now, later]), 2000)[0] == pytest.approx([4.0, 4.0])


def test_a_member_that_failed_is_left_out_and_all_failed_is_said() -> None:
    known = pd.concat([rows(2000, {"sba": [1.0, 5.0]}, {}), rows(2000, {"tsb": [3.0, 7.0]}, {}, "out of time")])
    assert forecast("weighted", known, 2000) == ([1.0, 5.0], "ok")
    assert forecast("median", known, 2000) == ([1.0, 5.0], "ok")
    mean, status = forecast("weighted", known[known["status"] != "ok"], 2000)
    assert (mean, status) == ([1.0, 1.0], "no member of the combination went well")


def test_after_a_gap_the_forecast_is_that_of_its_periods() -> None:
    assert forecast("weighted", rows(2000, MEMBERS, {}), 2000, horizon=5)[0][3:] == pytest.approx([4.0, 4.0])


def test_in_the_backtest_whatever_the_order_of_rows(shop: pd.DataFrame) -> None:
    known = make_panel(shop, "D")
    periods = cutoffs(known.end, 14, 3)
    single = backtest(known, candidates("D", NAMES), periods, 14, [0.5, 0.95], 28)
    one, other = (
        backtest(known, combinations(given, NAMES, "D"), periods, 14, [0.5, 0.95], 28)
        for given in (single, single.sample(frac=1, random_state=3))
    )
    pd.testing.assert_frame_equal(one, other)
    assert set(one["status"]) == {"ok"}
    best = single.groupby("model")["rmsse"].mean().drop("seasonal_naive").max()
    assert (one.groupby("model")["rmsse"].mean() < best).all()

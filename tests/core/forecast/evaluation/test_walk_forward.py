"""The backtest: windows, coverage, no look-ahead, order of rows, agreement with the scores."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from echelon.core.demand.periods import start_date
from echelon.core.forecast.base.candidate import Candidate, Means, naive_means
from echelon.core.forecast.evaluation.backtest import COVERAGE_COLUMNS, SCORE_COLUMNS, backtest, cutoffs
from echelon.core.forecast.evaluation.inventory_cost import Terms
from echelon.core.forecast.evaluation.live import FORECAST_COLUMNS, forecast
from echelon.core.forecast.panel import Panel, make_panel
from echelon.core.forecast.selection.candidates import candidates

PROBABILITIES = (0.05, 0.5, 0.95)
NAMES = ["seasonal_naive", "moving_average", "sba", "tsb", "theta_weekly", "lightgbm"]


def run(demand: pd.DataFrame, windows: int = 2) -> pd.DataFrame:
    panel = make_panel(demand, "D")
    return backtest(panel, candidates("D"), cutoffs(panel.end, 14, windows), 14, PROBABILITIES, 28)


@pytest.fixture(scope="module")
def scores(shop: pd.DataFrame) -> pd.DataFrame:
    return run(shop)


def test_cutoffs_end_with_the_history() -> None:
    assert cutoffs(100, 7, 3) == [79, 86, 93]


def test_cutoffs_a_step_apart_and_before_a_gap() -> None:
    assert cutoffs(100, 7, 3, step=2) == [89, 91, 93]
    assert cutoffs(100, 7, 3, step=10, gap=4) == [69, 79, 89]


def test_every_candidate_covers_the_same_series(scores: pd.DataFrame) -> None:
    assert list(scores.columns) == SCORE_COLUMNS
    counts = scores.groupby(["cutoff", "model"])["sku"].agg(frozenset).unstack()
    assert list(counts.columns) == sorted(NAMES)
    assert counts.nunique(axis=1).tolist() == [1, 1]
    assert "NEW" not in list(counts.iloc[:, 0])[1]  # 5 periods of history, 28 asked for


def test_actuals_and_scores(scores: pd.DataFrame, shop: pd.DataFrame) -> None:
    row = scores[(scores["sku"] == "S20") & (scores["model"] == "sba")].iloc[-1]
    series = shop[shop["sku"] == "S20"].sort_values("date")["demand"].to_numpy()
    assert row["actual"].tolist() == series[-14:].tolist()
    assert row["bias"] == pytest.approx(row["forecast"].sum() - series[-14:].sum())
    naive = np.mean(np.diff(series[:-14]) ** 2)
    assert row["rmsse"] == pytest.approx(np.sqrt(np.mean((series[-14:] - row["forecast"]) ** 2) / naive))


def test_nothing_after_the_cutoff_changes_a_forecast(shop: pd.DataFrame, scores: pd.DataFrame) -> None:
    cutoff = scores["cutoff"].max()
    later = pd.to_datetime(shop["date"]).dt.date >= cutoff
    changed = run(shop.assign(demand=shop["demand"].where(~later, shop["demand"] * 3 + 11)))
    before, after = (np.stack(s.loc[s["cutoff"] == cutoff, "forecast"].to_list()) for s in (scores, changed))
    assert (before == after).all()
    older = scores["cutoff"] < cutoff
    pdt.assert_frame_equal(scores[older], changed[older])


def test_rows_and_buckets_do_not_matter(shop: pd.DataFrame, scores: pd.DataFrame) -> None:
    local = scores[scores["model"] != "lightgbm"]
    halves = [run(part) for _, part in shop.groupby(shop["sku"].str[-1])]
    together = pd.concat([half[half["model"] != "lightgbm"] for half in halves if len(half)])
    order = ["cutoff", "model", "sku"]
    pdt.assert_frame_equal(together.sort_values(order, ignore_index=True), local.sort_values(order, ignore_index=True))
    pdt.assert_frame_equal(run(shop.sample(frac=1, random_state=11)), scores)


def test_no_series_is_long_enough(shop: pd.DataFrame) -> None:
    panel = make_panel(shop[shop["sku"] == "NEW"], "D")
    assert backtest(panel, candidates("D"), cutoffs(panel.end, 14, 2), 14, PROBABILITIES, 28).empty


def test_live_forecast_starts_after_the_history(shop: pd.DataFrame) -> None:
    panel = make_panel(shop, "D")
    rows = forecast(panel, candidates("D", ["theta_weekly"])[1], 14)
    assert list(rows.columns) == FORECAST_COLUMNS
    assert set(rows["start_date"]) == {start_date(panel.end, "D")}
    short = rows.set_index("sku").loc["NEW"]
    assert short["status"] == "too little history: theta needs 8 periods, the series has 0"
    assert short["mean"] == pytest.approx([6 / 5] * 14)
    assert not rows.set_index("sku").loc["FRAC", "counts"]
    assert rows.set_index("sku").loc["S20", "counts"]


def test_a_gap_leaves_the_first_periods_out(shop: pd.DataFrame) -> None:
    panel = make_panel(shop, "D")
    local = [candidate for candidate in candidates("D") if not candidate.pooled]
    wide = backtest(panel, local, cutoffs(panel.end, 14, 2), 14, PROBABILITIES, 28)
    narrow = backtest(panel, local, cutoffs(panel.end, 10, 2, step=14, gap=4), 10, PROBABILITIES, 28, gap=4)
    pdt.assert_frame_equal(narrow[["sku", "model", "cutoff", "status"]], wide[["sku", "model", "cutoff", "status"]])
    for name in ("forecast", "actual"):
        assert (np.stack(narrow[name].to_list()) == np.stack(wide[name].to_list())[:, 4:]).all()


def test_scores_beside_the_others(scores: pd.DataFrame) -> None:
    row = scores[(scores["sku"] == "S20") & (scores["model"] == "sba")].iloc[-1]
    error = row["forecast"] - row["actual"]
    assert row["absolute_error"] == pytest.approx(np.abs(error).sum())
    assert row["periods_in_stock"] == pytest.approx(np.cumsum(error).sum())
    assert (scores[COVERAGE_COLUMNS].diff(axis=1).iloc[:, 1:] >= 0).all(axis=None)
    assert scores[COVERAGE_COLUMNS].ge(0).to_numpy().all() and scores[COVERAGE_COLUMNS].le(1).to_numpy().all()
    assert (scores.loc[scores["sku"] != "NIL", "crps"] > 0).all()
    assert scores.loc[scores["sku"] == "NIL", ["crps", "pinball"]].isna().all(axis=None)
    assert (scores.loc[scores["sku"] == "NIL", "inventory_cost"] == 0).all()


def test_terms_follow_their_series(shop: pd.DataFrame) -> None:
    """Twice the holding cost is twice the cost, for the series that has it and no other."""
    panel = make_panel(shop, "D")
    one = Terms.plain(len(panel.keys), 14)
    twice = Terms(one.cover, one.ratio, np.where(panel.keys["sku"] == "S20", 2.0, 1.0))
    naive = candidates("D")[:1]
    cost = [
        backtest(panel, naive, cutoffs(panel.end, 14, 2), 14, PROBABILITIES, 28, terms=terms)
        .groupby("sku")["inventory_cost"]
        .sum()
        for terms in (one, twice)
    ]
    expected = cost[0] * np.where(cost[0].index == "S20", 2.0, 1.0)
    pdt.assert_series_equal(cost[1], expected)


def test_refit_learns_at_every_kth_cutoff_and_forecasts_at_each(shop: pd.DataFrame) -> None:
    panel, learned = make_panel(shop, "D"), []

    def fit(training: Panel, horizon: int) -> Callable[..., Any]:
        learned.append(training.end)
        return lambda later: naive_means(later, horizon)

    def forecast(panel: Panel, horizon: int) -> Means:
        return fit(panel, horizon)(panel)

    ends = cutoffs(panel.end, 14, 5)
    for every, expected in ((1, ends), (2, ends[::2]), (5, ends[:1])):
        learned.clear()
        rows = backtest(panel, [Candidate("pooled", forecast, True, fit)], ends, 14, PROBABILITIES, 28, refit=every)
        assert learned == expected
        assert rows["cutoff"].nunique() == 5
        assert set(rows["status"]) == {"ok"}


def test_a_model_that_was_fitted_before_sees_the_history_up_to_the_cutoff(shop: pd.DataFrame) -> None:
    panel = make_panel(shop, "D")
    ends = cutoffs(panel.end, 14, 2)
    rare = backtest(panel, candidates("D")[3:], ends, 14, PROBABILITIES, 28, refit=2)
    each = backtest(panel, candidates("D")[3:], ends, 14, PROBABILITIES, 28)
    first, last = (rare["cutoff"] == start_date(end, "D") for end in ends)
    pdt.assert_frame_equal(rare[first], each[first])
    errors = [np.concatenate(frame.loc[last, "forecast"].to_list()) for frame in (rare, each)]
    assert (errors[0] != errors[1]).any()
    assert np.corrcoef(errors[0], errors[1])[0, 1] > 0.95


def test_a_fit_that_fails_is_tried_again(shop: pd.DataFrame) -> None:
    panel, tried = make_panel(shop, "D"), list[int]()

    def fit(training: Panel, horizon: int) -> Callable[[Panel], Means]:
        tried.append(training.end)
        if len(tried) == 1:
            raise ValueError("not today")
        return lambda later: naive_means(later, horizon)

    ends = cutoffs(panel.end, 14, 3)
    rows = backtest(panel, [Candidate("pooled", lambda p, h: fit(p, h)(p), True, fit)], ends, 14, PROBABILITIES, 28, refit=3)
    assert tried == ends[:2]
    assert rows.groupby("cutoff")["status"].agg("first").tolist() == ["not today", "ok", "ok"]

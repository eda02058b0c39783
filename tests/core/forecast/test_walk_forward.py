"""The backtest: windows, coverage, no look-ahead, order of rows, agreement with the scores."""

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from echelon.core.demand.periods import start_date
from echelon.core.forecast.backtest import SCORE_COLUMNS, backtest, cutoffs
from echelon.core.forecast.candidates import candidates
from echelon.core.forecast.live import FORECAST_COLUMNS, forecast
from echelon.core.forecast.panel import make_panel

LEVELS = (0.05, 0.5, 0.95)
NAMES = ["seasonal_naive", "sba", "theta_weekly", "lightgbm"]


def run(demand: pd.DataFrame, windows: int = 2) -> pd.DataFrame:
    panel = make_panel(demand, "D")
    return backtest(panel, candidates("D"), cutoffs(panel.end, 14, windows), 14, LEVELS, 28)


@pytest.fixture(scope="module")
def scores(shop) -> pd.DataFrame:
    return run(shop)


def test_cutoffs_end_with_the_history() -> None:
    assert cutoffs(100, 7, 3) == [79, 86, 93]


def test_every_candidate_covers_the_same_series(scores) -> None:
    assert list(scores.columns) == SCORE_COLUMNS
    counts = scores.groupby(["cutoff", "model"])["sku"].agg(frozenset).unstack()
    assert list(counts.columns) == sorted(NAMES)
    assert counts.nunique(axis=1).tolist() == [1, 1]
    assert "NEW" not in counts.iloc[1, 0]  # 5 periods of history, 28 asked for


def test_actuals_and_scores(scores, shop) -> None:
    row = scores[(scores["sku"] == "S20") & (scores["model"] == "sba")].iloc[-1]
    series = shop[shop["sku"] == "S20"].sort_values("date")["demand"].to_numpy()
    assert row["actual"].tolist() == series[-14:].tolist()
    assert row["bias"] == pytest.approx(row["forecast"].sum() - series[-14:].sum())
    naive = np.mean(np.diff(series[:-14]) ** 2)
    assert row["rmsse"] == pytest.approx(np.sqrt(np.mean((series[-14:] - row["forecast"]) ** 2) / naive))


def test_nothing_after_the_cutoff_changes_a_forecast(shop, scores) -> None:
    cutoff = scores["cutoff"].max()
    later = pd.to_datetime(shop["date"]).dt.date >= cutoff
    changed = run(shop.assign(demand=shop["demand"].where(~later, shop["demand"] * 3 + 11)))
    before, after = (np.stack(s.loc[s["cutoff"] == cutoff, "forecast"].to_list()) for s in (scores, changed))
    assert (before == after).all()
    older = scores["cutoff"] < cutoff
    pdt.assert_frame_equal(scores[older], changed[older])


def test_rows_and_buckets_do_not_matter(shop, scores) -> None:
    local = scores[scores["model"] != "lightgbm"]
    halves = [run(part) for _, part in shop.groupby(shop["sku"].str[-1])]
    together = pd.concat([half[half["model"] != "lightgbm"] for half in halves if len(half)])
    order = ["cutoff", "model", "sku"]
    pdt.assert_frame_equal(together.sort_values(order, ignore_index=True), local.sort_values(order, ignore_index=True))
    pdt.assert_frame_equal(run(shop.sample(frac=1, random_state=11)), scores)


def test_no_series_is_long_enough(shop) -> None:
    panel = make_panel(shop[shop["sku"] == "NEW"], "D")
    assert backtest(panel, candidates("D"), cutoffs(panel.end, 14, 2), 14, LEVELS, 28).empty


def test_live_forecast_starts_after_the_history(shop) -> None:
    panel = make_panel(shop, "D")
    rows = forecast(panel, candidates("D")[2], 14)
    assert list(rows.columns) == FORECAST_COLUMNS
    assert set(rows["start_date"]) == {start_date(panel.end, "D")}
    short = rows.set_index("sku").loc["NEW"]
    assert short["status"] == "too little history: theta needs 8 periods, the series has 0"
    assert short["mean"] == pytest.approx([6 / 5] * 14)
    assert not rows.set_index("sku").loc["FRAC", "counts"]
    assert rows.set_index("sku").loc["S20", "counts"]

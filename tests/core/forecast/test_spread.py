"""The spread is found again in demand that was drawn from the model itself, and quantiles of sums are honest."""

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from echelon.core.forecast.coverage import exceedance, held_out_coverage, sum_cases
from echelon.core.forecast.panel import KEYS
from echelon.core.forecast.spread import (
    DISTRIBUTION_COLUMNS,
    MOMENT_COLUMNS,
    RELATIVE_COLUMNS,
    distributions,
    learn_segments,
    residual_moments,
    segment_spread,
)
from scipy import stats

LENGTHS = (7, 14, 28)


def simulated(dispersion: float, level_cv: float, counts: bool = True, series: int = 300) -> pd.DataFrame:
    """Champion rows of 4 windows of 28 days; `dispersion` in the rows is what the history would show."""
    rng = np.random.default_rng(8)
    mean = np.repeat(rng.gamma(1.0, 3.0, series) + 0.2, 4)[:, None] * np.resize([2.0, 1, 1, 1, 1, 1, 0], 28)
    level = rng.gamma(1 / level_cv**2, level_cv**2, len(mean))[:, None] if level_cv else 1.0
    rate = mean * level * rng.gamma(1 / dispersion, dispersion, mean.shape)
    return pd.DataFrame(
        {
            "sku": np.repeat([f"S{i}" for i in range(series)], 4),
            "location": "X",
            "segment": np.repeat(np.where(np.arange(series) % 3, "A-lumpy", "B-lumpy"), 4),
            "cutoff": np.tile(np.arange(4), series),
            "forecast": list(mean),
            "actual": list(rng.poisson(rate).astype(float) if counts else rate),
            "dispersion": dispersion * (1 + level_cv**2) + level_cv**2,
        }
    )


@pytest.mark.parametrize("counts", [True, False])
def test_the_true_spread_is_found(counts: bool) -> None:
    rows = simulated(1.5, 0.5, counts, series=900)
    doubled = rows.assign(dispersion=2 * rows["dispersion"])  # a history with patterns that the forecast explains
    found = learn_segments(doubled)
    assert found["dispersion_ratio"].to_numpy() == pytest.approx([0.5, 0.5], abs=0.06)
    assert found["level_variance"].to_numpy() == pytest.approx([0.25, 0.25], abs=0.06)


def test_one_large_order_does_not_blow_up_the_tail() -> None:
    """The dispersion is never above that of the history, whatever a window shows."""
    rows = simulated(1.5, 0.0, series=50)
    rows.at[0, "actual"] = rows.at[0, "actual"] + np.eye(28)[3] * 1e5
    found = learn_segments(rows.assign(dispersion=rows["dispersion"] / 10))
    assert found["dispersion_ratio"].tolist() == [1.0, 1.0]


def test_no_level_factor_where_there_is_none() -> None:
    sums = residual_moments(simulated(1.5, 0.0)).groupby("segment")[RELATIVE_COLUMNS].sum().reset_index()
    assert segment_spread(sums)["level_variance"].max() < 0.02


def test_sums_of_squares_by_hand() -> None:
    row = {"sku": "A", "location": "X", "segment": "s", "cutoff": 1, "dispersion": 2.0}
    rows = pd.DataFrame([{**row, "forecast": [1.0, 2.0], "actual": [4.0, 0.0]}])
    got = residual_moments(rows).iloc[0]
    assert list(got.index) == MOMENT_COLUMNS
    excess, variance = 9 + 4 - 3, 3 + 2 * 5
    assert got["spread_seen"] == pytest.approx(excess / variance)
    assert got["spread_foretold"] == pytest.approx(2 * 5 / variance)
    assert got["level_seen"] == pytest.approx((1 - 3 - excess) / variance)
    assert got["level_foretold"] == pytest.approx((9 - 5) / variance)


def test_the_pieces_give_what_the_whole_gives() -> None:
    rows = simulated(1.5, 0.5, series=60)
    buckets = [part for _, part in rows.sample(frac=1, random_state=1).groupby(rows["sku"].str[-1])]
    moments = pd.concat([residual_moments(bucket) for bucket in buckets])
    segments = segment_spread(moments.groupby("segment")[RELATIVE_COLUMNS].sum().reset_index())
    pdt.assert_frame_equal(segments, learn_segments(rows))


def test_upper_quantiles_of_sums_are_honest_on_unseen_windows() -> None:
    rows = simulated(4.0, 0.6, series=500)
    found = held_out_coverage(rows, LENGTHS, (0.95,))
    for length, part in found.groupby("length"):
        assert np.average(part["coverage"], weights=part["sums"]) == pytest.approx(0.95, abs=0.02), length
    assert found["sums"].sum() == 500 * (4 + 2 + 1)


def test_exceedance_of_the_true_distribution_is_exact() -> None:
    """Over all values of a count, weighted by their probability, 5 % lies above the 0.95 quantile."""
    mean, dispersion = 0.8, 2.0
    k = np.arange(400.0)
    shape = 1 / dispersion
    probability = stats.nbinom(shape, shape / (shape + mean)).pmf(k)
    cases = pd.DataFrame(
        {"actual_sum": k, "mean_sum": mean, "square_sum": mean**2, "dispersion": dispersion, "level_cv": 0.0,
         "counts": True}
    )  # fmt: skip
    for level in (0.5, 0.95, 0.99):
        assert probability @ exceedance(cases, level) == pytest.approx(1 - level, abs=1e-9)


def test_sums_are_over_consecutive_blocks() -> None:
    rows = pd.DataFrame([{"segment": "s", "actual": np.arange(5.0), "forecast": np.ones(5)}])
    cases = sum_cases(rows, (2, 5, 6))
    assert cases[["length", "actual_sum", "mean_sum", "square_sum"]].to_numpy().tolist() == [
        [2, 1, 2, 2], [2, 5, 2, 2], [5, 10, 5, 5],
    ]  # fmt: skip


def test_distributions_of_series_with_and_without_a_backtest() -> None:
    rows = simulated(1.5, 0.5)
    live = pd.DataFrame(
        {
            "sku": ["S0", "S1", "NEW", "ODD"], "location": "X", "model": "sba", "status": "ok", "start_date": None,
            "counts": True, "mean": [np.ones(3)] * 4, "dispersion": 2.125,
            "segment": ["B-lumpy", "A-lumpy", "A-lumpy", "C-smooth"],
        }
    )  # fmt: skip
    got = distributions(live.sample(frac=1, random_state=3), learn_segments(rows))
    assert list(got.columns) == DISTRIBUTION_COLUMNS
    assert got[KEYS].to_numpy().tolist() == [["NEW", "X"], ["ODD", "X"], ["S0", "X"], ["S1", "X"]]
    got = got.set_index("sku")
    assert got.loc["ODD", ["dispersion", "level_cv"]].tolist() == [2.125, 0.0]
    for sku in ("S0", "S1", "NEW"):
        assert got.loc[sku, "level_cv"] == pytest.approx(0.5, abs=0.15)
        assert got.loc[sku, "dispersion"] == pytest.approx(1.5, rel=0.2)


def test_nothing_was_long_enough_for_a_backtest() -> None:
    """An empty table, as Spark hands it over: every series keeps the dispersion of its history."""
    segments = segment_spread(pd.DataFrame(columns=["segment", *RELATIVE_COLUMNS]))
    live = pd.DataFrame([{
        "sku": "A", "location": "X", "segment": "C-lumpy", "model": "seasonal_naive", "status": "ok", "start_date": None,
        "counts": True, "mean": np.ones(2), "dispersion": 3.0,
    }])  # fmt: skip
    got = distributions(live, segments).iloc[0]
    assert (got["dispersion"], got["level_cv"]) == (3.0, 0.0)

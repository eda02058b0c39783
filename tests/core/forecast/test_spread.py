"""The spread is found again in demand that was drawn from the model itself, and calibration is honest."""

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from echelon.core.forecast.calibration import EXCEEDANCE_COLUMNS, apply_scale, choose_scales, exceedance, sum_cases
from echelon.core.forecast.dispersion import MOMENT_COLUMNS, RELATIVE_COLUMNS, residual_moments, segment_spread
from echelon.core.forecast.panel import KEYS
from echelon.core.forecast.spread import (
    DISTRIBUTION_COLUMNS,
    distributions,
    held_out_coverage,
    learn_segments,
    scale_counts,
    spread_cases,
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
    sums = residual_moments(rows).groupby("segment")[RELATIVE_COLUMNS].sum().reset_index()
    found = segment_spread(sums)
    assert found["dispersion_ratio"].to_numpy() == pytest.approx([1.0, 1.0], abs=0.12)
    assert found["level_variance"].to_numpy() == pytest.approx([0.25, 0.25], abs=0.06)


def test_no_level_factor_where_there_is_none() -> None:
    sums = residual_moments(simulated(1.5, 0.0)).groupby("segment")[RELATIVE_COLUMNS].sum().reset_index()
    assert segment_spread(sums)["level_variance"].max() < 0.02


def test_sums_of_squares_by_hand() -> None:
    row = {"sku": "A", "location": "X", "segment": "s", "cutoff": 1, "dispersion": 2.0}
    rows = pd.DataFrame([{**row, "forecast": [1.0, 2.0], "actual": [4.0, 0.0]}])
    got = residual_moments(rows).iloc[0]
    assert list(got.index) == MOMENT_COLUMNS
    assert (got["demands"], got["windows"]) == (1, 1)
    assert (got["excess"], got["squares"]) == (9 + 4 - 3, 1 + 4)
    assert (got["sum_excess"], got["sum_squares"], got["variance"]) == (1 - 3, 9, 3 + 2 * 5)
    assert got["spread_seen"] == pytest.approx(10 / 13)
    assert got["spread_foretold"] == pytest.approx(10 / 13)
    assert got["level_seen"] == pytest.approx((-2 - 10) / 13)
    assert got["level_foretold"] == pytest.approx((9 - 5) / 13)


def test_the_pieces_give_what_the_whole_gives() -> None:
    rows = simulated(1.5, 0.5, series=60)
    whole = learn_segments(rows, LENGTHS)
    buckets = [part for _, part in rows.sample(frac=1, random_state=1).groupby(rows["sku"].str[-1])]
    moments = pd.concat([residual_moments(bucket) for bucket in buckets])
    segments = segment_spread(moments.groupby("segment")[RELATIVE_COLUMNS].sum().reset_index())
    counts = pd.concat([scale_counts(bucket, segments, LENGTHS) for bucket in buckets])
    summed = counts.groupby(["segment", "scale"])[["exceeded", "sums"]].sum().reset_index()
    pdt.assert_frame_equal(segments.merge(choose_scales(summed), on="segment"), whole)


def test_upper_quantiles_of_sums_are_honest_on_unseen_windows() -> None:
    rows = simulated(4.0, 0.6, series=500)
    understated = rows.assign(dispersion=rows["dispersion"] / 3)  # the history shows too little
    seen, unseen = understated[understated["cutoff"] < 3], understated[understated["cutoff"] == 3]
    found = held_out_coverage(understated, LENGTHS, (0.95,))
    for length, part in found.groupby("length"):
        assert np.average(part["coverage"], weights=part["sums"]) == pytest.approx(0.95, abs=0.02), length
    assert found["sums"].sum() == 500 * (4 + 2 + 1)
    stated = spread_cases(unseen, learn_segments(seen, LENGTHS).assign(dispersion_ratio=0.25, spread_scale=1.0), LENGTHS)
    assert 1 - exceedance(stated, 0.95).mean() < 0.93  # what the correction corrects


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


def test_the_scale_nearest_to_one_within_half_a_point() -> None:
    counts = pd.DataFrame({"segment": "s", "scale": [0.5, 1.0, 2.0, 4.0], "exceeded": [5.5, 6.0, 4.6, 5.0], "sums": 100.0})
    chosen = choose_scales(counts).iloc[0]
    assert (chosen["spread_scale"], chosen["coverage"]) == (0.5, 0.945)
    nowhere = counts.assign(exceeded=[9.0, 8.0, 7.0, 7.0])
    assert choose_scales(nowhere)["spread_scale"].tolist() == [2.0]


def test_scaling() -> None:
    frame = pd.DataFrame({"dispersion": [2.0, 2.0], "level_cv": [0.5, 0.5], "spread_scale": [4.0, np.nan]})
    scaled = apply_scale(frame)
    assert scaled["dispersion"].tolist() == [8.0, 2.0]
    assert scaled["level_cv"].tolist() == [1.0, 0.5]


def test_distributions_of_series_with_and_without_a_backtest() -> None:
    rows = simulated(1.5, 0.5)
    live = pd.DataFrame(
        {
            "sku": ["S0", "S1", "NEW", "ODD"], "location": "X", "model": "sba", "status": "ok", "start_date": None,
            "counts": True, "mean": [np.ones(3)] * 4, "dispersion": 2.125,
            "segment": ["B-lumpy", "A-lumpy", "A-lumpy", "C-smooth"],
        }
    )  # fmt: skip
    got = distributions(live, residual_moments(rows), learn_segments(rows, LENGTHS)).set_index("sku")
    assert list(got.reset_index().columns) == DISTRIBUTION_COLUMNS
    assert got.loc["ODD", ["dispersion", "level_cv"]].tolist() == [2.125, 0.0]
    for sku in ("S0", "S1", "NEW"):
        assert got.loc[sku, "level_cv"] == pytest.approx(0.5, abs=0.15)
        assert got.loc[sku, "dispersion"] == pytest.approx(1.5, rel=0.4)
    empty = distributions(live, pd.DataFrame(columns=MOMENT_COLUMNS), learn_segments(rows, LENGTHS))
    assert empty[KEYS].to_numpy().tolist() == [["NEW", "X"], ["ODD", "X"], ["S0", "X"], ["S1", "X"]]


def test_nothing_was_long_enough_for_a_backtest() -> None:
    """Empty tables, as Spark hands them over: every series keeps the dispersion of its history."""
    segments = segment_spread(pd.DataFrame(columns=["segment", *RELATIVE_COLUMNS]))
    segments = segments.merge(choose_scales(pd.DataFrame(columns=EXCEEDANCE_COLUMNS)), on="segment")
    live = pd.DataFrame([{
        "sku": "A", "location": "X", "segment": "C-lumpy", "model": "seasonal_naive", "status": "ok", "start_date": None,
        "counts": True, "mean": np.ones(2), "dispersion": 3.0,
    }])  # fmt: skip
    got = distributions(live, pd.DataFrame(columns=MOMENT_COLUMNS), segments).iloc[0]
    assert (got["dispersion"], got["level_cv"]) == (3.0, 0.0)

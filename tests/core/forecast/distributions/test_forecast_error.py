"""The spread is found again in demand that was drawn from the model itself, and quantiles of sums are honest."""

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from echelon.core.forecast.distributions.coverage import COVERAGE_PROBABILITIES, COVERED, held_out_coverage
from echelon.core.forecast.distributions.exceedance import exceedance, sum_cases
from echelon.core.forecast.distributions.forecast_error import (
    DISTRIBUTION_COLUMNS,
    STATISTIC_COLUMNS,
    SUMMED,
    distributions,
    horizon_lengths,
    learn_segments,
    residual_statistics,
    segment_level_factors,
)
from echelon.core.forecast.distributions.level_variance import MOST_SCALE, level_variance, shape_mixture
from echelon.core.forecast.distributions.shape import SHAPE_COLUMNS
from echelon.core.forecast.distributions.sums import sum_mixture
from echelon.core.forecast.panel import KEYS
from echelon.core.probability.mixture import Mixture, mixture_cdf, mixture_of
from scipy import stats
from support.cells import at
from support.plain_shape import PLAIN

LUMPY = {"dispersion": 12.0, "active_share": 0.3, "large_share": 0.01, "large_factor": 25.0, "large_dispersion": 0.2}


def simulated(
    dispersion: float, level_cv: float, counts: bool = True, series: int = 300, common: float = 0.0, windows: int = 4
) -> pd.DataFrame:
    """Champion rows of windows of 28 days, two locations to a SKU; `dispersion` in the rows is what the history would show."""
    rng = np.random.default_rng(8)
    mean = np.repeat(rng.gamma(1.0, 3.0, series) + 0.2, windows)[:, None] * np.resize([2.0, 1, 1, 1, 1, 1, 0], 28)
    shared = np.repeat(rng.normal(size=(series // 2, 1, windows)), 2, axis=1).reshape(-1)
    score = np.sqrt(common) * shared + np.sqrt(1 - common) * rng.normal(size=len(mean))
    level = stats.gamma.ppf(stats.norm.cdf(score), level_cv**-2, scale=level_cv**2)[:, None] if level_cv else 1.0
    rate = mean * level * rng.gamma(1 / dispersion, dispersion, mean.shape)
    return pd.DataFrame(
        {
            "sku": np.repeat([f"S{i // 2}" for i in range(series)], windows),
            "location": np.repeat(np.where(np.arange(series) % 2, "X", "Y"), windows),
            "segment": np.repeat(np.where(np.arange(series) % 3, "A-lumpy", "B-lumpy"), windows),
            "cutoff": np.tile(np.arange(windows), series),
            "forecast": list(mean),
            "actual": list(rng.poisson(rate).astype(float) if counts else rate),
            "dispersion": dispersion * (1 + level_cv**2) + level_cv**2,
            **PLAIN,
        }
    )


def lumpy_demand(mean: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """(size, periods) drawn from LUMPY."""
    share, factor, spread = (part[0] for part in mixture_of(*(np.array([value]) for value in LUMPY.values())))
    part = rng.choice(3, (size, len(mean)), p=[*share, 1 - share.sum()])
    means = mean * np.append(factor, 0.0)[part]
    own = np.maximum(np.append(spread, 1.0)[part], 1e-9)
    return rng.poisson(means * rng.gamma(1 / own, own)).astype(float)


@pytest.mark.parametrize("counts", [True, False])
def test_the_true_level_is_found(counts: bool) -> None:
    found = learn_segments(simulated(1.5, 0.5, counts, series=600))
    assert np.sqrt(found["level_variance"]).to_numpy() == pytest.approx([0.5, 0.5], abs=0.11)


def test_hardly_a_level_factor_where_there_is_none() -> None:
    assert learn_segments(simulated(1.5, 0.0, series=600))["level_variance"].max() < 0.02


def test_the_level_of_what_sold_more_than_is_forecast_is_wider() -> None:
    """Level variance in proportion to history / forecast: the segment's is found, and given back to each series."""
    ratios = {0.5: 0.5 / np.sqrt(2), 1.0: 0.5, 2.0: 0.5 * np.sqrt(2)}
    parts = [
        rows.assign(history_ratio=ratio, sku=rows["sku"] + f"/{ratio}")
        for ratio, rows in ((ratio, simulated(1.5, cv, series=400)) for ratio, cv in ratios.items())
    ]
    found = learn_segments(pd.concat(parts))
    assert np.sqrt(found["level_variance"]).to_numpy() == pytest.approx([0.5, 0.5], abs=0.08)
    live = (
        pd.concat(parts)
        .query("cutoff == 0")
        .assign(model="sba", status="ok", start_date=None, counts=True, mean=0.0, horizon=3)
    )
    got = distributions(live, found.assign(level_variance=0.25))
    cv = got.groupby(got["sku"].str.split("/").str[1].astype(float))["level_cv"]
    assert cv.nunique().eq(1).all() and cv.first().to_dict() == {0.5: 0.35, 1.0: 0.5, 2.0: 0.71}


def test_the_scale_of_the_level_is_bounded() -> None:
    rows = pd.DataFrame({"history_ratio": [1.0, 3.0, 100.0, 0.01, np.nan]})
    assert level_variance(rows, 0.1) == pytest.approx([0.1, 0.3, 0.1 * MOST_SCALE, 0.1 / MOST_SCALE, 0.1])
    assert level_variance(rows, 0.64).max() == 1.0


def test_one_large_order_does_not_widen_the_level() -> None:
    rows = simulated(1.5, 0.3, series=300)
    expected = learn_segments(rows)
    rows.at[0, "actual"] = rows.at[0, "actual"] + np.eye(28)[3] * 1e5
    pdt.assert_frame_equal(learn_segments(rows), expected, atol=0.02)


def test_the_correlation_between_locations_is_found_and_shrunk() -> None:
    assert learn_segments(simulated(1.5, 0.6, series=600, common=0.6))["level_correlation"].iloc[0] == pytest.approx(
        0.6, abs=0.15
    )
    assert learn_segments(simulated(1.5, 0.6, series=600))["level_correlation"].iloc[0] < 0.1
    few = learn_segments(simulated(1.5, 0.6, series=8, common=0.9, windows=2))["level_correlation"].iloc[0]
    assert few < 16 / 66 + 1e-9, "sixteen ordered pairs against fifty"


def test_the_pieces_give_what_the_whole_gives() -> None:
    rows = simulated(1.5, 0.5, series=60)
    buckets = [part for _, part in rows.sample(frac=1, random_state=1).groupby(rows["sku"].str[-1])]
    statistics = pd.concat([residual_statistics(bucket) for bucket in buckets])
    assert list(statistics.columns) == STATISTIC_COLUMNS
    segments = segment_level_factors(statistics.groupby(["segment", "cutoff"])[SUMMED].sum().reset_index())
    pdt.assert_frame_equal(segments, learn_segments(rows))


def test_a_window_tells_the_same_whatever_comes_after_it() -> None:
    """Nothing can leak from the newest window, which is held out to judge the others, not even that units are split in it."""
    rows = simulated(1.5, 0.5, series=30)
    newest = rows["cutoff"] == rows["cutoff"].max()
    rows.loc[newest, "actual"] = rows.loc[newest, "actual"].map(lambda units: units + 0.5)
    statistics = residual_statistics(rows)
    before = statistics[statistics["cutoff"] < rows["cutoff"].max()].reset_index(drop=True)
    pdt.assert_frame_equal(before, residual_statistics(rows[~newest]))


def test_quantiles_of_sums_are_honest_on_an_unseen_window() -> None:
    rows = simulated(4.0, 0.6, series=600)
    newest = rows["cutoff"] == 3
    found = held_out_coverage(rows[newest], learn_segments(rows[~newest]))
    assert found.groupby("periods")["cases"].sum().to_dict() == {1: 28 * 600, 7: 4 * 600, 14: 2 * 600, 28: 600}
    added = found.groupby("periods")[["cases", *COVERED]].sum()
    shares = added[COVERED].div(added["cases"], axis=0)
    assert np.abs(shares.to_numpy() - np.array(COVERAGE_PROBABILITIES)).max() < 0.08
    assert np.abs(shares[["covered_950", "covered_975"]].to_numpy() - [0.95, 0.975]).max() < 0.02


def test_exceedance_of_the_true_distribution_is_exact() -> None:
    """Over all values of a count, weighted by their probability, 5 % lies above the 0.95 quantile."""
    mean, dispersion = 0.8, 2.0
    k = np.arange(400.0)
    shape = 1 / dispersion
    probability = stats.nbinom(shape, shape / (shape + mean)).pmf(k)
    rows = pd.DataFrame(
        {"actual": [[x] for x in k], "forecast": [[mean]] * 400, "dispersion": dispersion, "counts": True, **PLAIN}
    )
    for level in (0.5, 0.95, 0.99):
        over = exceedance(sum_cases(rows, shape_mixture(rows), np.zeros(400), (1,)), (level,))[:, 0]
        assert probability @ over == pytest.approx(1 - level, abs=1e-9)


def test_sums_are_over_consecutive_blocks() -> None:
    rows = pd.DataFrame([{"actual": np.arange(5.0), "forecast": np.ones(5), "dispersion": 0.5, "counts": True, **PLAIN}])
    cases = sum_cases(rows, shape_mixture(rows), np.zeros(1), (2, 5, 6))
    assert np.stack([cases.length, cases.demand, cases.mean], 1).tolist() == [[2, 1, 2], [2, 5, 2], [5, 10, 5]]
    assert horizon_lengths(28) == (7, 14, 28) and horizon_lengths(3) == (1, 3) and horizon_lengths(1) == (1,)


@pytest.mark.parametrize("periods", [7, 28, 150])
def test_the_mixture_of_a_sum_equals_simulation(periods: int) -> None:
    """Where large orders are rare, and where they are not: mean, variance, nothing at all, and upper quantiles."""
    mean = np.resize([2.0, 1.0, 0.5], periods)
    drawn = lumpy_demand(mean, 40_000, np.random.default_rng(9)).sum(axis=1)
    shape = mixture_of(*(np.array([value]) for value in LUMPY.values()))
    total, mixture = sum_mixture(mean[None], shape, np.array([True]))
    assert total[0] == pytest.approx(mean.sum()) and (mixture.share * mixture.factor).sum() == pytest.approx(1.0)
    second = (mixture.share * mixture.factor**2 * (1 + mixture.dispersion)).sum() - 1
    assert second == pytest.approx(12.0 * (mean**2).sum() / mean.sum() ** 2, rel=0.02)
    quantile = np.quantile(drawn, [0.5, 0.9, 0.95, 0.99])
    reached = mixture_cdf(
        quantile, np.full(4, total[0]), Mixture(*(np.repeat(part, 4, axis=0) for part in mixture)), np.full(4, True)
    )
    assert reached == pytest.approx([(drawn <= value).mean() for value in quantile], abs=0.02)
    nothing = mixture_cdf(np.zeros(1), total, mixture, np.array([True]))[0]
    assert nothing == pytest.approx((drawn == 0).mean(), abs=0.01)


def test_distributions_of_series_with_and_without_a_backtest() -> None:
    rows = simulated(1.5, 0.5, series=600)
    live = pd.DataFrame(
        {
            "sku": ["S0", "S1", "NEW", "ODD"], "location": "X", "model": "sba", "status": "ok", "start_date": None,
            "counts": True, "mean": [np.ones(3)] * 4, "horizon": 3, "dispersion": 2.125, **PLAIN,
            "segment": ["B-lumpy", "A-lumpy", "A-lumpy", "C-smooth"],
        }
    )  # fmt: skip
    got = distributions(live.sample(frac=1, random_state=3), learn_segments(rows))
    assert list(got.columns) == DISTRIBUTION_COLUMNS
    assert got[KEYS].to_numpy().tolist() == [["NEW", "X"], ["ODD", "X"], ["S0", "X"], ["S1", "X"]]
    got = got.set_index("sku")
    assert at(got, "ODD")[["dispersion", "level_cv", "level_correlation"]].tolist() == [2.125, 0.0, 0.0]
    for sku in ("S0", "S1", "NEW"):
        assert got.loc[sku, "level_cv"] == pytest.approx(0.5, abs=0.15)
        assert got.loc[sku, "dispersion"] == pytest.approx(1.5, rel=0.2)


def test_nothing_was_long_enough_for_a_backtest() -> None:
    """An empty table, as Spark hands it over: every series keeps the dispersion of its history."""
    segments = segment_level_factors(pd.DataFrame(columns=["segment", "cutoff", *SUMMED]))
    live = pd.DataFrame([{
        "sku": "A", "location": "X", "segment": "C-lumpy", "model": "seasonal_naive", "status": "ok", "start_date": None,
        "counts": True, "mean": np.ones(2), "horizon": 2, "dispersion": 3.0, **PLAIN,
    }])  # fmt: skip
    got = distributions(live, segments).iloc[0]
    assert (got["dispersion"], got["level_cv"]) == (3.0, 0.0)
    assert set(SHAPE_COLUMNS) < set(DISTRIBUTION_COLUMNS)


def test_series_forecast_as_nothing_tell_nothing_of_their_neighbours() -> None:
    rows = simulated(1.5, 0.5, series=40)
    rows["forecast"] = pd.Series([np.zeros(28)] * len(rows), index=rows.index)
    found = residual_statistics(rows)
    assert np.isfinite(found[SUMMED].to_numpy(float)).all()
    assert (found["common_seen"] == 0).all() and (found["pairs"] == 0).all()

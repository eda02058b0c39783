"""How errors of the level last beyond the horizon is found again in demand that was made so."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.forecast.distributions.exceedance import Cases, exceedance
from echelon.core.forecast.distributions.forecast_error import SUMMED, counted, learn_segments, residual_statistics
from echelon.core.forecast.distributions.lasting_errors import LONG_SUMMED, MOST_PERSISTENCE
from echelon.core.forecast.distributions.sums import sum_mixture
from echelon.core.probability.mixture import Mixture, with_level
from echelon.core.probability.persistence import level_weight
from support.cells import at
from support.plain_shape import PLAIN

SERIES, PERIODS, DISPERSION = 500, 8, 0.4


def backtested(level: np.ndarray, known: np.ndarray, seed: int = 4) -> pd.DataFrame:
    """Champion rows of windows of 8 periods: demand has mean 20 x level (series, windows), the forecast is 20 x known."""
    rng = np.random.default_rng(seed)
    windows = level.shape[1]
    rate = 20.0 * level.reshape(-1, 1) * rng.gamma(1 / DISPERSION, DISPERSION, (level.size, PERIODS))
    return pd.DataFrame(
        {
            "sku": np.repeat([f"S{i}" for i in range(len(level))], windows),
            "location": "X",
            "segment": "A-smooth",
            "cutoff": np.tile(np.arange(windows), len(level)),
            "forecast": list(np.repeat(20.0 * known.reshape(-1, 1), PERIODS, axis=1)),
            "actual": list(rng.poisson(rate).astype(float)),
            "dispersion": DISPERSION * 1.09 + 0.09,
            **PLAIN,
        }
    )


def drawn_level(windows: int, persistence: float) -> np.ndarray:
    """Gamma levels with a coefficient of variation of about 0.3."""
    rng = np.random.default_rng(3)
    score = rng.normal(size=(SERIES, windows))
    for window in range(1, windows):
        score[:, window] = persistence * score[:, window - 1] + np.sqrt(1 - persistence**2) * score[:, window]
    return np.asarray(np.exp(0.3 * score - 0.045))


def learned(rows: pd.DataFrame, column: str) -> float:
    return float(learn_segments(rows)[column].iloc[0])


def test_errors_that_are_drawn_anew_do_not_last() -> None:
    rows = backtested(drawn_level(5, 0.0), np.ones((SERIES, 5)))
    assert learned(rows, "level_persistence") < 0.25 and learned(rows, "level_growth") < 0.01


def test_errors_that_last_are_found_to_last_without_growing() -> None:
    rows = backtested(drawn_level(5, 1.0), np.ones((SERIES, 5)))
    assert learned(rows, "level_persistence") > 0.85
    assert learned(rows, "level_growth") < 0.02


def test_levels_that_stray_ever_further_from_the_forecast_grow() -> None:
    """A random walk whose last step the forecast does not know: the variance of the mean of n steps grows with n."""
    rng = np.random.default_rng(5)
    walk = np.exp(np.cumsum(rng.normal(scale=0.3, size=(SERIES, 6)), axis=1))
    rows = backtested(walk[:, 1:], walk[:, :-1])
    assert learned(rows, "level_persistence") == pytest.approx(MOST_PERSISTENCE, abs=0.02)
    assert 0.02 < learned(rows, "level_growth") < 0.12


@pytest.mark.parametrize("persistence", [0.0, 0.9])
def test_sums_over_several_horizons_are_covered_fairly_on_unseen_windows(persistence: float) -> None:
    level = drawn_level(9, persistence)
    rows = backtested(level, np.ones(level.shape))
    learnt = learn_segments(rows[rows["cutoff"] < 5])
    later = rows[rows["cutoff"] >= 5]
    seen = np.stack(later["actual"].to_list()).sum(axis=1).reshape(SERIES, 4)
    for horizons in (2, 3, 4):
        plain = Mixture(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]]), np.array([[DISPERSION, 0.0]]))
        given = Mixture(*(np.repeat(part, SERIES, axis=0) for part in plain))
        counts = np.ones(SERIES, bool)
        mean, mixture = sum_mixture(np.full((SERIES, horizons * PERIODS), 20.0), given, counts)
        evened = level_weight(horizons, 1, at(learnt, (0, "level_persistence"))) / horizons**2
        variance = (at(learnt, (0, "level_variance")) + (horizons - 1) * at(learnt, (0, "level_growth"))) * evened
        length = np.full(SERIES, horizons * PERIODS)
        cases = Cases(length, length, seen[:, :horizons].sum(axis=1), mean, with_level(mixture, np.asarray(variance)), counts)
        assert 1 - exceedance(cases, (0.95,)).mean() == pytest.approx(0.95, abs=0.03), horizons


def test_a_sum_counts_for_the_window_with_which_it_ends() -> None:
    rows = backtested(drawn_level(4, 1.0)[:20], np.ones((20, 4)))
    found = residual_statistics(rows).groupby("cutoff")[["long_cases", "long_horizons"]].sum()
    assert found["long_cases"].tolist() == [0, 20, 40, 60]
    assert found["long_horizons"].tolist() == [0, 2 * 20, 5 * 20, 9 * 20]


def test_windows_that_overlap_are_joined_where_one_begins_as_another_ends() -> None:
    rows = backtested(drawn_level(5, 1.0)[:20], np.ones((20, 5)))
    assert residual_statistics(rows, apart=2).groupby("cutoff")["long_cases"].sum().tolist() == [0, 0, 20, 20, 40]
    assert residual_statistics(rows, apart=0)[LONG_SUMMED].to_numpy().sum() == 0


def test_without_later_windows_errors_are_taken_to_last() -> None:
    rows = backtested(drawn_level(1, 0.0), np.ones((SERIES, 1)))
    assert learned(rows, "level_persistence") == MOST_PERSISTENCE and learned(rows, "level_growth") == 0.0
    assert counted(rows).all() and set(LONG_SUMMED) < set(SUMMED)


def test_the_weight_of_levels_by_hand() -> None:
    assert level_weight(2.5, 1, 1.0) == pytest.approx(6.25)
    assert level_weight(2.5, 1, 0.0) == pytest.approx(2.25)
    assert level_weight(10, 4, 0.5) == pytest.approx(16 + 16 + 4 + 2 * (16 * 0.5 + 8 * 0.5 + 8 * 0.25))
    assert level_weight(3, 4, 0.5) == 9.0

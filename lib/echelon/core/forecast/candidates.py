"""The candidates that compete, simplest first: of two that are as good, the earlier one is chosen."""

from functools import partial

from echelon.core.demand.periods import Frequency
from echelon.core.forecast.candidate import Candidate, each_series, naive_means
from echelon.core.forecast.lightgbm_direct import fit_lightgbm, lightgbm_direct
from echelon.core.forecast.sba import sba
from echelon.core.forecast.theta import theta, theta_weekly

FLOOR = "seasonal_naive"


def candidates(freq: Frequency) -> list[Candidate]:
    """All candidates for a frequency, in order of simplicity. Names: seasonal_naive, sba, theta (days: theta_weekly),
    lightgbm."""
    return [Candidate(FLOOR, naive_means), Candidate("sba", each_series(sba)), _theta(freq),
            Candidate("lightgbm", lightgbm_direct, pooled=True, fit=fit_lightgbm)]  # fmt: skip


def _theta(freq: Frequency) -> Candidate:
    if freq == "D":
        return Candidate("theta_weekly", each_series(theta_weekly))
    return Candidate("theta", each_series(partial(theta, freq)))

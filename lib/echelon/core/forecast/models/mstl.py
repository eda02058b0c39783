"""MSTL: several seasons at once (a week and a year of days), the rest by theta."""

import numpy as np
from statsforecast.mstl import mstl as decompose

from echelon.core.arrays import Vector
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.base.candidate import TOO_LITTLE
from echelon.core.forecast.models.theta import dynamic_optimised_theta

# Periods of the seasons, shortest first; each needs two of them in the history.
SEASONS: dict[Frequency, tuple[int, ...]] = {"D": (7, 365), "W": (52,), "M": (12,)}


def mstl(freq: Frequency, history: Vector, _start: int, horizon: int) -> Vector:
    """Mean forecast: seasons by repeated STL, each repeated as it was last, on dynamic optimised theta of the remainder.

    Bandara, Hyndman and Bergmeir (2021), arXiv 2107.13462. Raises ValueError without two of the shortest season.
    """
    seasons = [season for season in SEASONS[freq] if len(history) > 2 * season]
    if not seasons:
        raise ValueError(f"{TOO_LITTLE}: MSTL needs more than two seasons of {SEASONS[freq][0]} periods")
    components = decompose(history, seasons)
    names = ["seasonal"] if len(seasons) == 1 else [f"seasonal{season}" for season in seasons]
    ahead = np.arange(horizon)
    seasonal = sum(components[name].to_numpy()[-season:][ahead % season] for name, season in zip(names, seasons, strict=True))
    rest = components["trend"].to_numpy() + components["remainder"].to_numpy()
    return dynamic_optimised_theta(rest, 1, horizon) + seasonal

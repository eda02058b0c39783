"""Small panels for the forecasting tests."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from echelon.core.demand.periods import Frequency, period_start

END = {"D": 15_000, "W": 2_150, "M": 495}


def demand_frame(series: dict[str, object], freq: Frequency) -> pd.DataFrame:
    """sku (or sku/location) -> demand values, as rows of the table `demand` that end together, shuffled."""
    frames = []
    for name, values in series.items():
        sku, _, location = name.partition("/")
        y = np.asarray(values, dtype=np.float64)
        date = period_start(np.arange(END[freq] - len(y), END[freq]), freq)
        frames.append(pd.DataFrame({"sku": sku, "location": location or "X", "date": date, "demand": y}))
    return pd.concat(frames).sample(frac=1, random_state=7)


@pytest.fixture
def frame() -> Callable[[dict[str, object], Frequency], pd.DataFrame]:
    """The function `demand_frame`."""
    return demand_frame


@pytest.fixture(scope="session")
def shop() -> pd.DataFrame:
    """30 series of 200 days: weekday pattern, intermittent, one of 5 periods, one without demand, one in fractions."""
    rng = np.random.default_rng(1)
    weekday = np.array([1.5, 1.0, 1.0, 1.0, 1.5, 1.0, 0.0])
    series: dict[str, object] = {
        f"S{i:02d}": rng.negative_binomial(2, 1 / (1 + rate * np.resize(weekday, 200) / 2 + 1e-12))
        for i, rate in enumerate(np.geomspace(0.05, 40, 27))
    }
    series |= {"NEW": [3.0, 0, 0, 1, 2], "NIL": np.zeros(200), "FRAC": rng.gamma(0.7, 2.0, 200)}
    return demand_frame(series, "D")

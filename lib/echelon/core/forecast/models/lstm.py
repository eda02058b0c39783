"""A neural candidate: one LSTM for a whole group of series, by Keras on JAX (the extra `neural`)."""

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Matrix, Vector
from echelon.core.demand.periods import PERIODS_PER_YEAR, SEASON_LENGTH, Frequency, period_start, weekday
from echelon.core.forecast.base.candidate import TOO_LITTLE, Means, all_ok, naive_means
from echelon.core.forecast.panel import Panel, series_hash
from echelon.core.probability.splitmix64 import GOLDEN

# Periods that the network sees.
INPUT_PERIODS: dict[Frequency, int] = {"D": 56, "W": 26, "M": 12}
UNITS = 24
EPOCHS = 20
BATCH = 64
MOST_EXAMPLES = 8_000
LEAST_EXAMPLES = 100
_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
Index = npt.NDArray[np.int64]


def lstm(panel: Panel, horizon: int) -> Means:
    """Mean forecasts of every series from one network: demand of the last periods / its mean, and where in the season each
    lies, through one LSTM (Hochreiter and Schmidhuber 1997) to all periods of the horizon at once, by the Poisson deviance.

    At most 8,000 past windows, drawn by a hash of series and date, teach it, so the result does not depend on the order of
    rows. A group with fewer than 100 gets the seasonal naive with the reason.
    """
    series, origin = _examples(panel, horizon)
    if len(series) < LEAST_EXAMPLES:
        return naive_means(panel, horizon, f"{TOO_LITTLE}: fewer than {LEAST_EXAMPLES} windows to train on")
    inputs, unit = _inputs(panel, series, origin)
    targets = panel.values[series[:, None], origin[:, None] + 1 + np.arange(horizon)] / unit[:, None]
    network = _network(horizon)
    network.fit(inputs, np.minimum(targets, 20.0), batch_size=BATCH, epochs=EPOCHS, verbose=0, shuffle=True)
    last = np.full(len(panel.values), panel.values.shape[1] - 1)
    inputs, unit = _inputs(panel, np.arange(len(panel.values)), last)
    return all_ok(np.asarray(network.predict(inputs, batch_size=BATCH, verbose=0), dtype=np.float64) * unit[:, None])


def _network(horizon: int) -> Any:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    os.environ.setdefault("XLA_FLAGS", _ONE_THREAD)
    import keras  # only who installed the extra gets here

    keras.utils.set_random_seed(1)
    network = keras.Sequential([keras.layers.LSTM(UNITS), keras.layers.Dense(horizon, activation="softplus")])
    network.compile(optimizer=keras.optimizers.Adam(0.005), loss="poisson")
    return network


def _examples(panel: Panel, horizon: int) -> tuple[Index, Index]:
    """(series, origin) of past windows with all of their horizon known and something sold in what the network sees."""
    known = ~np.isnan(panel.values)
    columns = panel.values.shape[1]
    usable = np.zeros_like(known)
    usable[:, : max(columns - horizon, 0)] = known[:, : max(columns - horizon, 0)]
    series, origin = np.nonzero(usable)
    running = np.concatenate([np.zeros((len(known), 1)), np.cumsum(np.nan_to_num(panel.values), axis=1)], axis=1)
    sold = running[series, origin + 1] > running[series, np.maximum(origin + 1 - INPUT_PERIODS[panel.freq], 0)]
    series, origin = series[sold], origin[sold]
    key = series_hash(panel.keys)[series] ^ (origin + panel.end - columns).astype(np.uint64) * GOLDEN
    chosen = np.sort(np.argsort(key * np.uint64(0xBF58476D1CE4E5B9), kind="stable")[:MOST_EXAMPLES])
    return series[chosen], origin[chosen]


def _inputs(panel: Panel, series: Index, origin: Index) -> tuple[npt.NDArray[np.float32], Vector]:
    """(rows, periods seen, 4): demand / unit, known or not, sine and cosine of the season; and the unit, the mean of what is
    seen (1 where that is nothing)."""
    column = origin[:, None] + 1 + np.arange(-INPUT_PERIODS[panel.freq], 0)
    window = np.where(column >= 0, panel.values[series[:, None], np.maximum(column, 0)], np.nan)
    known = ~np.isnan(window)
    mean = np.nansum(window, axis=1) / np.maximum(known.sum(axis=1), 1)
    unit = np.where(mean > 0, mean, 1.0)
    phase = _phase(panel, column + panel.end - panel.values.shape[1])
    scaled = np.minimum(np.nan_to_num(window) / unit[:, None], 20.0)
    return np.stack([scaled, known, np.sin(phase), np.cos(phase)], axis=2).astype(np.float32), unit


def _phase(panel: Panel, period: Index) -> Matrix:
    """Place in the week (days) or in the year, in radians."""
    if panel.freq == "D":
        return np.asarray(weekday(period_start(period, "D")) * (2 * np.pi / SEASON_LENGTH["D"]))
    return np.asarray((period % PERIODS_PER_YEAR[panel.freq]) * (2 * np.pi / PERIODS_PER_YEAR[panel.freq]))

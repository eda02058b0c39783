"""Which candidates there are, and how a user's own are named. Light, so that a configuration can be checked at once."""

import difflib
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from echelon.core.demand.periods import Frequency

FLOOR = "seasonal_naive"
# What each is, and its cost per fit (docs/candidates.md shows both). Simplest first: of two that are as good, the earlier one
# is chosen.
SINGLE = {
    FLOOR: ("the last season again: the floor and the fallback, always there", "0.01 ms"),
    "moving_average": ("mean of the last 56 days, 13 weeks or 6 months", "0.01 ms"),
    "sba": ("Croston's method without its bias, for intermittent demand", "0.03 ms"),
    "tsb": ("Teunter-Syntetos-Babai: demand that may die out", "0.03 ms"),
    "adida": ("exponential smoothing of sums over the mean interval between demands", "0.1 ms"),
    "imapa": ("mean of such forecasts over several lengths of the sums", "0.1 ms"),
    "theta_weekly": ("dynamic optimised theta of weekly totals, spread over the days of the week", "5 ms"),
    "theta": ("dynamic optimised theta", "3 ms"),
    "auto_ets": ("exponential smoothing, form chosen by AICc", "10-60 ms"),
    "mstl": ("several seasons (week and year; year) by repeated STL, theta for the rest", "10 ms"),
    "auto_arima": ("ARIMA, orders chosen by AICc", "100 ms and more"),
    "lightgbm": ("one gradient-boosted model for all series of a group", "shared"),
    "lightgbm_blocks": (
        "one such model for each week, four weeks or three months of the horizon: on five sets between 1.5 % better and 8 % "
        "worse than one for all (median 0.3 % worse), at 2-4 times the time",
        "shared",
    ),
    "lstm": (
        "one LSTM for all series of a group, by Keras on JAX: `pip install 'echelon[neural]'` (12 packages, no GPU libraries)",
        "shared",
    ),
}
# What a candidate needs beyond the usual installation: a module, and the extra that brings it.
EXTRA = {"lstm": ("keras", "neural")}
# Made from the forecasts of the others, the better one first.
COMBINATIONS = {
    "weighted": (
        "mean of all but the floor, with the weights that erred least on all series in earlier windows, and how each did on "
        "this series; not by default for days, as the second pass costs more than the models",
        "0.01 ms",
    ),
    "median": ("median of `tsb`, theta, `mstl` and `lightgbm`, as far as they compete", "0.01 ms"),
}
# The median is that of a few unlike ones: of many, it would be that of the like ones among them.
MEDIAN_OF = ("tsb", "theta_weekly", "theta", "mstl", "lightgbm")
# Names that compete unless the user says which (measured: docs/decisions/0033-candidates-that-compete-by-default.md).
DEFAULT: dict[Frequency, tuple[str, ...]] = {
    "D": (FLOOR, "moving_average", "sba", "tsb", "theta_weekly", "lightgbm"),
    "W": (FLOOR, "moving_average", "sba", "tsb", "imapa", "theta", "mstl", "lightgbm", "weighted", "median"),
    "M": (FLOOR, "moving_average", "sba", "tsb", "imapa", "theta", "mstl", "lightgbm", "weighted", "median"),
}


def competing(names: Sequence[str] | None, freq: Frequency) -> tuple[str, ...]:
    """Names of the candidates that compete, in order of simplicity: those given, with the floor in front and combinations
    last, or the default ones."""
    given = [*DEFAULT[freq]] if names is None else [FLOOR, *(name for name in names if name != FLOOR)]
    return (*(n for n in given if n not in COMBINATIONS), *(n for n in given if n in COMBINATIONS))


def order_of_defence(names: Sequence[str]) -> tuple[str, ...]:
    """Models in the order in which they come up for champion: combinations, the floor, then single ones as they are named.
    Whoever is as good as the one before does not take over, and a combination errs less when times change than the single
    model that happened to be best in a few windows (docs/decisions/0029-a-combination-is-the-champion-to-beat.md)."""
    models = [model_name(name) for name in names]
    return (
        *(m for m in COMBINATIONS if m in models),
        *(m for m in models if m == FLOOR),
        *(m for m in models if m not in (FLOOR, *COMBINATIONS)),
    )


def members(combination: str, names: Sequence[str]) -> tuple[str, ...]:
    """The models that a combination is made of, out of the names that compete: all but the floor; of the median those of
    MEDIAN_OF, if there are two."""
    single = tuple(model_name(name) for name in names if name not in (FLOOR, *COMBINATIONS))
    few = tuple(name for name in single if name in MEDIAN_OF)
    return few if combination == "median" and len(few) > 1 else single


def needed_for(model: str, names: Sequence[str]) -> tuple[str, ...]:
    """The models whose forecasts are needed when this one is the champion: itself and of a combination its members."""
    return (model, *members(model, names)) if model in COMBINATIONS else (model,)


def model_name(name: str) -> str:
    """How a candidate is called in tables: its name; of a user's own `module:function` the function."""
    return name.rpartition(":")[2]


def check_names(names: Sequence[str]) -> None:
    """Raises ValueError, worded for the user, for an unknown name, a module or function that is not there, one name for two
    candidates, or a combination of fewer than two."""
    for name in names:
        _check_name(name)
    called = [model_name(name) for name in names]
    if len(set(called)) < len(called):
        raise ValueError(f"two candidates have the same name: {', '.join(sorted({n for n in called if called.count(n) > 1}))}")
    if set(called) & set(COMBINATIONS) and len(set(called) - {*COMBINATIONS, FLOOR}) < 2:
        raise ValueError(f"a combination needs at least two candidates beside {FLOOR}")


def _check_name(name: str) -> None:
    known = (*SINGLE, *COMBINATIONS)
    if ":" in name:
        own_candidate(name)
    elif name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean '{close[0]}'? " if close else ""
        raise ValueError(f"unknown candidate '{name}': {hint}there are {', '.join(known)}, and your own as module:function")
    elif name in EXTRA and find_spec(EXTRA[name][0]) is None:
        raise ValueError(f"candidate '{name}' needs {EXTRA[name][0]}: pip install 'echelon[{EXTRA[name][1]}]'")


def own_candidate(name: str) -> Any:
    """What a user's `module:function` names. Raises ValueError if it is not there."""
    module, _, attribute = name.rpartition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(
            f"candidate '{name}' can't be imported ({error}): its module must be where Python finds it (PYTHONPATH; on a "
            "cluster --py-files)"
        ) from None

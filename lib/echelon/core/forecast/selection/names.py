"""Which candidates there are, and how a user's own are named. Light, so that a configuration can be checked at once."""

import difflib
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from echelon.core.demand.periods import Frequency

FLOOR = "seasonal_naive"
# Simplest first: of two that are as good, the earlier one is chosen.
SINGLE = (
    FLOOR, "moving_average", "sba", "tsb", "adida", "imapa", "theta_weekly", "theta", "auto_ets", "mstl", "auto_arima",
    "lightgbm", "lightgbm_blocks",
    "lstm",
)  # fmt: skip
# What a candidate needs beyond the usual installation: a module, and the extra that brings it.
EXTRA = {"lstm": ("keras", "neural")}
# Made from the forecasts of the others, the better one first.
COMBINATIONS = ("weighted", "median")
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

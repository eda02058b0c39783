"""Candidates by name: built in, of the user's own, refused plainly."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.base.candidate import Candidate, guarded, naive_means
from echelon.core.forecast.panel import make_panel
from echelon.core.forecast.selection import names
from echelon.core.forecast.selection.candidates import candidates


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("own_models")
    module.last_value = lambda history, _start, horizon: np.full(horizon, history[-1])  # type: ignore[attr-defined]
    module.pooled = Candidate("any", naive_means, pooled=True)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "own_models", module)


def test_every_name_can_be_built() -> None:
    built = candidates("W", list(names.SINGLE))
    assert [c.name for c in built] == list(names.SINGLE)
    assert [c.name for c in built if c.pooled] == ["lightgbm", "lightgbm_blocks", "lstm"]


@pytest.mark.parametrize("freq", ["D", "W", "M"])
def test_the_default_ones_are_known_and_cheap_ones_come_first(freq: Frequency) -> None:
    names.check_names(names.DEFAULT[freq])
    assert names.competing(None, freq)[0] == names.FLOOR
    combined = () if freq == "D" else tuple(names.COMBINATIONS)
    assert tuple(name for name in names.DEFAULT[freq] if name in names.COMBINATIONS) == combined
    assert names.competing(None, freq)[len(names.DEFAULT[freq]) - len(combined) :] == combined


def test_the_floor_always_competes_and_combinations_come_last() -> None:
    assert names.competing(["median", "tsb", "sba"], "D") == ("seasonal_naive", "tsb", "sba", "median")


def test_single_models_must_beat_the_combinations() -> None:
    given = ("seasonal_naive", "tsb", "mine:own", "median", "weighted")
    assert names.order_of_defence(given) == ("weighted", "median", "seasonal_naive", "tsb", "own")


@pytest.mark.usefixtures("own")
def test_own_function_and_candidate(frame: Callable[..., Any]) -> None:
    given = ["own_models:last_value", "own_models:pooled"]
    names.check_names(given)
    _, last, pooled = candidates("W", given)
    panel = make_panel(frame({"A": [4, 5], "B": [1, 7]}, "W"), "W")
    assert (last.name, pooled.name, pooled.pooled) == ("last_value", "pooled", True)
    assert guarded(last, panel, 2).mean.tolist() == [[5, 5], [7, 7]]


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (["thets"], "unknown candidate 'thets': did you mean 'theta'\\? there are seasonal_naive, "),
        (["nowhere:f"], "candidate 'nowhere:f' can't be imported .*PYTHONPATH"),
        (["own_models:other"], "candidate 'own_models:other' can't be imported"),
        (["sba", "sba"], "two candidates have the same name: sba"),
        (["sba", "median"], "a combination needs at least two candidates"),
    ],
)
def test_what_is_refused(given: list[str], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        names.check_names(given)


def test_the_median_is_of_a_few_unlike_ones() -> None:
    assert names.members("median", names.competing(None, "D")) == ("tsb", "theta_weekly", "lightgbm")
    assert names.members("median", ["seasonal_naive", "sba", "adida", "median"]) == ("sba", "adida")
    assert names.needed_for("weighted", ["seasonal_naive", "sba", "adida", "weighted"]) == ("weighted", "sba", "adida")
    assert names.needed_for("sba", names.competing(None, "D")) == ("sba",)

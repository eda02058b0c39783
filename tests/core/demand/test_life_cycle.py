"""Life cycle and season of a series: known answers."""

import numpy as np
import pytest
from echelon.core.demand.life_cycle import DEFAULT, LifeCycle, dead, life_cycle
from echelon.core.demand.seasonality import is_seasonal
from hypothesis import given
from hypothesis import strategies as st


def weeks(*parts: tuple[int, float]) -> np.ndarray:
    return np.concatenate([np.full(count, value) for count, value in parts])


@pytest.mark.parametrize(
    ("y", "stage"),
    [
        (weeks((10, 3.0)), "new"),
        (weeks((60, 3.0)), "mature"),
        (weeks((60, 3.0), (12, 0.0)), "ending"),  # twelve weeks are too few to be dead
        (weeks((60, 3.0), (13, 0.0)), "dead"),
        (weeks((60, 9.0), (13, 2.0)), "ending"),
        (weeks((30, 9.0), (13, 2.0), (39, 9.0), (13, 2.0)), "mature"),  # the same quarter of last year was as low
        (np.tile([0.0] * 25 + [1.0], 4)[:-1], "mature"),  # sells twice a year: half a year of silence is usual
        (np.r_[1.0, np.zeros(70)], "mature"),  # sold once: nobody knows how often it does
        (np.zeros(70), "mature"),
    ],
)  # fmt: skip
def test_stages_of_weeks(y: np.ndarray, stage: str) -> None:
    assert life_cycle(y, "W", DEFAULT) == stage


def test_days_are_counted_in_weeks() -> None:
    busy = np.tile([5.0, 0, 0, 0, 0, 0, 0], 6)  # six weeks with demand, then thirteen without: (6 / 19)^6 = 0.001
    assert life_cycle(np.r_[busy, np.zeros(13 * 7)], "D", DEFAULT) == "dead"
    once = np.r_[np.full(7, 5.0), np.zeros(13 * 7)]  # seven days of one week say as much as one
    assert life_cycle(once, "D", DEFAULT) != "dead"


def test_months() -> None:
    assert life_cycle(np.r_[np.ones(12), np.zeros(3)], "M", DEFAULT) == "ending"  # three months: (12 / 15)^12 = 0.07
    assert life_cycle(np.r_[np.ones(12), np.zeros(6)], "M", DEFAULT) == "dead"


@given(st.lists(st.sampled_from([0.0, 0.0, 1.0, 4.0]), min_size=1, max_size=80), st.integers(0, 30))
def test_the_dead_stay_dead_while_they_are_silent(history: list[float], more: int) -> None:
    values = np.array([history])
    if dead(values, "W", DEFAULT)[0]:
        assert dead(np.pad(values, ((0, 0), (0, more))), "W", DEFAULT)[0]
        assert dead(np.pad(values, ((0, 0), (5, 0)), constant_values=np.nan), "W", DEFAULT)[0]


def test_none_is_dead_on_request() -> None:
    assert not dead(weeks((60, 3.0), (50, 0.0))[None, :], "W", LifeCycle(dead_probability=0.0)).any()


def test_seasons() -> None:
    rng = np.random.default_rng(1)
    day = np.arange(140)
    assert is_seasonal(rng.poisson(4 + 3 * np.sin(2 * np.pi * day / 7)).astype(float), 7)
    assert not is_seasonal(rng.poisson(4, 140).astype(float), 7)
    assert not is_seasonal(np.full(140, 3.0), 7)
    assert not is_seasonal(np.arange(13.0), 7)

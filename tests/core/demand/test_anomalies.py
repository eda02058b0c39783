"""Spikes and level shifts: known answers."""

import numpy as np
import pytest
from echelon.core.demand.anomalies import level_shift, spike_limits, without_spikes

RNG = np.random.default_rng(11)
STEADY = RNG.poisson(5, 104).astype(float)


def with_spike(y: np.ndarray, units: float, place: int = 70) -> np.ndarray:
    changed = y.copy()
    changed[place] = units
    return changed


def test_a_spike_is_cut_down_and_nothing_else() -> None:
    values = np.stack([STEADY, with_spike(STEADY, 5000.0)])
    limits = spike_limits(values)
    assert np.isinf(limits[0]) and 25 < limits[1] < 500
    cut = without_spikes(values)
    assert (cut[0] == STEADY).all() and cut[1, 70] == limits[1]
    assert (np.delete(cut[1], 70) == np.delete(STEADY, 70)).all()


def test_lumpy_demand_has_no_spikes() -> None:
    lumpy = np.where(RNG.random(400) < 0.2, RNG.lognormal(2, 1.5, 400), 0.0)
    assert np.isinf(spike_limits(lumpy[None, :])).all()


def test_few_demands_and_none_tell_no_usual_size() -> None:
    values = np.zeros((2, 60))
    values[0, :7] = [1, 1, 1, 1, 1, 1, 900]
    values[1, :10] = np.nan
    assert np.isinf(spike_limits(values)).all()
    assert without_spikes(values) is values


def test_units_do_not_matter() -> None:
    y = with_spike(STEADY, 5000.0)[None, :]
    assert spike_limits(1000 * y)[0] == pytest.approx(1000 * spike_limits(y)[0])


@pytest.mark.parametrize(
    ("y", "period"),
    [
        (np.r_[np.tile([4.0, 6.0], 30), np.tile([14.0, 16.0], 22)], 60),
        (np.r_[np.tile([14.0, 16.0], 22), np.tile([4.0, 6.0], 30)], 44),
        (STEADY, None),
        (with_spike(STEADY, 5000.0), None),
        (10 + 4 * np.sin(np.arange(156) * 2 * np.pi / 52), None),
        (np.zeros(60), None),
        (np.ones(5), None),
    ],
)
def test_level_shifts(y: np.ndarray, period: int | None) -> None:
    assert level_shift(y, "W") == period


def test_days_are_added_up_to_weeks_from_the_end() -> None:
    week = np.array([1.0, 2, 3, 4, 5, 0, 0])
    y = np.r_[np.zeros(3), np.tile(week, 20), np.tile(4 * week, 20)]
    assert level_shift(y, "D") == 3 + 140

"""Causes of stock: what a node is without them."""

import numpy as np
import pytest
from echelon.core.inventory.explanation import cause_names as c
from echelon.core.inventory.explanation.causes import Evidence, same, without
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import OUTSIDE, Point, tree_point

LEAD = LeadTime((4, 6, 8, 20), (0.25, 0.25, 0.25, 0.25))  # promised: 8
DEMAND = Demand(np.full(4, 10.0), 0.5, 0.4)
NODE = tree_point("n", "s", 3, LEAD, 1.0, DEMAND, 0.95, 7, 12.0, 24.0)
KNOWN = Evidence(8.0, 0.25)


def demand_of(point: Point) -> Demand:
    assert point.demand is not None
    return point.demand


@pytest.mark.parametrize(
    ("off", "periods", "probability"),
    [
        ({c.UNRELIABILITY}, (4, 6, 8), (0.25, 0.25, 0.5)),
        # kept promises take 6.5 periods on average; the one late shipment is 12 later still
        ({c.VARIATION}, (6, 7, 18, 19), (0.375, 0.375, 0.125, 0.125)),
        ({c.LENGTH}, (0, 2, 4, 16), (0.25, 0.25, 0.25, 0.25)),
        ({c.UNRELIABILITY, c.VARIATION}, (6, 7), (0.5, 0.5)),
        ({c.VARIATION, c.LENGTH}, (0, 12), (0.75, 0.25)),
        ({c.UNRELIABILITY, c.VARIATION, c.LENGTH}, (0,), (1.0,)),
    ],
)
def test_lead_time_is_taken_apart(off: set[str], periods: tuple[int, ...], probability: tuple[float, ...]) -> None:
    found = without(NODE, KNOWN, off).links[0].lead_time
    assert found.periods == periods
    np.testing.assert_allclose(found.probability, probability)


def test_without_deliveries_nothing_counts_as_late() -> None:
    assert without(NODE, Evidence(), {c.UNRELIABILITY}).links[0].lead_time == LEAD
    assert without(NODE, Evidence(), {c.VARIATION}).links[0].lead_time == LeadTime.from_days([9.5], [1.0], 1.0)


def test_other_causes_change_what_they_name() -> None:
    assert without(NODE, KNOWN, {c.TARGET}).target_fill_rate == pytest.approx(0.9)
    policy = without(NODE, KNOWN, {c.LOTS}).policy
    assert (policy.lot_size, policy.moq, policy.review_period) == (0, 0, 7)
    assert without(NODE, KNOWN, {c.REVIEW}).policy.calendar == (True,)
    assert without(NODE, KNOWN, {c.SHORTAGE}).links[0].source == OUTSIDE
    assert demand_of(without(NODE, KNOWN, {c.ERROR})).level_cv == 0
    noiseless = demand_of(without(NODE, KNOWN, {c.NOISE}))
    assert (noiseless.dispersion, noiseless.counts, noiseless.level_cv) == (0, False, 0.4)


def test_bias_is_taken_out_of_the_mean_and_of_the_spread_that_it_was_in() -> None:
    """Demand that is 8 or 12 where 12.5 was forecast: relative to the forecast its mean square distance from 1 counts the
    bias; relative to the unbiased forecast, 10, the coefficient of variation is 0.2."""
    ratio = np.array([8, 12]) / 12.5
    seen = Demand(np.full(2, 12.5), 0.3, float(np.sqrt(np.mean((ratio - 1) ** 2))))
    found = demand_of(without(tree_point("n", "s", -1, LEAD, 1.0, seen), Evidence(bias=0.25), {c.BIAS}))
    np.testing.assert_allclose(found.mean, 10.0)
    assert found.level_cv == pytest.approx(0.2)
    assert found.dispersion == 0.3


def test_nothing_off_is_the_node_itself() -> None:
    assert same(without(NODE, KNOWN, frozenset()), NODE)
    assert same(without(NODE, KNOWN, {c.UNRELIABILITY}), without(NODE, KNOWN, {c.UNRELIABILITY}))
    for cause in (c.BIAS, c.ERROR, c.LENGTH, c.TARGET):
        assert not same(without(NODE, KNOWN, {cause}), NODE), cause

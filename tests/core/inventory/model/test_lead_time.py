"""Lead times that can't be are refused by name."""

import pytest
from echelon.core.inventory.model.lead_time import MOST_PERIODS, LeadTime, ProblemError


@pytest.mark.parametrize(
    ("periods", "probability", "message"),
    [
        ((), (), "periods must ascend, with one probability each"),
        ((2, 2), (0.5, 0.5), "periods must ascend"),
        ((1, 2), (1.0,), "one probability each"),
        ((-1, 2), (0.5, 0.5), "must lie between 0 and"),
        ((0, MOST_PERIODS + 1), (0.5, 0.5), f"must lie between 0 and {MOST_PERIODS} periods"),
        ((1, 2), (1.5, -0.5), "must not be negative and must add up to 1"),
        ((1, 2), (0.5, 0.4), "must add up to 1"),
    ],
)
def test_what_can_not_be_is_refused(periods: tuple[int, ...], probability: tuple[float, ...], message: str) -> None:
    with pytest.raises(ProblemError, match=message):
        LeadTime(periods, probability)

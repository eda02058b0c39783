"""What a plan promises is what happens in the long run. Longer, and for more networks, at night: NIGHTLY=1 (make nightly)."""

import pytest
from echelon.api import SupplyNetwork
from support.examples import by_night
from support.long_run import promise_of
from support.long_run.cases import Case, described, made, the_cases

EXPIRES_IN_WAVES = pytest.mark.xfail(strict=True, reason="lots of 40 at 1 a day that expire after 21: decision 62")
MADE = by_night(5, 20)


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name) for case in the_cases()])
def test_a_promise_is_what_happens(case: Case) -> None:
    promise = promise_of(case.network, by_night(min(case.periods, 400_000), case.periods))
    assert promise.holds, str(promise)


@pytest.mark.parametrize("network", [pytest.param(one, id=f"{n}: {described(one)}") for n, one in enumerate(made(MADE))])
def test_a_promise_is_what_happens_in_networks_of_every_kind(network: SupplyNetwork) -> None:
    promise = promise_of(network, by_night(200_000, 400_000))
    assert promise.holds, str(promise)

"""Which day a stage alone plans for, and when it refuses to."""

from datetime import date
from typing import Any

import pytest
from echelon.errors import ConfigurationError
from echelon.lake.releases.run_dates import made_for, released_run_date

MONDAY, TUESDAY = date(2026, 11, 2), date(2026, 11, 3)


def release(day: date, **tables: int) -> dict[str, Any]:
    return {"run_date": day, "tables": tables}


PLAN = release(MONDAY, sales=1, demand=1, champions=1, forecasts=1, orders=1)
AGAIN = release(TUESDAY, sales=2, demand=1, champions=1, forecasts=1, orders=1)
PREPARED = release(TUESDAY, sales=2, demand=2, champions=1, forecasts=1, orders=1)


def test_before_the_first_release_there_is_no_day() -> None:
    assert released_run_date([], MONDAY, {"ingest"}) is None


@pytest.mark.parametrize("wanted", [None, MONDAY])
def test_a_stage_plans_for_the_day_of_the_tables(wanted: date | None) -> None:
    assert released_run_date([PLAN], wanted, {"ingest", "prepare"}) == MONDAY


def test_another_day_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"is 2026-11-03, and the tables were made for 2026-11-02: .* 'ingest' on"):
        released_run_date([PLAN], TUESDAY, {"ingest", "prepare"})


def test_tables_of_the_day_before_are_not_taken_for_todays() -> None:
    assert released_run_date([PLAN, AGAIN], TUESDAY, {"ingest"}) == TUESDAY
    with pytest.raises(ConfigurationError, match=r"'prepare' were made for 2026-11-02, .* run from the stage 'prepare' on"):
        released_run_date([PLAN, AGAIN], TUESDAY, {"ingest", "prepare"})
    assert released_run_date([PLAN, AGAIN, PREPARED], None, {"ingest", "prepare"}) == TUESDAY


def test_a_stage_was_made_for_the_day_on_which_one_of_its_tables_changed_last() -> None:
    assert made_for([PLAN, AGAIN, PREPARED]) == {
        "ingest": TUESDAY,
        "prepare": TUESDAY,
        "backtest": MONDAY,
        "forecast": MONDAY,
        "replenish": MONDAY,
    }

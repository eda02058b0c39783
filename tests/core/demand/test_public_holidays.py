"""Public holidays by country against known calendars."""

from datetime import date

import pytest

pytest.importorskip("holidays", reason="the library `holidays` is not installed yet")

from echelon.core.demand.public_holidays import public_holidays

YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def test_one_country_for_all_locations() -> None:
    found = public_holidays({"*": "GB-ENG"}, ["North", "South"], *YEAR)
    assert set(found["location"]) == {"*"}
    days = dict(zip(found["date"], found["name"], strict=True))
    assert [days[date(2026, m, d)] for m, d in ((1, 1), (4, 3), (12, 25))] == ["New Year's Day", "Good Friday", "Christmas Day"]
    assert len(days) >= 8


def test_each_location_its_country_and_the_others_the_rest() -> None:
    found = public_holidays({"*": "FR", "Munich": "DE-BY"}, ["Lyon", "Munich", "Nice"], *YEAR)
    days = {place: set(rows["date"]) for place, rows in found.groupby("location")}
    assert set(days) == {"Lyon", "Munich", "Nice"}
    assert days["Lyon"] == days["Nice"]
    assert date(2026, 7, 14) in days["Lyon"] - days["Munich"]
    assert date(2026, 1, 6) in days["Munich"] - days["Lyon"]


def test_locations_without_a_country_have_none() -> None:
    assert set(public_holidays({"Munich": "DE"}, ["Lyon", "Munich"], *YEAR)["location"]) == {"Munich"}


def test_a_code_that_is_none() -> None:
    with pytest.raises(ValueError, match="'Utopia' is no country of the calendar"):
        public_holidays({"*": "Utopia"}, [], *YEAR)

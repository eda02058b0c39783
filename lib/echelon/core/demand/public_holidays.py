"""Public holidays of the countries that locations are in, from the library `holidays`."""

from collections.abc import Iterable, Mapping
from datetime import date

import pandas as pd

EVERY = "*"
# Where the library has names in this language, the same holiday has the same name in all countries.
_LANGUAGE = "en_US"
COLUMNS = ["name", "location", "date"]


def public_holidays(countries: Mapping[str, str], locations: Iterable[str], first: date, last: date) -> pd.DataFrame:
    """Rows name, location, date of all holidays from `first` to `last`, ordered by location, date and name.

    countries: code of the country (ISO 3166, `DE`; with a subdivision `DE-BY`) by location; EVERY for those not named.
    Where only EVERY is there, its rows have the location EVERY. Raises ValueError for a code that is none.
    """
    named = sorted(set(locations)) if set(countries) != {EVERY} else [EVERY]
    holidays = [
        (name, location, day)
        for location in named
        if (code := countries.get(location, countries.get(EVERY)))
        for day, name in _days(code, first, last)
    ]
    return pd.DataFrame(holidays, columns=COLUMNS)


def _days(code: str, first: date, last: date) -> list[tuple[date, str]]:
    from holidays import country_holidays

    country, _, part = code.partition("-")
    years = range(first.year, last.year + 1)
    try:
        calendar = country_holidays(country, subdiv=part or None, years=years, language=_LANGUAGE)
    except NotImplementedError:
        raise ValueError(f"'{code}' is no country of the calendar: give its code, for example DE, or DE-BY") from None
    return sorted((day, name) for day in calendar for name in set(calendar.get_list(day)) if first <= day <= last)

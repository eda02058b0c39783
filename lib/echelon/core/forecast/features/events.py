"""Holidays and other events that are known ahead, as signals: how many days of a period they take."""

import pandas as pd

from echelon.core.forecast.features.covariates import EVERY, Signal

ANY = "any"
# No signal is called so: an event may have the name of one.
PREFIX = "\x1f"
# An event of its own is a column for the models; rarer ones count in ANY alone.
MOST_EVENTS = 20
LEAST_DAYS = 2
_ROW = ["name", "location", "date"]


def event_signals(rows: pd.DataFrame, horizon: int) -> tuple[list[Signal], pd.DataFrame]:
    """(signals, rows name, location, date, value) from rows name, location, date in any order.

    ANY counts the days with an event of any name. The names with most days have a signal of their own: at most MOST_EVENTS,
    with two different days at least. An event everywhere (EVERY) happens at every location too.
    """
    by_place = _at_every_place(rows.drop_duplicates(_ROW))
    whole = by_place.drop_duplicates(["location", "date"]).assign(name=ANY)
    named = by_place[by_place["name"].isin(_frequent(rows))]
    counted = pd.concat([whole, named]).assign(name=lambda days: PREFIX + days["name"].astype(str))
    names = sorted(counted["name"].unique())
    signals = [Signal(name, horizon, 0.0, "sum", "event") for name in names]
    return signals, counted.assign(value=1.0)[[*_ROW, "value"]].sort_values(_ROW, ignore_index=True)


def _at_every_place(rows: pd.DataFrame) -> pd.DataFrame:
    """As rows of a location hide those for all, the latter are repeated for every location that has rows."""
    everywhere = rows[rows["location"] == EVERY]
    places = sorted(set(rows["location"]) - {EVERY})
    repeated = [everywhere.assign(location=place) for place in places]
    return pd.concat([rows, *repeated]).drop_duplicates(_ROW)


def _frequent(rows: pd.DataFrame) -> list[str]:
    days = rows.groupby("name")["date"].nunique().rename("days").reset_index()
    often = days[days["days"] >= LEAST_DAYS].sort_values(["days", "name"], ascending=[False, True])
    return [str(name) for name in often["name"][:MOST_EVENTS]]

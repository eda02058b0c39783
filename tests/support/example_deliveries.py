"""Lanes and deliveries, so that a test names only what it changes."""

import datetime as dt
from typing import Any

import pandas as pd
from echelon.core.network.deliveries import known_deliveries
from echelon.core.network.lead_times import LeadTimeRules, lead_times
from echelon.core.network.suppliers import suppliers

START = dt.date(2011, 1, 3)


def lane(source: str = "S", destination: str = "W", mean: float = 10.0, sd: float = 3.0) -> dict[str, Any]:
    return {"source": source, "destination": destination, "lead_time_days": mean, "lead_time_sd_days": sd}


def delivery(
    days: int,
    promised: int | None = 10,
    ordered: float | None = 100.0,
    received: float = 100.0,
    order_date: dt.date = START,
    source: str = "S",
    destination: str = "W",
) -> dict[str, Any]:
    return {
        "source": source,
        "destination": destination,
        "order_date": order_date,
        "promised_date": None if promised is None else order_date + dt.timedelta(days=promised),
        "received_date": order_date + dt.timedelta(days=days),
        "quantity_ordered": ordered,
        "quantity_received": received,
    }


def learn(*history: Any, rules: LeadTimeRules | None = None, **before: Any) -> pd.DataFrame:
    """The table `lead_times`. history and before: as `counted` takes them."""
    return lead_times(*counted(*history, **before), rules)


def scored(*history: Any, rules: LeadTimeRules | None = None, **before: Any) -> pd.DataFrame:
    """The table `suppliers`, by source. history and before: as `counted` takes them."""
    return suppliers(*counted(*history, **before), rules).set_index("source")


def counted(
    deliveries: list[dict[str, Any]],
    lanes: list[dict[str, Any]] | None = None,
    received_before: dt.date | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lanes, and their deliveries as `known_deliveries` counts them."""
    frame = pd.DataFrame(lanes or [lane()])
    return frame, known_deliveries(frame, frame_of(deliveries), received_before)


def frame_of(deliveries: list[dict[str, Any]]) -> pd.DataFrame:
    """The deliveries as a frame, with its columns also where there are none."""
    return pd.DataFrame(deliveries) if deliveries else pd.DataFrame([delivery(1)]).head(0)

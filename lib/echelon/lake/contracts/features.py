"""Tables of what forecasts know beside demand."""

from echelon.lake.contract import Column, Table
from echelon.lake.contracts.common import LOCATION, SKU

SIGNALS = Table(
    "signals",
    "ingest",
    "Signals beside demand and events, as they were given. The most exact rows of a name count: those for a SKU and location, "
    "then for the SKU, then for the location, then for all (events for all count everywhere). When each signal is known says "
    "the configuration, under `signals`; events are known ahead.",
    ("kind", "name", "sku", "location", "date"),
    (
        Column("kind", "string", "A signal with a value, or a day of an event", allowed=("signal", "event")),
        Column("name", "string", "Name of the signal or event", check="length(name) > 0"),
        SKU,
        LOCATION,
        Column("date", "date", "Day for which the value holds"),
        Column("value", "double", "Value in the signal's own unit; 1 for events"),
    ),
)
TABLES = (SIGNALS,)

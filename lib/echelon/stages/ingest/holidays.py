"""Public holidays of the configured countries as events."""

from datetime import timedelta

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.public_holidays import public_holidays
from echelon.errors import InputRefused
from echelon.lake.contracts import TABLES
from echelon.lake.inputs import EVERY
from echelon.stages.shared.context import Context
from echelon.stages.shared.network import names_of

# Known that far ahead of the run date: no horizon is longer.
_DAYS_AHEAD = 2 * 366


def with_public_holidays(context: Context, tables: dict[str, DataFrame]) -> DataFrame:
    """The table `signals` with the holidays from the first sale on, but for those that were given as events.

    Raises InputRefused for a location or country that is not known.
    """
    countries, signals = context.settings.holidays, tables["signals"]
    if not countries:
        return signals
    places = names_of(tables["locations"])
    if unknown := sorted(set(countries) - {EVERY, *places}):
        raise InputRefused(f"holidays: location '{unknown[0]}' is not known; there are {', '.join(places[:8])}")
    first = tables["sales"].agg(F.min("date")).collect()[0][0]
    try:
        holidays = public_holidays(countries, places, first, context.run_date + timedelta(days=_DAYS_AHEAD))
    except ValueError as error:
        raise InputRefused(f"holidays: {error}") from None
    rows = holidays.assign(kind="event", sku=EVERY, value=1.0)[TABLES["signals"].column_names]
    days = context.spark.createDataFrame(rows.to_records(index=False).tolist(), TABLES["signals"].ddl)
    return signals.unionByName(days.join(signals, list(TABLES["signals"].key), "left_anti"))

"""Bad rows of master data. They change what is planned, so they are not left out like a sale.

A bad lane stops the run. The item or location of a refused row is planned nevertheless: with what can be read of its rows, and
the defaults for the rest; the exception `record_refused` tells it.
"""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.errors import InputRefused
from echelon.lake.inputs import INPUTS, InputColumn
from echelon.lake.sources.part import FILE
from echelon.lake.sources.read import ROW
from echelon.stages.ingest.classify import REASON, RULE, outside
from echelon.stages.ingest.records import Frames

# After other rules a row's values may stand in the wrong columns.
_READABLE = ("wrong_type", "out_of_range", "conflicting")
# Of a rounded name nobody knows whose it is.
_NOBODY = "rounded_name"


def refuse_bad_lanes(rows: Frames) -> None:
    """Raises InputRefused for a lane that can't be read or has two meanings."""
    if "lanes" not in rows:
        return
    bad = rows["lanes"].where(F.col(RULE).isNotNull() & (F.col(RULE) != "duplicate"))
    refused = bad.select(FILE, ROW, REASON).orderBy(FILE, ROW).collect()  # lanes are few
    if refused:
        file, row, reason = refused[0]
        more = f", and {len(refused) - 1} more" if len(refused) > 1 else ""
        raise InputRefused(f"lanes: {file}: {reason}: {row}{more}. Lanes decide what is planned: mend the row, or take it out")


def with_refused(rows: DataFrame, name: str) -> DataFrame:
    """The accepted rows of an input, and one for each key of which not one row was accepted: a value that can be read and on
    which the refused rows agree, null for others."""
    columns, (key,) = INPUTS[name].columns, INPUTS[name].key
    good = rows.where(F.col(RULE).isNull()).select(*(column.name for column in columns))
    bad = rows.where((F.col(RULE) != _NOBODY) & F.col(key).isNotNull()).join(good, key, "left_anti")
    readable = F.col(RULE).isin(*_READABLE)
    agreed = [_agreed(F.when(readable, _in_range(column)), column.name) for column in columns if column.name != key]
    return good.unionByName(bad.groupBy(key).agg(*agreed))


def _in_range(column: InputColumn) -> Column:
    value = F.col(column.name)
    wrong = outside(column, value)
    return value if wrong is None else F.when(~wrong, value)


def _agreed(value: Column, name: str) -> Column:
    return F.when(F.min(value) == F.max(value), F.min(value)).alias(name)

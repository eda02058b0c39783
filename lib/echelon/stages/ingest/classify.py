"""Type the rows of an input and say for each row which rule refuses it, if any."""

from dataclasses import dataclass
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.lake.inputs import Input, InputColumn
from echelon.lake.sources.moments import CLOCK, SECOND, clock_of, day_of, second_of
from echelon.lake.sources.part import FILE
from echelon.lake.sources.read import LOST, READ_REASON, READ_RULE, ROW

RULE, REASON = "_rule", "_reason"


@dataclass(frozen=True)
class Rule:
    """A row that meets `condition` is quarantined under `name`, for the reason in words."""

    name: str
    condition: Column
    reason: Column


def typed(raw: DataFrame, wanted: Input, source: Source) -> DataFrame:
    """Columns in their types, the text kept in `_file` and `_row`, with the first rule of reading, types and ranges that
    refuses, and of each date with a time (of a moment in UTC; of one without a zone) the second of its day."""
    parsed = raw.withColumns({_value(column): _parsed(column, source) for column in wanted.columns})
    rules = [rule for column in wanted.columns for rule in _column_rules(column, source.date_format)]
    rules += [_nothing_said(wanted.any_of)] if wanted.any_of else []
    types = [F.col(_value(column)).alias(column.name) for column in wanted.columns]
    dates = [column.name for column in wanted.columns if column.type == "date"]
    types += [second_of(F.col(name), source).alias(f"{SECOND}{name}") for name in dates]
    types += [clock_of(F.col(name), source).alias(f"{CLOCK}{name}") for name in dates]
    rule, reason = _first(rules)
    reason = F.when(F.col(READ_RULE).isNull(), reason).otherwise(F.col(READ_REASON))
    return parsed.select(*types, FILE, ROW, LOST, F.coalesce(READ_RULE, rule).alias(RULE), reason.alias(REASON))


def _nothing_said(names: tuple[str, ...]) -> Rule:
    empty = reduce(Column.__and__, (F.col(name).isNull() for name in names))
    return Rule("missing_value", empty, F.lit(f"{' and '.join(names)} are empty: give one of them"))


def _value(column: InputColumn) -> str:
    """Name of the parsed column while the text is there too."""
    return f"_value_{column.name}"


def refuse(frame: DataFrame, *rules: Rule) -> DataFrame:
    """Apply further rules to the rows that none has refused yet."""
    rule, reason = _first(rules)
    return frame.withColumns(
        {REASON: F.when(F.col(RULE).isNull(), reason).otherwise(F.col(REASON)), RULE: F.coalesce(RULE, rule)}
    )


def refuse_unknown(frame: DataFrame, known: DataFrame, column: str, rule: str, what: str) -> DataFrame:
    """Quarantine rows whose value of `column` is not in the one-column frame `known`."""
    marked = known.select(F.col(known.columns[0]).alias(column)).distinct().withColumn("_known", F.lit(True))
    joined = frame.join(marked, column, "left")
    reason = F.concat(F.lit(f"{column} '"), F.col(column), F.lit(f"' is not in {what}"))
    return refuse(joined, Rule(rule, F.col("_known").isNull(), reason)).drop("_known")


def first_reasons(frame: DataFrame) -> str:
    """The most frequent reasons for which rows were refused, in words."""
    counts = frame.where(F.col(RULE).isNotNull()).groupBy(RULE).agg(F.count("*").alias("n"), F.min(REASON).alias("why"))
    rows = counts.orderBy(F.desc("n"), RULE).limit(3).collect()
    return "; ".join(f"{row[RULE]} ({row['n']} rows; {row['why']})" for row in rows)


def _first(rules: list[Rule] | tuple[Rule, ...]) -> tuple[Column, Column]:
    name, reason = F.lit(None).cast("string"), F.lit(None).cast("string")
    for rule in reversed(rules):
        name = F.when(rule.condition, F.lit(rule.name)).otherwise(name)
        reason = F.when(rule.condition, rule.reason).otherwise(reason)
    return name, reason


def _column_rules(column: InputColumn, date_format: str | None) -> list[Rule]:
    text, value = F.col(column.name), F.col(_value(column))
    rules = []
    if column.required:
        rules.append(Rule("missing_value", text.isNull(), F.lit(f"{column.name} is empty")))
    if column.type != "string":
        form = f" of the form {date_format}" if column.type == "date" and date_format else ""
        reason = F.concat(F.lit(f"{column.name} '"), text, F.lit(f"' is not {_KINDS[column.type]}{form}"))
        rules.append(Rule("wrong_type", text.isNotNull() & value.isNull(), reason))
    limits = outside(column, value)
    if limits is not None:
        reason = F.concat(F.lit(f"{column.name} "), text, F.lit(f" is not {_range_words(column)}"))
        rules.append(Rule("out_of_range", limits, reason))
    return rules


_KINDS = {"double": "a number", "int": "a whole number", "date": "a date", "boolean": "yes or no (true, false, 1, 0, y, n)"}
_YES, _NO = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")


# Spark's casts also take '7d' for a number.
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"


def _parsed(column: InputColumn, source: Source) -> Column:
    text = F.col(column.name)
    if column.type == "date":
        return day_of(text, source)
    if column.type == "string":
        return text
    if column.type == "boolean":
        return F.when(F.lower(text).isin(*_YES), F.lit(True)).when(F.lower(text).isin(*_NO), F.lit(False))
    number = F.when(text.rlike(_NUMBER), text.try_cast("double"))
    number = F.when(F.abs(number) < float("inf"), number)
    return number if column.type == "double" else F.when(number == F.floor(number), number.try_cast("int"))


def outside(column: InputColumn, value: Column) -> Column | None:
    """Whether a value is outside the range of its column; None for a column without one."""
    conditions = []
    if column.low is not None:
        conditions.append(value <= column.low if column.above else value < column.low)
    if column.high is not None:
        conditions.append(value > column.high)
    if not conditions:
        return None
    return conditions[0] if len(conditions) == 1 else conditions[0] | conditions[1]


def _range_words(column: InputColumn) -> str:
    if column.high is not None:
        return f"between {column.low:g} and {column.high:g}"
    return f"above {column.low:g}" if column.above else f"at least {column.low:g}"

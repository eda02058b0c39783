"""Our columns from theirs: as text, with the row as it was and what its reading alone says against it."""

import re
from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.lake.inputs import Input, InputColumn
from echelon.lake.sources.csv_files import RECORD, SURPLUS, separator_of
from echelon.lake.sources.encoding import REPLACED
from echelon.lake.sources.explain import LONGEST
from echelon.lake.sources.moments import is_local, written_in_utc
from echelon.lake.sources.part import Part, quoted

_BLANKS = " \t\r\n\u00a0\ufeff"
# Also those that only steer or divide; the joiners U+200C and U+200D belong to emoji and to some scripts.
_CONTROL = r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064]"
# pandas writes timestamps in nanoseconds, which Spark reads as whole numbers: anything after the first days of 1970.
_LEAST_NANOSECONDS = 10**15
# Beyond these, not every whole number has a floating-point number of its own.
_EXACT = {"float": 2**24, "double": 2**53}
# What is kept of a value that is too long to be one.
_SHOWN = 1000

Problem = tuple[str, Column, Column]


def find_column(columns: tuple[str, ...], name: str) -> str | None:
    """Their column of that name; else the only one that differs from it in case, blanks or underscores alone."""
    if name in columns:
        return name
    alike = [column for column in columns if _bare(column) == _bare(name)]
    return alike[0] if len(alike) == 1 else None


def _bare(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip(_BLANKS)).lower()


def text_of(part: Part, source: Source, wanted: InputColumn) -> Column:
    """Our column as trimmed text, null where it is empty or the part does not have it."""
    if wanted.name in source.constants:
        return F.lit(source.constants[wanted.name]).alias(wanted.name)
    theirs = find_column(part.columns, source.columns.get(wanted.name, wanted.name))
    if theirs is None:
        return F.lit(None).cast("string").alias(wanted.name)
    text = F.trim(_as_text(part, theirs, wanted), F.lit(_BLANKS))
    return F.when(text != "", text).alias(wanted.name)


def _as_text(part: Part, theirs: str, wanted: InputColumn) -> Column:
    value, kind = quoted(theirs), _kind(part, theirs)
    if wanted.type == "date" and kind == "bigint":
        return _from_nanoseconds(value, is_local(part.names, theirs))
    if wanted.type == "date" and kind == "timestamp":
        return written_in_utc(value)
    if wanted.type == "string" and kind in _EXACT:
        return F.when(~F.isnan(value), F.when(_is_exact(value, kind), _plain(value)).otherwise(value.cast("string")))
    if wanted.type == "string" and kind.startswith("decimal"):
        return _without_zeros(value.cast("string"))
    return _shortened(part, theirs).cast("string")


def _kind(part: Part, column: str) -> str:
    return str(part.frame.schema[column].dataType.simpleString())


def _from_nanoseconds(value: Column, local: bool) -> Column:
    moment = F.timestamp_micros(F.floor(value / 1000))
    date = moment.cast("string") if local else written_in_utc(moment)
    return F.when(F.abs(value) >= _LEAST_NANOSECONDS, date).otherwise(value.cast("string"))


def _is_exact(value: Column, kind: str) -> Column:
    return F.abs(value) < _EXACT[kind]


def _plain(number: Column) -> Column:
    """A floating-point number as people write it: 10000001, not 1.0000001E7. By its shortest text, as 12.1 is not exact."""
    return _without_zeros(number.cast("string").cast("decimal(38,10)").cast("string"))


def _without_zeros(text: Column) -> Column:
    return F.when(text.contains("."), F.regexp_replace(text, r"\.?0+$", "")).otherwise(text)


def row_of(part: Part, order: list[str]) -> Column:
    """The row as JSON, its columns in the given order, and the whole record where it has more values than columns."""
    fields = [_shortened(part, name).alias(name) for name in order]
    row = F.to_json(F.struct(*fields), {"ignoreNullFields": "false"})
    if RECORD not in part.frame.columns:
        return row
    record = F.to_json(F.struct(*fields, F.col(RECORD).alias("(whole record)")), {"ignoreNullFields": "false"})
    return F.when(F.col(SURPLUS).isNotNull(), record).otherwise(row)


def _shortened(part: Part, name: str) -> Column:
    """The column; of text that is too long to be a value its beginning. CSV with such text is not read at all."""
    column = quoted(name)
    if SURPLUS in part.frame.columns or _kind(part, name) not in ("string", "binary"):
        return column
    beginning = F.concat(F.substring(column, 1, _SHOWN).cast("string"), F.lit(" ... cut here"))
    return F.when(F.octet_length(column) > LONGEST, beginning).otherwise(column.cast("string"))


def replaced(part: Part, row: Column) -> Column:
    """Whether bytes of the row, or a character in it, could not be read."""
    if SURPLUS in part.frame.columns:
        return row.contains(REPLACED)
    raw = [~F.is_valid_utf8(quoted(name).cast("string")) for name in part.columns if _kind(part, name) == "binary"]
    return F.coalesce(reduce(Column.__or__, raw, F.lit(False)), F.lit(False))


def problems(part: Part, source: Source, wanted: Input) -> list[Problem]:
    """Name of the rule, condition and reason of each thing that is wrong with a row as it was read."""
    found = _problems_of_csv(part, source) if SURPLUS in part.frame.columns else _problems_of_types(part, source, wanted)
    texts = [column.name for column in wanted.columns if column.type == "string"]
    names = " or ".join(texts)
    hidden = F.concat_ws(" ", *(text_of(part, source, column) for column in wanted.columns if column.name in texts))
    reason = F.lit(f"{names} holds a control character, which nobody can see (\\u0000 and the like in the text of this row)")
    return [*found, ("control_character", hidden.rlike(_CONTROL), reason)]


def _problems_of_csv(part: Part, source: Source) -> list[Problem]:
    """Rows whose values and columns do not go together."""
    columns = part.columns[: len(part.columns) - len(part.folders)]
    line = rf"\n([^\n]*?\Q{separator_of(source)}\E){{{len(columns) - 1}}}"
    swallowed = F.concat_ws("\x1f", *map(quoted, columns)).rlike(line) if len(columns) > 1 else F.lit(False)
    quotes = "a value holds what look like further rows: a quotation mark without its partner? They are in the text of this row"
    more = f"more values than the {len(columns)} columns of the file, beyond them '"
    surplus = F.concat(F.lit(more), F.col(SURPLUS), F.lit("'"))
    return [
        ("broken_quotes", swallowed, F.lit(quotes)),
        ("too_many_values", F.col(SURPLUS).isNotNull(), surplus),
    ]


def _problems_of_types(part: Part, source: Source, wanted: Input) -> list[Problem]:
    """Values that are none: far too long, or names that a floating-point number can't hold exactly."""
    found = []
    for name in part.columns:
        if _kind(part, name) in ("string", "binary"):
            length = F.octet_length(quoted(name))
            reason = F.format_string(f"{name.replace('%', '%%')} has %d bytes, more than {LONGEST}", length)
            found.append(("too_long", length > LONGEST, reason))
    for column in wanted.columns:
        theirs = find_column(part.columns, source.columns.get(column.name, column.name))
        if theirs and column.type == "string" and column.name not in source.constants and _kind(part, theirs) in _EXACT:
            value, why = quoted(theirs), "' is a floating-point number too large to be exact: give text or whole numbers"
            inexact = value.isNotNull() & ~F.isnan(value) & ~_is_exact(value, _kind(part, theirs))
            found.append(("wrong_type", inexact, F.concat(F.lit(f"{column.name} '"), value.cast("string"), F.lit(why))))
    return found

"""Our columns from theirs: as text, with the row as it was and what its reading alone says against it."""

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.inputs import Input, InputColumn
from echelon.lake.sources.csv.encoding import REPLACED
from echelon.lake.sources.csv.files import RECORD, SURPLUS
from echelon.lake.sources.csv.options import separator_of
from echelon.lake.sources.explain import LONGEST, READ_ERRORS, explain_read
from echelon.lake.sources.matching import BLANKS, LABELS, theirs
from echelon.lake.sources.moments import is_local, written_in_utc
from echelon.lake.sources.part import FILE, Part, quoted

# Also those that only steer or divide; the joiners U+200C and U+200D belong to emoji and to some scripts.
_CONTROL = r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064]"
# pandas writes timestamps in nanoseconds, which Spark reads as whole numbers. Others store whole numbers: of one unit those are
# taken that give a year from 1980 to 2100, which are those of no other unit. Seconds may be hours too (2026010512).
_UNITS = (10**9, 10**6, 10**3)
_SECONDS = (315_532_800, 4_102_444_800)
# A long number as a spreadsheet shows and exports it, rounded: 4.01E+12. Nobody writes a name so; 1E5 may be one.
_ROUNDED = r"^\d([.,]\d+)?[eE]\+\d{2,}$"
# Beyond these, not every whole number has a floating-point number of its own.
_EXACT = {"float": 2**24, "double": 2**53}
# What is kept of a value that is too long to be one.
_SHOWN = 1000

Problem = tuple[str, Column, Column]


def text_of(part: Part, source: Source, wanted: InputColumn) -> Column:
    """Our column as trimmed text, null where it is empty or the part does not have it."""
    if wanted.name in source.constants:
        return F.lit(source.constants[wanted.name]).alias(wanted.name)
    column = theirs(part, source, wanted.name)
    return (F.lit(None).cast("string") if column is None else _trimmed(part, column, wanted)).alias(wanted.name)


def _trimmed(part: Part, column: str, wanted: InputColumn) -> Column:
    text = F.trim(_as_text(part, column, wanted), F.lit(BLANKS))
    return F.when(text != "", text)


def refuse_hidden(part: Part, source: Source, wanted: Input) -> None:
    """Raises InputRefused where a constant would replace what the part says itself; what is empty there, or the same, is read
    as the constant. Rows are only looked at where the part has such a column, which is rare."""
    for column in (column for column in wanted.columns if column.name in source.constants):
        name = theirs(part, source, column.name)
        if name is None or name in source.columns.values():
            continue
        text = _trimmed(part, name, column)
        other = part.frame.where(~_same(text, source.constants[column.name], column)).select(text, FILE)
        try:
            rows = other.limit(1).collect()
        except READ_ERRORS as error:
            raise InputRefused(f"{wanted.name}: {source.place}: {explain_read(error, source.place)}") from None
        if rows:
            constant, (text, file) = source.constants[column.name], rows[0]
            raise InputRefused(
                f"{wanted.name}: {source.place}: constants.{column.name} is '{constant}', but column '{name}' of the file says "
                f"'{text}' ({file}): leave {column.name} out of sources.{wanted.name}.constants, or rename that column if it "
                "means something else"
            )


def _same(text: Column, constant: str, wanted: InputColumn) -> Column:
    """Null, so that neither holds, where there is no text."""
    if wanted.type not in ("double", "int"):
        return text == constant
    return (text == constant) | F.coalesce(text.try_cast("double") == F.lit(constant).try_cast("double"), F.lit(False))


def _as_text(part: Part, name: str, wanted: InputColumn) -> Column:
    value, kind = quoted(name), _kind(part, name)
    if wanted.type == "date" and kind == "bigint":
        return _from_number(value, is_local(part.names, name))
    if wanted.type == "date" and kind == "timestamp":
        return written_in_utc(value)
    if wanted.type == "string" and kind in _EXACT:
        return F.when(~F.isnan(value), F.when(_is_exact(value, kind), _plain(value)).otherwise(value.cast("string")))
    if wanted.type == "string" and kind.startswith("decimal"):
        return _without_zeros(value.cast("string"))
    return _shortened(part, name).cast("string")


def _kind(part: Part, column: str) -> str:
    return str(part.frame.schema[column].dataType.simpleString())


def _from_number(value: Column, local: bool | None) -> Column:
    """The moment of a whole number since 1970 as text. local: whether such timestamps lack a time zone, None: are numbers."""
    if local is not None:
        return _moment(value, _UNITS[0], local)
    least, most = _SECONDS
    text = value.cast("string")
    for unit in _UNITS:
        text = F.when(value.between(least * unit, most * unit - 1), _moment(value, unit, local=False)).otherwise(text)
    return text


def _moment(value: Column, unit: int, local: bool) -> Column:
    micros = F.floor(value / (unit // 10**6)) if unit > 10**6 else value * (10**6 // unit)
    moment = F.timestamp_micros(micros)
    return moment.cast("string") if local else written_in_utc(moment)


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
    problems = _problems_of_csv(part, source) if SURPLUS in part.frame.columns else _problems_of_types(part, source, wanted)
    texts = [column.name for column in wanted.columns if column.type == "string"]
    names = " or ".join(texts)
    hidden = F.concat_ws(" ", *(text_of(part, source, column) for column in wanted.columns if column.name in texts))
    reason = F.lit(f"{names} holds a control character, which nobody can see (\\u0000 and the like in the text of this row)")
    problems += [
        _rounded(column, text_of(part, source, column)) for column in wanted.columns if column.name in {*texts} - LABELS
    ]
    return [*problems, ("control_character", hidden.rlike(_CONTROL), reason)]


def _rounded(column: InputColumn, text: Column) -> Problem:
    why = (
        "' is a long number as a spreadsheet shows it, rounded, and may stand for several: give the column the format text, or "
        "number without decimals, there and export it again"
    )
    return "rounded_name", text.rlike(_ROUNDED), F.concat(F.lit(f"{column.name} '"), text, F.lit(why))


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
    problems = []
    for name in part.columns:
        if _kind(part, name) in ("string", "binary"):
            length = F.octet_length(quoted(name))
            reason = F.format_string(f"{name.replace('%', '%%')} has %d bytes, more than {LONGEST}", length)
            problems.append(("too_long", length > LONGEST, reason))
    for column in wanted.columns:
        their = theirs(part, source, column.name)
        if their and column.type == "string" and column.name not in source.constants and _kind(part, their) in _EXACT:
            value, why = quoted(their), "' is a floating-point number too large to be exact: give text or whole numbers"
            inexact = value.isNotNull() & ~F.isnan(value) & ~_is_exact(value, _kind(part, their))
            problems.append(("wrong_type", inexact, F.concat(F.lit(f"{column.name} '"), value.cast("string"), F.lit(why))))
    return problems

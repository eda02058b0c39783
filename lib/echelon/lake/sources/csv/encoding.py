"""Bytes that are not of the stated encoding. Spark puts U+FFFD in their place, and two names become one."""

from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.sources.csv.options import encoding_of
from echelon.lake.sources.part import file_name
from echelon.lake.sources.places import literal

REPLACED = "\ufffd"
_UTF_8 = ("utf-8", "utf8")
_SHOWN = 80
_FILES = 100
_LATIN, _THREE_BYTES = range(0x80, 0x180), 0x800


def check_header(
    spark: SparkSession, source: Source, name: str, file: str, columns: Sequence[str], files: Collection[str]
) -> None:
    """Raises InputRefused when the header shows that the file is of another encoding. files: all of the source."""
    text = "".join(columns)
    if "\0" in text:
        likely = "UTF-16" if REPLACED in text else "UTF-16BE" if text[0] == "\0" else "UTF-16LE"
        raise InputRefused(
            f"{name}: {source.place}: {_last(file)} looks like {likely}, not {encoding_of(source)}: say "
            f"options: {{encoding: {likely}}} under sources.{name}"
        )
    if REPLACED in text:
        refuse_replaced(spark, source, name, [file], files)
    if (meant := _as_utf_8(text, encoding_of(source))) and not is_unicode(source):
        refuse_utf_8(spark, source, name, files)
        raise InputRefused(_not_as_stated(source, name, _last(file), meant))


def refuse_utf_8(spark: SparkSession, source: Source, name: str, files: Collection[str]) -> None:
    """Raises InputRefused where a file is UTF-8 throughout, with letters beyond ASCII, and another encoding is stated, which
    reads two letters or three for each of them."""
    if is_unicode(source):
        return
    samples = _looked_at(spark, files)
    for file, text in _in_utf_8(samples):
        others = samples.where("bad > 0").orderBy("file").limit(1).collect()
        raise InputRefused(_both(source, name, file, others[0][0]) if others else _not_as_stated(source, name, file, text))


def _looked_at(spark: SparkSession, files: Collection[str]) -> DataFrame:
    """By file: lines that are not UTF-8, one that is and is not ASCII, and letters of such lines."""
    lines = spark.read.text([literal(file) for file in sorted(files)])
    valid, several = F.is_valid_utf8("value"), F.octet_length("value") > F.char_length("value")
    line = F.when(valid & several, F.substring("value", 1, _SHOWN))
    beyond = F.when(valid & several, F.regexp_replace("value", r"[\x00-\x7F]", ""))
    sums = F.count_if(~valid).alias("bad"), F.min(line).alias("line"), F.concat(F.min(beyond), F.max(beyond)).alias("letters")
    return lines.groupBy(file_name().alias("file")).agg(*sums)


def _in_utf_8(samples: DataFrame) -> list[tuple[str, str]]:
    """Files that are UTF-8 throughout, with letters beyond ASCII that show it, and a line of each."""
    rows = samples.where("bad = 0 AND letters IS NOT NULL").orderBy("file").limit(_FILES).collect()
    return [(row["file"], row["line"]) for row in rows if is_telling(row["letters"])]


def _both(source: Source, name: str, utf_8: str, other: str) -> str:
    return (
        f"{name}: {source.place}: {utf_8} is UTF-8 and {other} is not, and one source has one encoding: convert "
        f"{other} to UTF-8, most often by: iconv -f WINDOWS-1252 -t UTF-8"
    )


def is_telling(text: str) -> bool:
    """Whether the letters beyond ASCII show that bytes are UTF-8. Bytes of another encoding may happen to be UTF-8 too, as
    those of 'NESCAFÉ®' in windows-1252 are: but then of few letters, and rare ones."""
    letters = {letter for letter in text if not letter.isascii()}
    return len(letters) > 2 or any(ord(letter) in _LATIN or ord(letter) >= _THREE_BYTES for letter in letters)


def is_unicode(source: Source) -> bool:
    """Whether the stated encoding is UTF-8, or one that can't read UTF-8 without being noticed."""
    return encoding_of(source).lower().replace("_", "-").startswith(("utf-", "utf8", "utf16", "utf32", "x-utf"))


def _as_utf_8(text: str, stated: str) -> str | None:
    """Text that was read as something else, as UTF-8 has it; None where it is not UTF-8, or all of it is ASCII."""
    try:
        meant = text.encode(stated).decode()
        return meant if is_telling(meant) else None
    except (UnicodeError, LookupError):
        return None


def _not_as_stated(source: Source, name: str, file: str, meant: str) -> str:
    stated = encoding_of(source)
    try:
        read = f", and would be read as {meant.encode().decode(stated, 'replace')!r} where {meant!r} stands"
    except LookupError:  # Java knows more names than Python
        read = ""
    return f"{name}: {source.place}: {file} is UTF-8, not {stated}{read}: say options: {{encoding: UTF-8}} under sources.{name}"


def refuse_replaced(spark: SparkSession, source: Source, name: str, files: Collection[str], every: Collection[str]) -> None:
    """Find out of files that gave U+FFFD whether it stands in them, as some programme before wrote it. every: all files.

    Raises InputRefused, naming a file and the option that mends it, when it is in the place of bytes.
    """
    stated = encoding_of(source)
    if stated.lower() not in _UTF_8:
        refuse_utf_8(spark, source, name, every)
        examples = ", ".join(sorted(_last(file) for file in files)[:3])
        raise InputRefused(
            f"{name}: {source.place}: not every character of {examples} can be read as {stated}: say the right "
            f"options: {{encoding: ...}} under sources.{name}"
        )
    lines = spark.read.text([literal(file) for file in sorted(files)[:_FILES]])
    start = F.substring(F.col("value").cast("binary"), 1, _SHOWN)
    bad = lines.where(~F.is_valid_utf8("value")).select(file_name(), start).limit(1).collect()
    if bad:
        if others := _in_utf_8(_looked_at(spark, every)):
            raise InputRefused(_both(source, name, others[0][0], bad[0][0]))
        shown = bytes(bad[0][1]).decode("windows-1252", "replace")
        raise InputRefused(
            f"{name}: {source.place}: {bad[0][0]} is not UTF-8: say how it is written, most often "
            f"options: {{encoding: windows-1252}} under sources.{name}, which would read a line of it as {shown!r}"
        )


def _last(file: str) -> str:
    return PurePosixPath(file).name

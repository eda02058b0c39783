"""Where a record goes over several lines. Where none does, Spark may read parts of a file at once."""

import re
from collections.abc import Sequence

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F

from echelon.config.models import Source
from echelon.lake.files import size_of
from echelon.lake.sources.csv.options import encoding_of, separator_of
from echelon.lake.sources.places import literal

_LARGE = 1 << 24  # bytes; below it a look costs as much as it spares
_WHOLE = (".gz", ".zst", ".lz4", ".snappy", ".deflate")  # read from the start, whatever their lines are
# With other options a record may be cut in ways that the look does not know.
_HARMLESS = {
    "sep", "delimiter", "encoding", "charset", "header", "nullvalue", "emptyvalue", "basepath", "recursivefilelookup",
    "pathglobfilter",
}  # fmt: skip
# In these, a byte below 128 is that ASCII character alone.
_OF_ASCII = re.compile(r"utf-?8|us-ascii|ascii|latin-?1|iso-?8859-?\d+|(windows|cp)-?125\d", re.IGNORECASE)


def end_with_their_lines(spark: SparkSession, source: Source, names: Sequence[str]) -> bool:
    """Whether every record of some files is one line. False too where a look does not pay, or options leave it open."""
    large = [name for name in names if not name.endswith(_WHOLE) and size_of(name) >= _LARGE]
    if not large or not _is_plain(source):
        return False
    lines = spark.read.text([literal(name) for name in names], lineSep="\n")
    return not lines.where(_is_open(separator_of(source))).head(1)


def _is_plain(source: Source) -> bool:
    return {name.lower() for name in source.options} <= _HARMLESS and bool(_OF_ASCII.fullmatch(encoding_of(source)))


def _is_open(separator: str) -> Column:
    """Lines that may not be one record each: quotes are left beside whole quoted values, or only blanks or an old line end
    stand there, which Spark takes otherwise when it reads by lines."""
    line = F.regexp_replace("value", r"\r$", "")
    start, end = rf"(?:^|(?<=\Q{separator}\E))", rf"(?=\Q{separator}\E|$)"
    rest = F.regexp_replace(line, rf'{start}"[^"]*+(?:""[^"]*+)*+"{end}', "")
    return rest.contains('"') | line.contains("\r") | line.rlike(r"^[\x00-\x20]+$")

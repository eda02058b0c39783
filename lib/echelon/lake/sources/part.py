"""Files that have the same columns, read as one."""

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

FILE = "_file"


@dataclass(frozen=True)
class Part:
    """Rows as they are in files of the same columns: `columns` under the files' names, beside them `_file` and what the
    format adds. `folders`: those columns, the last ones, that names of folders give. `names`: the whole names of the files;
    none of a table. `header`: the columns as a CSV file calls them, where Spark numbers those that it has twice."""

    frame: DataFrame
    columns: tuple[str, ...]
    names: tuple[str, ...]
    folders: tuple[str, ...] = ()
    header: tuple[str, ...] = ()


def quoted(name: str) -> Column:
    """The column of exactly this name."""
    escaped = name.replace("`", "``")
    return F.col(f"`{escaped}`")


def file_name() -> Column:
    """Spark gives the name as part of a URI: blanks and the like are encoded, a plus sign is not."""
    return F.url_decode(F.replace(F.col("_metadata.file_name"), F.lit("+"), F.lit("%2B")))

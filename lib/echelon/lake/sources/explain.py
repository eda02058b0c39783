"""Why a source could not be read, in one line."""

import codecs
import re

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

# A damaged file reaches Python as the Java error itself, everything else as Spark's.
READ_ERRORS = (PySparkException, Py4JJavaError)
# A value of more characters, or bytes, is no value: a quotation mark without its partner, or a document in a column.
LONGEST = 1_000_000
PATTERN = re.compile(r"[{}\[\]*?]")

# Names of encodings that neither Java nor Python's other names lead to.
_ENCODINGS = {
    "ansi": "windows-1252", "windows1252": "windows-1252", "win1252": "windows-1252", "utf-8-sig": "UTF-8",
    "utf-8-bom": "UTF-8", "unicode": "UTF-16", "mac-roman": "x-MacRoman", "macintosh": "x-MacRoman",
}  # fmt: skip

# By kinds of address; Hadoop's own of the version that Spark brings.
_LIBRARIES = {
    "s3 s3a s3n": "org.apache.hadoop:hadoop-aws:3.4.2",
    "abfs abfss wasb wasbs": "org.apache.hadoop:hadoop-azure:3.4.2",
    "gs": "com.google.cloud.bigdataoss:gcs-connector:hadoop3-2.2.26",
}

_NO_PATTERN = "date_format is no pattern that Spark knows: see Dates in docs/inputs.md"
_CONDITIONS = {
    "INVALID_DATETIME_PATTERN": _NO_PATTERN,
    "INCONSISTENT_BEHAVIOR_CROSS_VERSION.DATETIME_PATTERN": _NO_PATTERN,
    "UNABLE_TO_INFER_SCHEMA": "not a readable Parquet file, or the folder is empty",
    "TABLE_OR_VIEW_NOT_FOUND": "Spark knows no such table",
    "DELTA_TABLE_NOT_FOUND": "this is no Delta table",
    "DELTA_MISSING_DELTA_TABLE": "this is no Delta table",
    "DELTA_PATH_DOES_NOT_EXIST": "there is no Delta table",
    "CONFLICTING": "its sub-folders do not fit together: either all are named column=value, in the same order, or none",
}


def explain_read(error: PySparkException | Py4JJavaError, path: str = "") -> str:
    """Why a source could not be read, in one line; the path as the user wrote it tells whether it was a pattern."""
    if "Relative path in absolute URI" in str(error):
        return "Hadoop opens no file with a colon in its name: give it another name"
    if isinstance(error, Py4JJavaError):
        return _explain_damage(str(error))
    condition = error.getCondition() or ""
    if condition.startswith("PATH_NOT_FOUND"):
        return _not_found(path)
    if condition == "INVALID_PARAMETER_VALUE.CHARSET":
        return _unknown_encoding(str((error.getMessageParameters() or {}).get("charset", "")))
    for known, words in _CONDITIONS.items():
        if condition.startswith(known):
            return words
    lines = [line for line in str(error).splitlines() if line.strip()]
    return f"can't be read: {lines[0] if lines else condition}"


def missing_library(error: str, path: str) -> str | None:
    """What to do where Spark does not know the kind of address."""
    if not re.search(r"No FileSystem for scheme|[Cc]lass \S*fs\.\S+ not found|ClassNotFoundException", error):
        return None
    scheme = path.partition(":")[0].lower()
    package = next((package for schemes, package in _LIBRARIES.items() if scheme in schemes.split()), None)
    if package is None:
        return f"can't be read: Spark knows no addresses that begin with {scheme}:"
    as_s3a = "; with it, addresses begin with s3a://" if scheme in ("s3", "s3n") else ""
    return (
        f"can't be read: Spark has no library for {scheme}: addresses. Name it in the configuration, spark: {{settings: "
        f"{{spark.jars.packages: '{package}'}}}}, which fetches it{as_s3a}"
    )


def _not_found(path: str) -> str:
    if PATTERN.search(path):
        return "no such file: [ ] { } * and ? are a pattern where no file has exactly this name, and nothing fits the pattern"
    return "no such file (relative paths start at the folder you run in)"


def _unknown_encoding(stated: str) -> str:
    try:
        known = _ENCODINGS.get(stated.lower()) or codecs.lookup(stated).name
    except LookupError:
        known = ""
    hint = f"; '{stated}' is called {known} there" if known else ""
    return f"options.encoding is none that Java knows, such as UTF-8, windows-1252 or UTF-16{hint}"


def _explain_damage(stack: str) -> str:
    """The file that Spark names, if any, and the innermost cause."""
    file = re.search(r"reading file (\S+?)\.?\s", stack)
    where = f" ({file[1].rpartition('/')[2]})" if file else ""
    if "exceeds the maximum number of characters" in stack:
        return _too_long(stack, where)
    if "CONFLICTING_DIRECTORY_STRUCTURES" in stack or "CONFLICTING_PARTITION" in stack:
        return _CONDITIONS["CONFLICTING"]
    cause = re.findall(r"(?:^: |Caused by: )(.+)", stack, re.MULTILINE)[-1].strip()
    hint = "; if these are CSV files, say format: csv" if "is not a Parquet file" in cause else ""
    return f"can't be read, it may be damaged or cut off{where}: {cause.rpartition('Exception: ')[2]}{hint}"


def _too_long(stack: str, where: str) -> str:
    limit = re.search(r"maximum number of characters defined in your parser settings \((\d+)\)", stack)
    record = re.search(r"\brecord=(\d+)", stack)
    after = f", after {int(record[1]):,} rows" if record else ""
    return (
        f"can't be read{where}: a value has more than {int(limit[1]) if limit else LONGEST:,} characters{after}. Most often a "
        "quotation mark has no partner, and all that follows became one value; if the value is right, raise "
        "options.maxCharsPerColumn"
    )

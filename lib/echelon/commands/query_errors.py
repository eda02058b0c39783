"""What went wrong with a query, in one line, whoever noticed it: Spark's parser, a task that ran, or Java as a whole."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JError

from echelon.errors import ConfigurationError, EchelonError
from echelon.stages.shared.plain_errors import FOREIGN, cause

EARLIER = (
    "a query sees the tables as the newest release has them, without VERSION AS OF; docs/reading.md says how programs read "
    "an earlier release"
)
# Py4J's own errors are those of a Java that is gone or does not answer.
_KINDS = (*FOREIGN, Py4JError, EOFError, RecursionError, MemoryError, UnicodeError)
# Spark's codes and classes of Java, and its advice on settings that can't be made here.
_NOISE = re.compile(
    r"^.*?Job aborted due to stage failure: .*?\): |^.*?\[[A-Z0-9_.]+\] |\b(?:[a-z]\w*\.)+\w*(?:Exception|Error)[:;] |"
    r' If necessary set [^.]*"spark[^"]*" to "false"[^.]*\.| SQLSTATE: .*$'
)
_LONG_WORD, _LONGEST = re.compile(r"(\S{40})\S{20,}"), 400
_DEEP = ("StackOverflowError", "too complex to parse", "maximum recursion depth")
_MEMORY = ("OutOfMemory", "UNABLE_TO_ACQUIRE_MEMORY", "spark.driver.maxResultSize", "larger than 2G", "exceeds 2GB")
_GONE = ("SparkContext was shut down", "stopped SparkContext", "You hit a bug in Spark")
# What is no fault of the query: files that are gone, or can't be read.
_FILES = ("FAILED_READ_FILE", "DELTA_", "PATH_NOT_FOUND")
_NO_ROOM = "ask for fewer rows or less in a row, or raise spark.driver_memory"


@contextmanager
def one_line() -> Iterator[None]:
    """Within it, whatever goes wrong becomes an EchelonError of one line; a ConfigurationError where the query is wrong."""
    try:
        yield
    except _KINDS as error:
        raise _refusal(error) from None


def _refusal(error: Exception) -> EchelonError:
    whole, line = str(error), cause(error)
    if isinstance(error, UnicodeError):
        return ConfigurationError("sql: the query holds bytes that are no text in UTF-8")
    if is_too_deep(error):
        return ConfigurationError(
            "sql: the query is nested too deeply, or too long, for Spark to take it apart: make it simpler"
        )
    if isinstance(error, MemoryError) or any(words in whole for words in _MEMORY):
        return EchelonError(f"sql: the query needs more memory than there is: {_NO_ROOM}")
    if _is_gone(error) or any(words in whole for words in _GONE):
        return EchelonError(f"sql: Spark ended while the query ran, most often for lack of memory: {_NO_ROOM}")
    if "Time travel" in line:
        return ConfigurationError(f"sql: {EARLIER}")
    kind = EchelonError if any(code in line for code in _FILES) else ConfigurationError
    return kind(f"sql: {plain(line)}")


def is_too_deep(error: Exception) -> bool:
    """Whether a query has more levels, or parts of one level, than Spark's parser or its planner can go down."""
    return any(words in str(error) for words in _DEEP)


def _is_gone(error: Exception) -> bool:
    return isinstance(error, ConnectionError | EOFError) or (isinstance(error, Py4JError) and not isinstance(error, FOREIGN))


def plain(line: str) -> str:
    """Without codes, and no longer than can be read: a number may have a million digits."""
    short = _LONG_WORD.sub(r"\1...", _NOISE.sub("", line).strip())
    return short if len(short) <= _LONGEST else f"{short[:_LONGEST]}..."

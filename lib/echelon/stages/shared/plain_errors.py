"""Spark's, Java's and the system's errors as one line that a user can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from echelon.errors import EchelonError

_WORKER_DIED = "Python worker exited unexpectedly"
FOREIGN = (PySparkException, Py4JJavaError, OSError)


@contextmanager
def plain_errors(what: str) -> Iterator[None]:
    """Within it, what Spark or the system can't do becomes an EchelonError: "`what` failed", and why."""
    try:
        yield
    except FOREIGN as error:
        raise EchelonError(f"{what} failed: {cause(error)}") from error


def cause(error: Exception) -> str:
    """The line that says what happened: of a Python worker's traceback the last one, otherwise the first and its cause."""
    if _WORKER_DIED in str(error):
        return (
            "a Python worker died, most often for lack of memory: raise spark.python_memory, or spark.buckets, so that each "
            "task has fewer series"
        )
    lines = [line.strip(" :\t") for line in str(error).splitlines() if line.strip(" :\t")]
    python = [line for line in lines if line.split(":")[0].endswith(("Error", "Exception", "Refused"))]
    causes = [f" ({line.partition(': ')[2]})" for line in lines if line.startswith("Caused by: ")]
    return (python[-1] if python else (lines[0] if lines else type(error).__name__)) + (causes[-1] if causes else "")

"""Tell how far Spark is while a long action runs."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pyspark.sql import SparkSession

_SECONDS_ON_SCREEN = 1.0
_SECONDS_IN_A_LOG = 20.0


@contextmanager
def progress(spark: SparkSession, label: str) -> Iterator[None]:
    """Show finished and all tasks of the running jobs until the block ends (nothing on Spark Connect)."""
    tracker = getattr(getattr(spark, "_sc", None), "statusTracker", None)
    if tracker is None:
        yield
        return
    done = threading.Event()
    teller = threading.Thread(target=_tell, args=(tracker(), label, done), daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()


def _tell(tracker: object, label: str, done: threading.Event) -> None:
    screen = sys.stdout.isatty()
    shown = ""
    while not done.wait(_SECONDS_ON_SCREEN if screen else _SECONDS_IN_A_LOG):
        text = _state(tracker)
        if screen and text:
            print(f"\r\033[2K{label}  {text}", end="", flush=True)
        elif text and text != shown:
            print(f"{label}  ... {text}", flush=True)
        shown = text
    if screen and shown:
        print("\r\033[2K", end="", flush=True)


def _state(tracker: object) -> str:
    stages = [tracker.getStageInfo(number) for number in tracker.getActiveStageIds()]  # type: ignore[attr-defined]
    total = sum(stage.numTasks for stage in stages if stage)
    finished = sum(stage.numCompletedTasks for stage in stages if stage)
    return f"{finished} of {total} tasks" if total else ""

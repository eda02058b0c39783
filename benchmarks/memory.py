"""Peak memory of Spark's Python workers, read from /proc while the program runs (Linux; 0 elsewhere)."""

import os
import threading
from pathlib import Path

SECONDS = 0.5
PROC = Path("/proc")


class WorkerMemory:
    """The largest resident memory, in MB, that any Python process below this one ever had."""

    def __init__(self) -> None:
        self.peak_mb = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "WorkerMemory":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stop.wait(SECONDS):
            self.peak_mb = max([self.peak_mb, *(peak_mb(process) for process in descendants(os.getpid()))])


def descendants(ancestor: int) -> list[int]:
    """Processes that this one started, or that were started by those."""
    parent = {int(place.name): _field(place / "status", "PPid") for place in PROC.glob("[0-9]*")}
    found, new = [], {ancestor}
    while new:
        new = {process for process, above in parent.items() if above in new}
        found += sorted(new)
    return found


def peak_mb(process: int) -> float:
    """Largest resident memory so far, 0 for what is not Python or has ended."""
    try:
        command = (PROC / str(process) / "cmdline").read_bytes()
    except OSError:
        return 0.0
    return _field(PROC / str(process) / "status", "VmHWM") / 1024 if b"pyspark" in command and b"java" not in command else 0.0


def _field(status: Path, name: str) -> int:
    """A number of a status file (memory in kB), 0 where there is none."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)

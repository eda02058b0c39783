"""Runs a command of Echelon and kills it, as the system would, at a point that its arguments name.

usage: python killing.py POINT COUNT COMMAND ...    POINT: module:Owner.function, killed at its COUNT-th call
       python killing.py PATTERN 0 COMMAND ...      killed as soon as a file matches the pattern
"""

import importlib
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any


def kill() -> None:
    """No handler, no `finally`: like a lost machine."""
    os.kill(os.getpid(), signal.SIGKILL)


def kill_at_call(point: str, count: int) -> None:
    """Replace the function by one that kills the process instead of its `count`-th call."""
    module, _, path = point.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original, calls = getattr(owner, name), iter(range(1, count))

    def counted(*arguments: Any, **named: Any) -> Any:
        if next(calls, None) is None:
            kill()
        return original(*arguments, **named)

    setattr(owner, name, counted)


def kill_at_file(pattern: str) -> None:
    """Kill the process from a thread when the file is there."""

    def watch() -> None:
        while not any(Path("/").glob(pattern.lstrip("/"))):
            time.sleep(0.02)
        kill()

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    from echelon.cli import main

    place, number, *command = sys.argv[1:]
    kill_at_call(place, int(number)) if int(number) else kill_at_file(place)
    sys.exit(main(command))

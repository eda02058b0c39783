"""Runs a command of Echelon and kills it, as the system would, at a point that its arguments name.

usage: python killing.py POINT OUTPUT COMMAND ...    POINT: "module:Owner.function word", killed as the function is called
                                                     with the word among its arguments (without a word: as it is called)
                                                     or "pattern stage", killed as soon as there is such a file under OUTPUT
                                                     and the stage is recorded as finished
"""

import importlib
import json
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


def kill_at_call(point: str, words: list[str]) -> None:
    """Put a function in the place of the named one that kills the process if the words are among its arguments."""
    module, _, path = point.partition(":")
    owner: Any = importlib.import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        owner = getattr(owner, part)
    original = getattr(owner, name)

    def watched(*arguments: Any, **named: Any) -> Any:
        if set(words) <= {argument for argument in arguments if isinstance(argument, str)}:
            kill()
        return original(*arguments, **named)

    setattr(owner, name, watched)


def kill_at_file(folder: Path, pattern: str, stage: str) -> None:
    """Kill the process from a thread when the file is there and the stage is finished."""

    def watch() -> None:
        while not (any(folder.glob(pattern)) and stage in finished_stages(folder)):
            time.sleep(0.02)
        kill()

    threading.Thread(target=watch, daemon=True).start()


def finished_stages(folder: Path) -> set[str]:
    """Of the run that is under way."""
    states = [json.loads(file.read_text()) for file in folder.glob("runs/*.json")]
    return {stage for state in states if not state["finished"] for stage in state["stages"]}


if __name__ == "__main__":
    from echelon.cli import main

    place, output, *command = sys.argv[1:]
    point, *words = place.split()
    kill_at_call(point, words) if ":" in point else kill_at_file(Path(output), point, *words)
    sys.exit(main(command))

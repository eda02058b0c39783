"""Ctrl-C, and the SIGTERM of a scheduler, end a command at any moment: with one line, an exit code of its own, and nothing
left running.

Nothing is unwound, which could wait for Spark without end: what a run writes is complete under its name or not seen at all,
as a lost machine would leave it.
"""

import contextlib
import os
import signal
import threading
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 143}  # the shell's custom: 128 + the signal's number
SECONDS_TO_STOP = 5.0
_advice = "start it again"


def install() -> None:
    """End this process in that way from now on, if this is its main thread; what it tells is written to today's standard
    error, wherever that leads later."""
    if threading.current_thread() is not threading.main_thread():
        return
    stderr = os.dup(2)

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        ignore()
        _silence()
        with contextlib.suppress(OSError):
            os.write(stderr, _line(number).encode())
        stop_children()
        os._exit(EXIT_CODES[signal.Signals(number)])

    for number in EXIT_CODES:
        signal.signal(number, end)


def wake() -> None:
    """Let a signal end any waiting: a library that was imported since (polars, by statsforecast) has waiting gone on with."""
    for number in EXIT_CODES:
        signal.siginterrupt(number, True)


def ignore() -> None:
    """Take no notice of a signal any more: the process is about to end."""
    for number in EXIT_CODES:
        signal.signal(number, signal.SIG_IGN)


def advise(what: str) -> None:
    """Say what a user does after an interruption from now on, for example "start it again"."""
    global _advice
    _advice = what


def message() -> str:
    """What an interrupted command says."""
    return f"echelon: interrupted; nothing half-done is visible: {_advice}"


def _line(number: int) -> str:
    screen = "\r\033[2K" if os.isatty(2) else ""
    return f"{screen}{message()}{'' if number == signal.SIGINT else ' (SIGTERM)'}\n"


def _silence() -> None:
    """What threads still say of connections that break is no news."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(nowhere, stream)


def stop_children() -> None:
    """End Spark's starting scripts, its Java and its Python workers: asked first, so that they remove temporary files."""
    end, asked = time.monotonic() + SECONDS_TO_STOP, set[int]()
    while (running := _running(asked)) and time.monotonic() < end:
        for child in running - asked:
            _kill(child, signal.SIGTERM)
        asked |= running
        time.sleep(0.05)
    for child in running:
        _kill(child, signal.SIGKILL)


def _running(known: set[int]) -> set[int]:
    """Processes that this one or those known have started, and those known, as far as they run still."""
    parents = _parents()
    family = {os.getpid()} | known
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return (family & set(parents)) - {os.getpid()}


def _parents() -> dict[int, int]:
    """The parent of every process that runs (Linux; elsewhere none is found, and Java ends when its input does)."""
    parent_of = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # "pid (name) state parent ...": the name may hold anything, also brackets.
            state, parent = file.read_text(errors="replace").rpartition(")")[2].split()[:2]
            if state != "Z":
                parent_of[int(file.parent.name)] = int(parent)
    return parent_of


def _kill(child: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)

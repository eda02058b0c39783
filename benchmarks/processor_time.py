"""What several ways to do the same cost: seconds by the clock and of the processor, of all processes (Linux: /proc)."""

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.memory import PROC, descendants

# Of /proc/<pid>/stat behind the command: user and system time of the process, and of its children that have ended.
_TIMES = slice(11, 15)


@dataclass(frozen=True)
class Cost:
    """wall: seconds by the clock; core: seconds of all cores, which do not grow when others use the machine too."""

    wall: float
    core: float


def core_seconds() -> float:
    """Processor time so far of this process and of all that it has started, Spark's Java and Python workers among them."""
    ticks = sum(_ticks(process) for process in (os.getpid(), *descendants(os.getpid())))
    return ticks / os.sysconf("SC_CLK_TCK")


def cost(run: Callable[[], object]) -> Cost:
    """What one run costs."""
    began, used = time.perf_counter(), core_seconds()
    run()
    return Cost(time.perf_counter() - began, core_seconds() - used)


def in_turns(repeats: int, *runs: Callable[[], object]) -> list[Cost]:
    """Median cost of each, taken in turns so that a busy moment meets all of them."""
    rounds = [[cost(run) for run in runs] for _ in range(repeats)]
    return [
        Cost(statistics.median(one.wall for one in found), statistics.median(one.core for one in found))
        for found in zip(*rounds, strict=True)
    ]


def _ticks(process: int) -> int:
    try:
        fields = (PROC / str(process) / "stat").read_text().rpartition(")")[2].split()
    except OSError:  # it has ended
        return 0
    return sum(int(field) for field in fields[_TIMES])

"""Speed of the simulation kernel, as a share of what hand-written vector code reaches on this machine in the same run.

    PYTHONPATH=lib python benchmarks/simulation.py [path of the yardstick folder]

The yardstick (limit.c, measure.py) is not part of Echelon; without it only our own figures are printed. Both run the
same network on the same random numbers, one core, in turns, so that other load on the machine hits both; the figures
are medians of the processor time of the thread.
"""

import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from echelon.core.inventory.kernels.drawing.paths import Paths
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point

ROUNDS = 51


def load_yardstick(folder: Path) -> ModuleType:
    """The module measure.py of the yardstick."""
    spec = importlib.util.spec_from_file_location("measure", folder / "measure.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compile_limit(yardstick: ModuleType, folder: str) -> Any:
    """The compiled limit.c."""
    import ctypes
    import subprocess

    library = Path(folder) / "limit.so"
    flags = ["-O3", "-march=native", "-mprefer-vector-width=512", "-shared", "-fPIC", "-DV=2"]
    subprocess.run(["gcc", *flags, "-o", library, yardstick.HERE / "limit.c"], check=True)
    return ctypes.CDLL(str(library))


def our_simulator(p: dict[str, Any], random_lead: bool) -> TreeSimulator:
    """The yardstick's problem as ours: same network, demand, lead times and lost sales."""
    nodes = []
    for i in range(p["n"]):
        low, high = (int(p["low"][i]), int(p["high"][i])) if random_lead else (int(p["fixed"][i]),) * 2
        lead = LeadTime(tuple(range(low, high + 1)), (1 / (high - low + 1),) * (high - low + 1))
        demand = Demand(np.ones(1)) if i >= p["s0"] else None
        nodes.append(tree_point(f"n{i}", "", int(p["parent"][i]), lead, 1.0, demand, lost_sales=bool(p["lost"][i])))
    return TreeSimulator(SupplyNetwork("yardstick", tuple(nodes)), Paths(in_blocks(p["D"]), in_blocks(p["LT"]), 0))


def in_blocks(values: Any) -> Any:
    """(periods, rows, replications) -> (blocks, periods, rows, BLOCK)."""
    periods, rows, replications = values.shape
    split = values.reshape(periods, rows, replications // BLOCK, BLOCK)
    return np.ascontiguousarray(split.transpose(2, 0, 1, 3))


def in_turns(runs: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """Median seconds of processor time of each run, taken in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            start = time.thread_time()
            run()
            seconds[name].append(time.thread_time() - start)
    return {name: statistics.median(taken) for name, taken in seconds.items()}


def our_runs(simulator: TreeSimulator, p: dict[str, Any]) -> dict[str, Callable[[], Any]]:
    """Value alone, and value with all gradients."""
    levels = p["S"].astype(float)
    hold, owed = np.ones(p["n"]), np.where(np.arange(p["n"]) < p["s0"], 0.0, 20.0)
    return {
        "value": lambda: simulator.totals(levels),
        "value and gradient": lambda: simulator.gradient(levels, hold, owed, owed),
    }


def main() -> None:
    """Print millions of node-periods-replications per second."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "../shared/yardstick")
    yardstick = load_yardstick(folder)
    p = yardstick.problem()
    work = p["n"] * p["T"] * p["R"] / 1e6
    with tempfile.TemporaryDirectory() as scratch:
        library = compile_limit(yardstick, scratch)
        for name, random_lead in (("fixed", False), ("random", True)):
            ours = our_runs(our_simulator(p, random_lead), p)
            limit = yardstick.runner(library, p, random_lead)
            limits = {"value": lambda f=limit: f(False), "value and gradient": lambda f=limit: f(True)}
            for run in (*ours.values(), *limits.values()):
                run()  # compile, touch the memory
            for what in ours:
                taken = in_turns({"ours": ours[what], "limit": limits[what]})
                print(
                    f"{name:6} lead times  {what:18}  ours {work / taken['ours']:6.0f} M/s   "
                    f"limit {work / taken['limit']:6.0f} M/s   ratio {taken['limit'] / taken['ours']:.2f}"
                )


if __name__ == "__main__":
    main()

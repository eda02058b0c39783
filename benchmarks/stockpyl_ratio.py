"""Our kernel against stockpyl on Clark and Scarf's serial example: node-periods a second, one core.

    python -m benchmarks.stockpyl_ratio [--python PATH]

PATH is a Python that has stockpyl (Snyder, 2023), which is not a dependency of Echelon:
python -m venv VENV && VENV/bin/pip install stockpyl, then --python VENV/bin/python. Both simulate Example 6.1 of Snyder
and Shen (Fundamentals of Supply Chain Theory, 2nd ed.) at its optimal levels: three stages, normal demand of mean 5 and
standard deviation 1, 1,000 periods; stockpyl once, Echelon in 1,024 replications, as an optimiser needs them. Times are
processor time, the median of several runs.
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.drawing.paths import Paths
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point

PERIODS, WARM_UP, REPLICATIONS, ROUNDS = 1000, 20, 1024, 7
LEVELS = np.array([10.69, 5.53, 6.49])  # stages 3, 2, 1
HOLD, PENALTY = np.array([2.0, 4.0, 7.0]), np.array([0.0, 0.0, 37.12])
PIPELINE = 5 * (1 * 2 + 1 * 4)  # mean demand x lead time, held at the cost of the sending stage
STOCKPYL = f"""
import statistics, time
from stockpyl.instances import load_instance
from stockpyl.sim import simulation
seconds, costs = [], []
for seed in range(3):
    network = load_instance("example_6_1")
    start = time.process_time()
    costs.append(simulation(network, {PERIODS}, rand_seed=seed, progress_bar=False) / {PERIODS})
    seconds.append(time.process_time() - start)
print(statistics.median(seconds), statistics.mean(costs))
"""
MISSING = """{python} has no stockpyl. It is not a dependency of Echelon; to compare:
    python3 -m venv /tmp/stockpyl && /tmp/stockpyl/bin/pip install stockpyl
    python -m benchmarks.stockpyl_ratio --python /tmp/stockpyl/bin/python"""


def serial() -> SupplyNetwork:
    """Stages 3, 2, 1. The last stage's period of review stands for one period of the textbook's lead time."""
    nodes = []
    for i, lead in enumerate((2, 1, 0)):
        nodes.append(tree_point(f"stage {3 - i}", "", i - 1, LeadTime.fixed(lead), 1.0, Demand(np.ones(1)) if i == 2 else None))
    return SupplyNetwork("example 6.1", tuple(nodes))


def paths() -> Paths:
    """Normal demand of the last stage."""
    shape = (REPLICATIONS // BLOCK, WARM_UP + PERIODS, 1, BLOCK)
    demand = np.random.default_rng(1).normal(5, 1, shape).astype(np.float32)
    return Paths(demand, np.zeros((*shape[:2], 3, BLOCK), np.uint8), WARM_UP)


def median_seconds(run: Callable[[], object]) -> float:
    """Processor time of the thread; the first run compiles and is not counted."""
    run()
    seconds = []
    for _ in range(ROUNDS):
        start = time.thread_time()
        run()
        seconds.append(time.thread_time() - start)
    return statistics.median(seconds)


def stockpyl_figures(python: str) -> tuple[float, float]:
    """Seconds for PERIODS periods, and cost per period."""
    done = subprocess.run([python, "-c", STOCKPYL], capture_output=True, text=True, check=False)
    if "No module named 'stockpyl'" in done.stderr:
        sys.exit(MISSING.format(python=python))
    if done.returncode:
        sys.exit(done.stderr)
    seconds, cost = done.stdout.split()[-2:]
    return float(seconds), float(cost)


def main() -> None:
    """Print both speeds, the ratio, and both costs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stockpyl_ratio", description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="a Python that has stockpyl")
    python = parser.parse_args().python
    simulator = TreeSimulator(serial(), paths())
    sums = simulator.measure(LEVELS).sums.sum(axis=2)
    cost = (HOLD @ sums[layout.ON_HAND] + PENALTY @ sums[layout.CUSTOMERS_OWED]) / simulator.scale + PIPELINE
    work = 3 * (WARM_UP + PERIODS) * REPLICATIONS
    value = work / median_seconds(lambda: simulator.totals(LEVELS))
    gradient = work / median_seconds(lambda: simulator.gradient(LEVELS, HOLD, PENALTY * 0, PENALTY))
    print(f"Echelon   value          {value:15,.0f} node-periods/s   cost {cost:.3f} a period (optimum 47.660)")
    print(f"Echelon   and gradient   {gradient:15,.0f} node-periods/s", flush=True)
    seconds, theirs = stockpyl_figures(python)
    speed = 3 * PERIODS / seconds
    print(f"stockpyl  value          {speed:15,.0f} node-periods/s   cost {theirs:.3f} a period (3 x {PERIODS:,} periods)")
    print(f"ratio     {value / speed:,.0f} x, with all gradients {gradient / speed:,.0f} x")


if __name__ == "__main__":
    main()

"""What the full plan of one 40-node SKU costs, phase by phase, and how far it is from the best.

    python -m benchmarks.network_plan [--skus N] [--gaps N] [--yardstick FOLDER]

2 central warehouses -> 4 regional ones -> 34 stores; lead times of 8-14, 2-5 and 1-3 days; fill rates of 0.95; negative
binomial demand with a random level per 28 days; 120 days and a warm-up; levels optimised on 256 replications, refined and
certified on 1,024. Everything from the problem to the described plan is timed, drawing included: processor time of the
thread, medians over SKUs and runs. With the yardstick folder the time is also told in units of what hand-written C
simulates in it on this machine in the same run, as a machine's speed and its load differ.

The gap compares the plan's stock upstream with that of an optimum on 8,192 replications: on 8,192 other replications both
get the least stores' levels (not rounded) that meet the targets there; the gap is that of the holding costs.
"""

import argparse
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from echelon.core.inventory.kernels.drawing import demand_source
from echelon.core.inventory.kernels.drawing.demand_source import DemandSource
from echelon.core.inventory.kernels.drawing.paths import Paths, PathSource
from echelon.core.inventory.kernels.drawing.times import TimeDrawing
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.optimisation.service import fill_rate as optimisation
from echelon.core.inventory.optimisation.service import search
from echelon.core.inventory.optimisation.service.fill_rate import explore, optimise
from echelon.core.inventory.optimisation.service.targets import Targets, meet_targets
from echelon.core.inventory.planning.lead_time_demand import lead_time_demand
from echelon.core.inventory.planning.plan import plan_network
from echelon.core.inventory.planning.warm_up import warm_up_periods
from echelon.engine.grouped.worker import keep_freed_memory

from benchmarks.simulation import compile_limit, load_yardstick

RUNS, PERIODS, MANY, TARGET = 3, 120, 8192, 0.95
CENTRALS, REGIONALS, STORES = 2, 4, 34
LIMIT_THERE = 2000.0  # M node-periods/s of the limit on the machine that the 40 ms were set on: 1,900 to 2,300


def network(seed: int, lost: bool) -> SupplyNetwork:
    """One SKU; with `lost`, half of the stores lose what they cannot serve."""
    mean = np.random.default_rng(seed).uniform(1, 6, STORES)
    week = 1 + 0.3 * np.sin(np.arange(28) * 2 * np.pi / 7)
    nodes = [tree_point(f"central {i}", "", -1, between(8, 14), 0.5) for i in range(CENTRALS)]
    nodes += [tree_point(f"regional {i}", "", i * CENTRALS // REGIONALS, between(2, 5), 0.7) for i in range(REGIONALS)]
    for i in range(STORES):
        parent, demand = CENTRALS + i * REGIONALS // STORES, Demand(mean[i] * week, 0.5, 0.2)
        loses = lost and i < STORES // 2
        nodes.append(tree_point(f"store {i}", "", parent, between(1, 3), 1.0, demand, TARGET, lost_sales=loses))
    return SupplyNetwork(f"sku {seed}", tuple(nodes), 7)


def between(low: int, high: int) -> LeadTime:
    """Uniform on whole days."""
    return LeadTime(tuple(range(low, high + 1)), (1 / (high - low + 1),) * (high - low + 1))


class Phases:
    """Thread time and calls of watched functions, each without what it calls that is watched too."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.calls: dict[str, int] = defaultdict(int)
        self._inside = [0.0]

    def watch(self, owner: Any, name: str, label: Callable[..., str]) -> None:
        """Replace `owner.name` by a timed one."""
        original = getattr(owner, name)

        def timed(*arguments: Any, **named: Any) -> Any:
            self._inside.append(0.0)
            start = time.thread_time()
            try:
                return original(*arguments, **named)
            finally:
                taken = time.thread_time() - start
                self.seconds[label(*arguments)] += taken - self._inside.pop()
                self.calls[label(*arguments)] += 1
                self._inside[-1] += taken

        setattr(owner, name, timed)


def watched() -> Phases:
    """All parts of a plan that take time."""
    phases = Phases()
    phases.watch(PathSource, "__init__", lambda *_: "1 drawing: tables")
    phases.watch(DemandSource, "drawings", lambda *_: "1 drawing: random levels")
    phases.watch(demand_source._Counts, "fill", lambda _, out, *_first: f"1 drawing: demand {len(out) * BLOCK:5}")
    phases.watch(TimeDrawing, "fill", lambda _, out, *_first: f"1 drawing: lead times {len(out) * BLOCK:5}")
    phases.watch(TreeSimulator, "totals", lambda s, _: f"2 simulation: value    {s.replications:5}")
    phases.watch(TreeSimulator, "gradient", lambda s, *_: f"2 simulation: gradient {s.replications:5}")
    phases.watch(TreeSimulator, "measure", lambda s, _: f"2 simulation: certify  {s.replications:5}")
    return phases


def times(problems: list[SupplyNetwork]) -> Iterator[float]:
    """Seconds of every SKU, the median of its runs."""
    for problem in problems:
        taken = []
        for _ in range(RUNS):
            start = time.thread_time()
            plan_network(problem)
            taken.append(time.thread_time() - start)
        yield statistics.median(taken)


def limit(folder: Path) -> Callable[[], float] | None:
    """How many node-periods the yardstick simulates in a second (value, random lead times), measured when called."""
    if not (folder / "limit.c").exists():
        return None
    yardstick = load_yardstick(folder)
    p = yardstick.problem()
    with tempfile.TemporaryDirectory() as scratch:
        run = yardstick.runner(compile_limit(yardstick, scratch), p, True)
    run(False)

    def measured() -> float:
        start = time.thread_time()
        run(False)
        return p["n"] * p["T"] * p["R"] / (time.thread_time() - start)

    return measured


def gap(problem: SupplyNetwork) -> float:
    """Holding cost of the plan over that of the optimum, - 1, at equal service."""
    ltd = lead_time_demand(problem)
    source = PathSource(problem, PERIODS, warm_up_periods(problem))
    asked = [np.nan if node.demand is None else TARGET for node in problem.nodes]
    targets = Targets(np.array(asked), np.array([node.holding_cost for node in problem.nodes]), False)
    best = optimum(problem, source.draw("optimum", MANY), targets, ltd.lead_mean, ltd.sd)
    judge = TreeSimulator(problem, source.draw("judge", MANY))
    found, least = (
        meet_targets(judge, targets, levels, None, 1e-5).cost for levels in (plan_network(problem).plan.base_stock_level, best)
    )
    return found / least - 1


def optimum(problem: SupplyNetwork, paths: Paths, targets: Targets, middle: Any, spread: Any) -> Any:
    """Levels of least cost on all paths, searched until a step promises no more than two millionths."""
    worthwhile, optimisation._WORTHWHILE = optimisation._WORTHWHILE, 2e-6
    steps, search._STEPS = search._STEPS, 20
    free = np.full(len(middle), np.nan)
    simulator = TreeSimulator(problem, paths)
    near = explore(simulator.on(paths.first(512)), targets, free, middle, spread)
    try:
        return optimise(simulator, replace(targets, whole=False), free, middle, spread, near)
    finally:
        optimisation._WORTHWHILE, search._STEPS = worthwhile, steps


def report(lost: bool, skus: int, gaps: int, speed: Callable[[], float] | None, phases: Phases) -> None:
    """Print one network's figures."""
    problems = [network(seed, lost) for seed in range(1, skus + 1)]
    plan_network(problems[0])  # compile
    phases.seconds.clear()
    phases.calls.clear()
    speeds: list[float] = []
    taken: list[float] = []
    for problem in problems:
        speeds += [speed()] if speed else []
        taken += times([problem])
    core_ms = 1e3 * statistics.median(taken)
    print(f"\n{'half of the stores lose sales' if lost else 'customers wait'}: {core_ms:.0f} core-ms, median of {skus} SKUs")
    print_phases(phases, skus * RUNS, sum(taken) * RUNS)
    if speeds:
        here = statistics.median(speeds) / 1e6
        print(
            f"  limit in this run {here:,.0f} M node-periods/s: a plan takes as long as {core_ms * here / 1e3:,.0f} M of them,"
        )
        print(
            f"  or {core_ms * here / LIMIT_THERE:.0f} core-ms where the limit is {LIMIT_THERE:,.0f} M/s, if all scales with it",
            flush=True,
        )
    found = [gap(problem) for problem in problems[:gaps]]
    if found:
        each = ", ".join(f"{value:.3%}" for value in found)
        print(f"  gap to the optimum of {MANY:,} replications: median {statistics.median(found):.3%} ({each})", flush=True)


def print_phases(phases: Phases, plans: int, seconds: float) -> None:
    """Calls and milliseconds per plan."""
    for name in sorted(phases.seconds):
        print(f"  {name[2:]:32} {phases.calls[name] / plans:5.1f} x  {1e3 * phases.seconds[name] / plans:7.1f} ms")
    print(f"  {'everything else':32}          {1e3 * (seconds - sum(phases.seconds.values())) / plans:7.1f} ms")


def main() -> None:
    """Print both networks' figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.network_plan", description=__doc__)
    parser.add_argument("--skus", type=int, default=8)
    parser.add_argument("--gaps", type=int, default=3, help="SKUs whose gap is measured (ten seconds each)")
    parser.add_argument("--yardstick", type=Path, default=Path("../shared/yardstick"))
    chosen = parser.parse_args()
    keep_freed_memory()  # as the workers do
    speed, phases = limit(chosen.yardstick), watched()
    for lost in (False, True):
        report(lost, chosen.skus, chosen.gaps, speed, phases)


if __name__ == "__main__":
    main()

"""Which ways of sampling lessen the noise of a simulated cost, and the loss of levels that are optimal on the sample.

    PYTHONPATH=lib python benchmarks/sampling.py [which]

For each system and way: by what factor the variance of the mean cost at fixed levels is less than with plain sampling, and
how much more the levels optimised on the sample cost on a large sample than the levels that are best there (regret). A path
has hundreds of random numbers; the leading ones are found by a cosine transform of each node's normal scores over time,
whose first coefficients are the total and the slow waves of demand. which: 0 to 4, one system only.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels.drawing.paths import Paths
from echelon.core.inventory.kernels.layout import BLOCK
from echelon.core.inventory.kernels.tree.simulator import TreeSimulator
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.optimisation.cost.continuous_review import OneWarehouse, sobol_points, steady_state
from echelon.core.inventory.optimisation.cost.costs import Costs
from echelon.core.inventory.optimisation.cost.penalty import least_cost_levels
from scipy import fft, special, stats

REPLICATIONS, WARM_UP = 256, 20
REPEATS, REGRETS, JUDGES = 40, 12, 16  # samples of a way, of them optimised; samples that make the judge
LEADING = 8  # coefficients of the cosine transform per node that are sampled with care


@dataclass(frozen=True)
class Bench:
    """A system: `demand` turns scores (dimensions, replications) into demand (periods, customers' nodes, replications);
    the first `levels` dimensions are demand levels, the others (customers x periods) noise."""

    name: str
    problem: SupplyNetwork
    costs: Costs
    start: Doubles
    levels: int
    customers: int
    periods: int
    demand: Callable[[Doubles, Doubles], Doubles]

    def simulator(self, scores: Doubles) -> TreeSimulator:
        """On paths made of these normal scores."""
        noise = scores[self.levels :].reshape(self.customers, self.periods, -1)
        demand = self.demand(scores[: self.levels], noise).astype(np.float32)
        blocks = scores.shape[1] // BLOCK
        lead = np.zeros((blocks, self.periods, len(self.problem.nodes), BLOCK), np.uint8)
        split = demand.reshape(*demand.shape[:2], blocks, BLOCK).transpose(2, 0, 1, 3)
        return TreeSimulator(self.problem, Paths(np.ascontiguousarray(split), lead, WARM_UP))


def serial() -> Bench:
    """Snyder & Shen's example 6.1: three stages, normal demand, no level factor."""
    nodes = [tree_point(f"n{i}", "", i - 1, LeadTime.fixed(lead), 1.0) for i, lead in enumerate((2, 1, 0))]
    nodes[2] = replace(nodes[2], demand=Demand(np.ones(1)))
    costs = Costs(np.array([2.0, 4.0, 7.0]), np.array([0.0, 0.0, 37.12]), np.zeros(3))
    start = np.array([10.69, 5.53, 6.49])
    return Bench("serial, normal", SupplyNetwork("s", tuple(nodes)), costs, start, 0, 1, WARM_UP + 100, serial_demand)


def serial_demand(_level: Doubles, noise: Doubles) -> Doubles:
    """Normal with mean 5 and standard deviation 1."""
    return 5 + noise.transpose(1, 0, 2)


def stores(count: int, level_cv: float) -> Bench:
    """A warehouse and stores with over-dispersed counts whose level is uncertain, one factor per store and 28 periods."""
    mean, periods = np.geomspace(0.4, 8.0, count), WARM_UP + 120
    horizon = np.arange(periods) // 28
    lead = LeadTime.fixed(2)
    shops = [tree_point(f"n{i}", "", 0, lead, 1.5, Demand(mean[i : i + 1])) for i in range(count)]
    problem = SupplyNetwork("w", (tree_point("w", "", -1, LeadTime.fixed(8), 1.0), *shops))
    costs = Costs(np.array([1.0] + [1.5] * count), np.array([0.0] + [20.0] * count), np.zeros(count + 1))

    def demand(level: Doubles, noise: Doubles) -> Doubles:
        place = np.clip(special.ndtr(level), 1e-9, 1 - 1e-9)
        factor = stats.gamma.ppf(place, level_cv**-2, scale=level_cv**2) if level_cv else np.ones((levels, level.shape[1]))
        by_store = factor.reshape(count, -1, level.shape[1])
        return np.stack([counts(special.ndtr(noise[i]), mean[i] * by_store[i][horizon], 0.5) for i in range(count)], axis=1)

    start = np.concatenate([[9 * mean.sum()], 3.5 * mean + 2])
    levels = count * (1 + int(horizon[-1]))
    return Bench(f"{count} stores, level cv {level_cv}", problem, costs, start, levels, count, periods, demand)


def counts(place: Doubles, mean: Doubles, dispersion: float) -> Doubles:
    """Quantiles of negative binomials whose means are rounded to a grid with steps of 5 %."""
    grid = np.round(np.log(np.maximum(mean, 1e-3)) / 0.05)
    out = np.empty(place.shape)
    for cell in np.unique(grid):
        size, chance = 1 / dispersion, 1 / (1 + dispersion * np.exp(0.05 * cell))
        most = int(stats.nbinom.isf(1e-8, size, chance)) + 1
        here = np.broadcast_to(grid == cell, place.shape)
        out[here] = np.searchsorted(stats.nbinom.cdf(np.arange(most), size, chance), place[here])
    return out


def scores(bench: Bench, rng: np.random.Generator, points: Callable[[int], Doubles], leading: int, level: bool) -> Doubles:
    """Normal scores of which the level's dimensions (if `level`) and the `leading` slowest waves of every node's noise come
    from `points` (dimensions -> (dimensions, replications) inside (0, 1))."""
    shape = (bench.customers, bench.periods, REPLICATIONS)
    waves, own = rng.standard_normal(shape), bench.levels if level else 0
    chosen = special.ndtri(points(own + leading * bench.customers)) if own + leading else np.zeros((0, REPLICATIONS))
    waves[:, :leading] = chosen[own:].reshape(leading, bench.customers, REPLICATIONS).swapaxes(0, 1)
    noise = fft.idct(waves, axis=1, norm="ortho").reshape(-1, REPLICATIONS)
    levels = chosen[:own] if level else rng.standard_normal((bench.levels, REPLICATIONS))
    return np.concatenate([levels, noise])


def antithetic(bench: Bench, rng: np.random.Generator) -> Doubles:
    """Every path twice, with opposite scores."""
    half = rng.standard_normal((bench.levels + bench.customers * bench.periods, REPLICATIONS // 2))
    return np.concatenate([half, -half], axis=1)


def ways(rng: np.random.Generator) -> dict[str, Callable[[Bench], Doubles]]:
    """Scores (dimensions, replications) of each way of sampling."""

    def hypercube(dimensions: int) -> Doubles:
        return stats.qmc.LatinHypercube(dimensions, rng=rng).random(REPLICATIONS).T

    def sobol(dimensions: int) -> Doubles:
        return np.clip(stats.qmc.Sobol(dimensions, rng=rng).random(REPLICATIONS).T, 1e-9, 1 - 1e-9)

    return {
        "plain": lambda bench: scores(bench, rng, hypercube, 0, False),
        "stratified level": lambda bench: scores(bench, rng, hypercube, 0, True),
        "Sobol, level": lambda bench: scores(bench, rng, sobol, 0, True),
        "antithetic": lambda bench: antithetic(bench, rng),
        "Latin hypercube, leading": lambda bench: scores(bench, rng, hypercube, LEADING, True),
        "Sobol, leading": lambda bench: scores(bench, rng, sobol, LEADING, True),
        "Latin hypercube, all": lambda bench: scores(bench, rng, hypercube, bench.periods, True),
        "Sobol, all": lambda bench: scores(bench, rng, sobol, bench.periods, True),
    }


def compare(bench: Bench) -> None:
    """Print the figures of one system."""
    rng = np.random.default_rng(1)
    judge = bench.simulator(np.concatenate([scores(bench, rng, rng.random, 0, False) for _ in range(JUDGES)], axis=1))
    least = cost(bench, judge, least_cost_levels(judge, bench.costs, bench.start))
    first = 0.0
    print(f"{bench.name}: {bench.levels + bench.customers * bench.periods} dimensions")
    for name, way in ways(rng).items():
        seconds = time.process_time()
        drawn = [way(bench) for _ in range(REPEATS)]
        seconds = (time.process_time() - seconds) / REPEATS
        simulators = [bench.simulator(sample) for sample in drawn]
        spread = float(np.var([cost(bench, s, bench.start) for s in simulators], ddof=1))
        first = first or spread
        levels = [least_cost_levels(s, bench.costs, bench.start) for s in simulators[:REGRETS]]
        regret = [cost(bench, judge, found) / least - 1 for found in levels]
        print(
            f"  {name:25} variance of cost / {first / spread:5.1f}   regret of levels {np.mean(regret):7.3%}"
            f"   {seconds * 1e3:6.1f} ms to draw",
            flush=True,
        )


def cost(bench: Bench, simulator: TreeSimulator, levels: Doubles) -> float:
    """Of levels, added up."""
    return float(bench.costs.by_node(simulator.totals(levels)).sum())


def compare_moments() -> None:
    """The same for the moments of a continuous-review system."""
    system = OneWarehouse([0.5] * 5, 2.0, [1.0] * 5)
    costs = Costs(np.array([1.0] + [1.5] * 5), np.array([0.0] + [10.0] * 5), np.zeros(6))
    levels = np.array([6.0] + [2.0] * 5)
    print(f"one warehouse, moments of the steady state: {system.dimensions} dimensions, {system.replications} replications")
    shape = (system.dimensions, system.replications)
    drawn: dict[str, Callable[[int], Doubles]] = {
        "plain": lambda seed: np.random.default_rng(seed).random(shape),
        "Latin hypercube, all": lambda seed: stats.qmc.LatinHypercube(shape[0], rng=seed).random(shape[1]).T,
        "Sobol, all": lambda seed: sobol_points(system, seed),
    }
    first = 0.0
    for name, points in drawn.items():
        cost = [costs.by_node(steady_state(system, points(seed)).totals(levels)).sum() for seed in range(12)]
        first = first or float(np.var(cost, ddof=1))
        print(f"  {name:25} variance of cost / {first / np.var(cost, ddof=1):5.1f}", flush=True)


def main() -> None:
    """Print all systems, or one."""
    systems = [serial(), stores(4, 0.0), stores(4, 0.4), stores(16, 0.4)]
    runs = [lambda bench=bench: compare(bench) for bench in systems] + [compare_moments]
    for run in [runs[int(sys.argv[1])]] if len(sys.argv) > 1 else runs:
        run()


if __name__ == "__main__":
    main()

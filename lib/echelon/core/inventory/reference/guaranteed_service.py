"""Guaranteed service: where to place safety stock when every stage promises a service time.

A stage with inbound service time SI, processing time T and outbound service time S holds stock for the net time
SI + T - S: cost x factor x sigma x sqrt(net time). Times are whole numbers. Sources: Graves & Willems, Manufacturing &
Service Operations Management 2(1), 2000, 68-83; Snyder & Shen, Fundamentals of Supply Chain Theory, 2nd ed.,
section 6.3. Trees are solved by dynamic programming in `guaranteed_service_tree`, any network here by MILP.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, sparse

from echelon.core.inventory.simulation.layout import Doubles


@dataclass(frozen=True)
class Stage:
    """One stage. processing_time T; holding_cost per unit; safety_factor k; demand_sd of its own customers per period;
    inbound_time: service time of outside suppliers; outbound_time: longest promise to customers, None for none."""

    name: str
    processing_time: int
    holding_cost: float
    safety_factor: float
    demand_sd: float = 0.0
    inbound_time: int = 0
    outbound_time: int | None = None


@dataclass(frozen=True)
class ServiceNetwork:
    """Stages with suppliers before what they supply; links (supplier, customer) as indices, one unit per unit."""

    stages: tuple[Stage, ...]
    links: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if any(a >= b for a, b in self.links):
            raise ValueError("stages must be ordered with suppliers first")

    def sigma(self) -> Doubles:
        """Standard deviation of the demand per period that each stage sees, customers' demands independent.

        Along several ways to the same customer the quantities add up.
        """
        size = len(self.stages)
        reach = np.eye(size)
        for stage in range(size - 1, -1, -1):
            for supplier, customer in self.links:
                if supplier == stage:
                    reach[stage] += reach[customer]
        variance = np.square([stage.demand_sd for stage in self.stages])
        return np.asarray(np.sqrt(np.square(reach) @ variance))

    def longest_time(self) -> list[int]:
        """Longest time to replenish each stage when nobody upstream holds stock."""
        longest: list[int] = []
        for index, stage in enumerate(self.stages):
            before = [longest[a] for a, b in self.links if b == index]
            longest.append(stage.processing_time + max([stage.inbound_time, *before]))
        return longest

    def stock_cost(self) -> list[Doubles]:
        """For each stage the cost of safety stock for a net time of 0, 1, ... periods."""
        scale = self.sigma() * [stage.holding_cost * stage.safety_factor for stage in self.stages]
        return [c * np.sqrt(np.arange(t + 1)) for c, t in zip(scale, self.longest_time(), strict=True)]


@dataclass(frozen=True)
class Placement:
    """Outbound service time and net time of every stage, cost of safety stock, and a lower bound of the least cost."""

    service_times: tuple[int, ...]
    net_times: tuple[int, ...]
    cost: float
    bound: float


def place_safety_stock(network: ServiceNetwork, seconds: float = 60.0) -> Placement:
    """Least-cost service times of any acyclic network by mixed integer programming (HiGHS).

    One binary variable per stage and net time carries the concave cost exactly. Stops after `seconds` with the best
    placement found; its `bound` says how far it can be from the optimum. Raises ValueError when there is none.
    """
    costs = network.stock_cost()
    size, width = len(network.stages), [len(cost) for cost in costs]
    start = 2 * size + np.concatenate([[0], np.cumsum(width)])  # S, SI, then the binaries of each stage
    result = optimize.milp(
        c=np.concatenate([np.zeros(2 * size), *costs]),
        constraints=_constraints(network, width, start),
        integrality=np.concatenate([np.zeros(2 * size), np.ones(start[-1] - 2 * size)]),
        bounds=_time_bounds(network, start),
        options={"time_limit": seconds, "mip_rel_gap": 1e-9},
    )
    if result.x is None:
        raise ValueError(f"no placement of safety stock found: {result.message}")
    net = [int(np.argmax(result.x[start[i] : start[i + 1]])) for i in range(size)]
    cost = float(sum(costs[i][t] for i, t in enumerate(net)))
    times = tuple(round(float(s)) for s in result.x[:size])
    return Placement(times, tuple(net), cost, float(result.mip_dual_bound))


def _constraints(network: ServiceNetwork, width: list[int], start: Doubles) -> list[optimize.LinearConstraint]:
    """One net time per stage; net time = SI + T - S; no inbound time shorter than a supplier's promise."""
    size, columns = len(network.stages), int(start[-1])
    one, net = sparse.lil_matrix((size, columns)), sparse.lil_matrix((size, columns))
    for i in range(size):
        own = slice(int(start[i]), int(start[i + 1]))
        one[i, own] = 1
        net[i, own] = np.arange(width[i])
        net[i, i], net[i, size + i] = 1, -1
    times = np.array([stage.processing_time for stage in network.stages])
    promise = sparse.lil_matrix((len(network.links), columns))
    for row, (supplier, customer) in enumerate(network.links):
        promise[row, size + customer], promise[row, supplier] = 1, -1
    found = [optimize.LinearConstraint(one.tocsr(), 1, 1), optimize.LinearConstraint(net.tocsr(), times, times)]
    if network.links:
        found.append(optimize.LinearConstraint(promise.tocsr(), 0, np.inf))
    return found


def _time_bounds(network: ServiceNetwork, start: Doubles) -> optimize.Bounds:
    """Bounds of S, SI and the binaries."""
    longest = network.longest_time()
    outbound = [t if s.outbound_time is None else min(s.outbound_time, t) for s, t in zip(network.stages, longest, strict=True)]
    inbound = [stage.inbound_time for stage in network.stages]
    binaries = int(start[-1]) - 2 * len(longest)
    most = [t - stage.processing_time for stage, t in zip(network.stages, longest, strict=True)]
    low = np.concatenate([np.zeros(len(longest)), inbound, np.zeros(binaries)])
    return optimize.Bounds(low, np.concatenate([outbound, most, np.ones(binaries)]))

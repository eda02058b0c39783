"""Networks under guaranteed service: every stage promises a service time that its safety stock must cover.

A stage with inbound service time SI, processing time T and outbound service time S holds safety stock for the net time
X = (SI + T - S)+ at the cost

    h (k sqrt(sigma^2 E[X] + mu^2 Var[X]) + mu E[(S - SI - T)+]).

With a fixed T it is h k sigma sqrt((SI + T - S)+): whoever promises more than SI + T, as a T that is not whole makes
worth while, holds nothing and orders that much later. With a random T the last term is the early-arrival stock: units
that are ready before they are due and wait (base stock less demand over the signed net time). Service times are whole
numbers of periods, processing times need not be; `in_parts` allows finer service times. Sources: Graves & Willems,
Manufacturing & Service Operations Management 2(1), 2000, 68-83; Snyder & Shen, Fundamentals of Supply Chain Theory,
2nd ed., section 6.3; Humair, Ruark, Tomlin & Willems, Interfaces 43(5), 2013, 421-434 (random times).
"""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from echelon.core.arrays import Doubles
from echelon.textbook import checks

Whole = npt.NDArray[np.int_]


@dataclass(frozen=True)
class Stage:
    """One stage. processing_time T: periods, or the probabilities of 0, 1, 2, ... periods; holding_cost h per unit and
    time; safety_factor k; demand_sd, demand_mean of its own customers per period (the mean matters for random T only);
    inbound_time: service time of outside suppliers; outbound_time: longest promise to customers, None for none.

    Raises ValueError, naming the field, for values below 0 or times that are not whole where they must be."""

    name: str
    processing_time: float | tuple[float, ...]
    holding_cost: float
    safety_factor: float
    demand_sd: float = 0.0
    inbound_time: int = 0
    outbound_time: int | None = None
    demand_mean: float = 0.0

    def __post_init__(self) -> None:
        self.law()
        checks.not_negative(
            holding_cost=self.holding_cost,
            safety_factor=self.safety_factor,
            demand_sd=self.demand_sd,
            demand_mean=self.demand_mean,
        )
        checks.whole(inbound_time=self.inbound_time, outbound_time=self.outbound_time or 0)

    def law(self) -> tuple[Doubles, Doubles]:
        """Possible processing times and their probabilities."""
        if isinstance(self.processing_time, tuple):
            chances = checks.probabilities("processing_time", self.processing_time)
            possible = np.flatnonzero(chances)
            return possible.astype(float), chances[possible]
        checks.not_negative(processing_time=self.processing_time)
        return np.array([float(self.processing_time)]), np.ones(1)

    def rounded_up(self) -> int:
        """The longest possible processing time in whole periods."""
        return math.ceil(float(self.law()[0].max()) - 1e-9)


@dataclass(frozen=True)
class ServiceNetwork:
    """Stages with suppliers before what they supply; links (supplier, customer) as indices. quantities: units of the
    supplier's item for one unit of the customer's, per link; all 1 where not given."""

    stages: tuple[Stage, ...]
    links: tuple[tuple[int, int], ...]
    quantities: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if not self.stages:
            raise ValueError("stages must not be empty")
        if any(not 0 <= end < len(self.stages) for link in self.links for end in link):
            raise ValueError("links must name stages by their indices")
        if any(a >= b for a, b in self.links):
            raise ValueError("stages must be ordered with suppliers first")
        if self.quantities and len(self.quantities) != len(self.links):
            raise ValueError("quantities must be one per link")
        for quantity in self.quantities:
            checks.positive(quantities=quantity)

    @cached_property
    def suppliers(self) -> list[list[int]]:
        """Indices of each stage's suppliers."""
        suppliers: list[list[int]] = [[] for _ in self.stages]
        for supplier, customer in self.links:
            suppliers[customer].append(supplier)
        return suppliers

    @cached_property
    def reach(self) -> Doubles:
        """Units of each stage's item in one unit of every other's (stages, stages): paths to the same customer add up."""
        units = np.eye(len(self.stages))
        each = self.quantities or (1.0,) * len(self.links)
        for (supplier, customer), quantity in sorted(zip(self.links, each, strict=True), reverse=True):
            units[supplier] += quantity * units[customer]
        return units

    def mean(self) -> Doubles:
        """Mean demand per period that each stage sees."""
        return np.asarray(self.reach @ [stage.demand_mean for stage in self.stages], float)

    def sigma(self) -> Doubles:
        """Standard deviation of the demand per period that each stage sees, customers' demands independent."""
        return np.asarray(np.sqrt(np.square(self.reach) @ np.square([stage.demand_sd for stage in self.stages])))

    @cached_property
    def longest(self) -> tuple[list[int], list[int]]:
        """Longest inbound and longest outbound service time of each stage that can matter: nobody upstream holds stock."""
        inbound: list[int] = []
        outbound: list[int] = []
        for stage, suppliers in zip(self.stages, self.suppliers, strict=True):
            inbound.append(max([stage.inbound_time, *(outbound[i] for i in suppliers)]))
            most = inbound[-1] + stage.rounded_up()
            outbound.append(most if stage.outbound_time is None else min(most, stage.outbound_time))
        return inbound, outbound

    @cached_property
    def _offset_costs(self) -> list[tuple[int, Doubles]]:
        """For each stage the least offset SI - S and the costs from there on."""
        options = []
        for stage, into, out, sd, mean in zip(self.stages, *self.longest, self.sigma(), self.mean(), strict=True):
            options.append((-out, _cost(stage, np.arange(-out, into + 1), sd, mean)))
        return options

    def cost(self, stage: int, offset: Whole) -> Doubles:
        """Cost of a stage's stock for offsets SI - S (any shape, within `longest`); infinite where S is pointless."""
        least, costs = self._offset_costs[stage]
        return np.asarray(costs[np.asarray(offset) - least])


def _stock(stage: Stage, offset: Whole, sd: float, mean: float) -> tuple[Doubles, Doubles, Doubles]:
    """Mean net time, safety stock and early-arrival stock for every offset SI - S; nan where S is pointless: with the next
    longer SI nothing is held either."""
    times, chances = stage.law()
    signed = np.where(offset + stage.rounded_up() >= 0, offset, np.nan)[:, None] + times[None, :]
    net = np.maximum(signed, 0.0)
    expected = net @ chances
    variance = np.maximum(np.square(net) @ chances - np.square(expected), 0.0)
    safety = stage.safety_factor * np.sqrt(sd**2 * expected + mean**2 * variance)
    early = mean * (np.maximum(-signed, 0.0) @ chances)
    return expected, safety, early if len(times) > 1 else 0.0 * signed[:, 0]


def _cost(stage: Stage, offset: Whole, sd: float, mean: float) -> Doubles:
    """The cost in the module's head for every offset SI - S."""
    _, safety, early = _stock(stage, offset, sd, mean)
    return np.nan_to_num(stage.holding_cost * (safety + early), nan=np.inf)


@dataclass(frozen=True)
class Placement:
    """Outbound and inbound service time and mean net time E[X] of every stage, cost of safety and early-arrival stock per
    time, a lower bound of the least cost, and why the search for a better one or a proof ended early, if it did."""

    service_times: tuple[int, ...]
    inbound_times: tuple[int, ...]
    net_times: tuple[float, ...]
    cost: float
    bound: float
    stopped: str = ""

    @property
    def optimal(self) -> bool:
        """Whether it is proved that no whole service times cost less, to one part in a million."""
        return self.cost <= self.bound * (1 + 1e-6)

    @property
    def gap(self) -> float:
        """By what share of the bound the cost can be above the least cost; infinite for a bound of 0."""
        return self.cost / self.bound - 1 if self.bound > 0 else 0.0 if self.optimal else math.inf

    @property
    def proof(self) -> str:
        """In words what is proved."""
        if self.optimal:
            return "proved optimal"
        return f"not proved optimal, as {self.stopped}: the least cost is at least {self.bound:,.2f}, this is {self.cost:,.2f}"


def placement(network: ServiceNetwork, outbound: list[int], inbound: list[int], bound: float) -> Placement:
    """The placement with these service times, and what it costs."""
    offsets = np.asarray(inbound) - np.asarray(outbound)
    cost = sum(float(network.cost(i, offset)) for i, offset in enumerate(offsets))
    net = tuple(
        float(np.maximum(offset + times, 0.0) @ chances)
        for offset, (times, chances) in zip(offsets, (stage.law() for stage in network.stages), strict=True)
    )
    return Placement(tuple(outbound), tuple(inbound), net, cost, min(bound, cost))


def base_stock_levels(network: ServiceNetwork, placed: Placement) -> Doubles:
    """Local base-stock level of every stage, in units: mean demand of the net time + safety stock.

    It is the level of stock on hand + on order - what customers have ordered and not received (due or not), with every
    stage ordering at once what its customers order (Graves & Willems 2000, section 2). For judging a placement by simulation.
    """
    offsets = np.subtract(placed.inbound_times, placed.service_times)
    levels = []
    for stage, offset, sd, mean in zip(network.stages, offsets, network.sigma(), network.mean(), strict=True):
        expected, safety, _ = _stock(stage, np.array([offset]), sd, mean)
        levels.append(float(mean * expected[0] + safety[0]))
    return np.array(levels)

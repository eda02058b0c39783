"""Fill-rate targets: the least levels of customers' nodes that meet them while all other levels stay as they are.

Secant steps on the logarithm of unmet demand inside a bracket, all nodes at once.
"""

from dataclasses import dataclass

import numpy as np

from echelon.core.arrays import Doubles, Flags
from echelon.core.inventory.kernels.measures import Totals
from echelon.core.inventory.optimisation.service.search import Point
from echelon.core.inventory.optimisation.service.shadow_prices import ShadowPrices
from echelon.core.inventory.optimisation.system import System

TOLERANCE = 1e-3  # of the fill rate
_MOST_STEPS = 60
_NOTHING = 1e-12  # in place of a curvature or a spread of zero
_LEAST_UNMET = 1e-4  # of the demand: less counts as this much where its logarithm is taken
_BEND = 0.2  # second derivative of the logarithm of unmet demand over the square of the first: 0.15-0.35 near usual targets
_FARTHEST = 0.5  # of the logarithm of unmet demand: a step so long is not taken without simulation
_LARGEST_STEP = 50.0  # times the step that counting alone would take


@dataclass(frozen=True)
class Targets:
    """fill_rate: nan where a node has no target; hold: holding cost per unit; whole: levels are whole numbers."""

    fill_rate: Doubles
    hold: Doubles
    whole: bool

    @property
    def bound(self) -> Flags:
        """Nodes whose level is decided by a target."""
        return np.isfinite(self.fill_rate)


@dataclass(frozen=True)
class ServedPoint(Point):
    """slope: units served more per unit of each level, as counted period by period (nodes,)."""

    slope: Doubles


def fill_gap(simulator: System, totals: Totals, targets: Targets) -> Doubles:
    """Units that are missing to the target at each node (negative: more than needed, 0 without a target)."""
    return _gap(simulator.demand, totals, targets)


def meet_targets(
    simulator: System, targets: Targets, levels: Doubles, prices: ShadowPrices | None = None, tolerance: float = TOLERANCE
) -> ServedPoint:
    """Least levels of the bound nodes that meet the targets, the other levels given.

    tolerance: of the fill rate; what is missing is made up by one Newton step without simulation.
    """
    prices = ShadowPrices(targets.bound, targets.hold) if prices is None else prices
    levels = np.maximum(np.array(levels, float), 0.0)
    low, high = np.full(len(levels), -1.0), np.full(len(levels), np.inf)
    before, excess_before = levels, np.zeros(len(levels))
    for _ in range(_MOST_STEPS):
        totals = simulator.totals(levels)
        gap = fill_gap(simulator, totals, targets)
        low = np.where(targets.bound & (gap > 0), np.maximum(low, levels), low)
        high = np.where(targets.bound & (gap <= 0), np.minimum(high, levels), high)
        excess, decay = _excess(simulator.demand, totals, gap, prices)
        hit = (np.abs(gap) <= tolerance * simulator.demand) & (np.abs(excess) <= _FARTHEST)
        moving = targets.bound & ~hit & ~_settled(targets, gap, levels, low, high)
        if not moving.any():
            break
        decay = _seen_decay(decay, excess_before - excess, levels - before)
        before, excess_before = levels, excess
        levels = np.where(moving, _next(_step(excess, decay), levels, low, high), levels)
    return _point(simulator, targets, levels, totals, gap, low, high, prices)


def stepped(demand: Doubles, totals: Totals, targets: Targets, levels: Doubles, prices: ShadowPrices) -> Doubles:
    """Levels that meet the targets to first order, from what was simulated at some close by; demand: customers' (nodes,)."""
    excess, decay = _excess(demand, totals, _gap(demand, totals, targets), prices)
    step = np.clip(_step(excess, decay), -levels, None)
    return np.asarray(np.where(targets.bound, levels + step, levels))


def _gap(demand: Doubles, totals: Totals, targets: Targets) -> Doubles:
    return np.where(targets.bound, totals.unmet - (1 - targets.fill_rate) * demand, 0.0)


def _settled(targets: Targets, gap: Doubles, levels: Doubles, low: Doubles, high: Doubles) -> Flags:
    """Nodes that need no further step: bracket closed, or zero stock suffices."""
    closed = high <= np.floor(low) + 1 if targets.whole else high - low <= 1e-3 * levels
    return closed | ((gap <= 0) & (levels <= 0))


def _excess(demand: Doubles, totals: Totals, gap: Doubles, prices: ShadowPrices) -> tuple[Doubles, Doubles]:
    """Logarithm of unmet demand over what the target allows, and how much it falls per unit of level.

    Unmet demand falls about exponentially in the level, so that steps to the zero of the logarithm hit from afar.
    """
    least = np.maximum(_LEAST_UNMET * demand, _NOTHING)
    unmet = np.maximum(totals.unmet, least)
    return np.log(unmet / np.maximum(totals.unmet - gap, least)), np.maximum(totals.slope * prices.effect / unmet, _NOTHING)


def _step(excess: Doubles, decay: Doubles) -> Doubles:
    """Way to the level where the excess is zero, when the decay grows with the level as it does for normal demand."""
    return np.asarray(2 * excess / (decay * (1 + np.sqrt(np.maximum(1 + 2 * _BEND * excess, 0.2)))))


def _seen_decay(decay: Doubles, fallen: Doubles, moved: Doubles) -> Doubles:
    """How much the excess falls per unit of level: by counting (`Totals.slope`), or as the last step showed it where
    that is much less or more.

    Counting says too much where the source is short, since what one location gains another lacks; Newton steps would
    then creep. The secant is kept within a factor of the count, so that noise between neighbours can't throw it far.
    """
    observed = fallen / np.where(moved != 0, moved, 1.0)
    trusted = (moved != 0) & ((observed < 0.5 * decay) | (observed > 1.5 * decay))
    return np.where(trusted, np.clip(observed, decay / _LARGEST_STEP, 3 * decay), decay)


def _next(step: Doubles, levels: Doubles, low: Doubles, high: Doubles) -> Doubles:
    """The step where it stays in the bracket, else its middle, or twice the level while it is open above."""
    widest = np.where(np.isfinite(high), high, 2 * levels + 4)
    fallback = np.where(np.isfinite(high), (np.maximum(low, 0) + high) / 2, widest)
    inside = (levels + step > low) & (levels + step < widest)
    return np.maximum(np.where(inside, levels + step, fallback), 0.0)


def _point(
    simulator: System,
    targets: Targets,
    levels: Doubles,
    totals: Totals,
    gap: Doubles,
    low: Doubles,
    high: Doubles,
    prices: ShadowPrices,
) -> ServedPoint:
    """One last step, inside the bracket, on cost and levels."""
    excess, decay = _excess(simulator.demand, totals, gap, prices)
    surplus = np.where(targets.bound, targets.hold * totals.covered, 0.0)
    step = np.where(targets.bound, np.clip(_step(excess, decay), np.maximum(low, 0) - levels, high - levels), 0.0)
    cost = float(targets.hold @ totals.on_hand + (surplus * prices.factor * prices.effect) @ step)
    slope = totals.slope * np.exp(np.clip(-decay * step, -_FARTHEST, _FARTHEST))  # at the end of the step
    return ServedPoint(levels + step, cost, surplus, np.maximum(slope, 1.0))

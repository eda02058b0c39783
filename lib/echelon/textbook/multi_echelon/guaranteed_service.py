"""Guaranteed service on any acyclic network: where to place safety stock, by mixed integer programming (HiGHS).

Variables: u_i(t) = 1 if stage i promises S_i >= t, v_i(t) = 1 if its inbound time SI_i >= t, and w_i(a, s) = 1 if
SI_i = a and S_i = s, which carries the cost c_i(a - s) exactly. Constraints: the sums of w over s and over a are the
steps of v and u, and u_i(t) <= v_j(t) on every link (i, j). Only u and v need be integer. This is the local polytope
of the stages' joint states: its linear relaxation is exact on trees, and was integral on all 25 chains of Willems
(Manufacturing & Service Operations Management 10(1), 2008, 19-23), so that nothing is left to branch on. One binary
per net time instead, with the concave cost hanging between its ends, leaves gaps that branching does not close
(compare Magnanti, Shen, Shu, Simchi-Levi & Teo, Operations Research Letters 34(2), 2006, 228-238).
"""

import time

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

from echelon.core.arrays import Doubles
from echelon.textbook import checks
from echelon.textbook.multi_echelon.service_network import (
    Placement,
    ServiceNetwork,
    Stage,
    Whole,
    base_stock_levels,
    placement,
)

__all__ = ["Placement", "ServiceNetwork", "Stage", "base_stock_levels", "place_safety_stock"]


class _Columns:
    """Where each stage's u, v and w are among the variables, and its states (a, s)."""

    def __init__(self, network: ServiceNetwork) -> None:
        self.low = [stage.inbound_time for stage in network.stages]
        into, out = network.longest
        self.steps_in = np.subtract(into, self.low)
        self.steps_out = np.asarray(out)
        self.v = np.cumsum([0, *self.steps_in])
        self.u = self.v[-1] + np.cumsum([0, *self.steps_out])
        self.states = [self._states(network, i) for i in range(len(network.stages))]
        self.costs = [network.cost(i, a - s) for i, (a, s) in enumerate(self.states)]
        self.w = self.u[-1] + np.cumsum([0, *(len(cost) for cost in self.costs)])

    def _states(self, network: ServiceNetwork, stage: int) -> tuple[Whole, Whole]:
        a, s = np.meshgrid(
            self.low[stage] + np.arange(self.steps_in[stage] + 1), np.arange(self.steps_out[stage] + 1), indexing="ij"
        )
        possible = np.isfinite(network.cost(stage, a - s))
        return a[possible], s[possible]


def place_safety_stock(network: ServiceNetwork, seconds: float = 60.0) -> Placement:
    """Least-cost service times of any acyclic network.

    Stops after `seconds` with the best placement found; its `bound` says how far it can be from the optimum. Raises
    ValueError when none was found in that time.
    """
    checks.positive(seconds=seconds)
    columns = _Columns(network)
    result = _relaxed_or_whole(columns, _constraints(network, columns), seconds)
    if result.x is None:
        raise ValueError(f"no placement of safety stock found within {seconds} seconds: {result.message}")
    chosen = result.x > 0.5
    inbound = [low + int(chosen[a:b].sum()) for low, a, b in zip(columns.low, columns.v[:-1], columns.v[1:], strict=True)]
    outbound = [int(chosen[a:b].sum()) for a, b in zip(columns.u[:-1], columns.u[1:], strict=True)]
    bound = result.fun if result.mip_dual_bound is None else result.mip_dual_bound  # None: the relaxation was enough
    return placement(network, outbound, inbound, float(bound))


def _relaxed_or_whole(
    columns: _Columns, constraints: list[optimize.LinearConstraint], seconds: float
) -> optimize.OptimizeResult:
    """The relaxation where its times are whole (HiGHS needs half the time for it), else the whole programme in the time
    that is left."""
    start = time.monotonic()
    relaxed = _solve(columns, constraints, False, seconds)
    if relaxed.status == 0:
        times = relaxed.x[: columns.u[-1]]
        if np.abs(times - np.round(times)).max(initial=0.0) <= 1e-6:
            return relaxed
    return _solve(columns, constraints, True, max(seconds - (time.monotonic() - start), 1e-3))


def _solve(
    columns: _Columns, constraints: list[optimize.LinearConstraint], whole: bool, seconds: float
) -> optimize.OptimizeResult:
    """The programme, or its linear relaxation."""
    width, thresholds = int(columns.w[-1]), int(columns.u[-1])
    return optimize.milp(
        c=np.concatenate([np.zeros(thresholds), *columns.costs]),
        constraints=constraints,
        integrality=(np.arange(width) < thresholds).astype(int) * whole,
        bounds=optimize.Bounds(0, 1),
        options={"time_limit": seconds, "mip_rel_gap": 1e-9},
    )


def _constraints(network: ServiceNetwork, columns: _Columns) -> list[optimize.LinearConstraint]:
    """Marginals of every stage's states, and promises kept on every link."""
    blocks, sides = [], []
    for i, (a, s) in enumerate(columns.states):
        for value, start, steps in (
            (a - columns.low[i], columns.v[i], columns.steps_in[i]),
            (s, columns.u[i], columns.steps_out[i]),
        ):
            blocks.append(_marginal(value, int(columns.w[i]), int(start), int(steps), int(columns.w[-1])))
            sides.append(np.eye(1, steps + 1)[0])
    right = np.concatenate(sides)
    constraints = [optimize.LinearConstraint(sparse.vstack(blocks, format="csr"), right, right)]
    promises = _promises(network, columns)
    if promises.shape[0]:
        constraints.append(optimize.LinearConstraint(promises, -np.inf, 0))
    return constraints


def _marginal(value: Whole, first: int, start: int, steps: int, width: int) -> sparse.csr_array:
    """Rows: sum of the states with this value - step(value) + step(value + 1), which is 1 for value 0 and else 0."""
    own = np.arange(steps)
    rows = np.concatenate([value, own + 1, own])
    places = np.concatenate([first + np.arange(len(value)), start + own, start + own])
    entries = np.repeat([1.0, -1.0, 1.0], [len(value), steps, steps])
    return sparse.csr_array((entries, (rows, places)), shape=(steps + 1, width))


def _promises(network: ServiceNetwork, columns: _Columns) -> sparse.csr_array:
    """Rows u_i(t) - v_j(t) for all t that a customer's outside supplier does not cover anyway."""
    left: list[npt.NDArray[np.int_]] = [np.empty(0, int)]
    right: list[npt.NDArray[np.int_]] = [np.empty(0, int)]
    for i, j in network.links:
        times = np.arange(columns.low[j], columns.steps_out[i])
        left.append(columns.u[i] + times)
        right.append(columns.v[j] + times - columns.low[j])
    u, v = np.concatenate(left), np.concatenate(right)
    rows = np.arange(len(u))
    entries: Doubles = np.repeat([1.0, -1.0], len(u))
    return sparse.csr_array((entries, (np.tile(rows, 2), np.concatenate([u, v]))), shape=(len(u), int(columns.w[-1])))

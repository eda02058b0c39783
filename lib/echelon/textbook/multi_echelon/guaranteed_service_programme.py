"""Guaranteed service as a mixed integer programme over bins of service times, for HiGHS.

Variables: u_i(q) = 1 if stage i promises a time of its bin q or a later one, v_i(p) = 1 if its inbound time is in bin p or
a later one, and w_i(p, q) = 1 if they are in p and q, which carries the cost exactly. Constraints: the sums of w over q
and over p are the steps of v and u, and u_i(q) <= v_j(p) on every link (i, j) for the bin p in which q begins. Only u and
v need be integer. This is the local polytope of the stages' joint states: its linear relaxation is exact on trees, and was
integral on all 25 chains of Willems (Manufacturing & Service Operations Management 10(1), 2008, 19-23), so that nothing is
left to branch on. One binary per net time instead, with the concave cost hanging between its ends, leaves gaps that
branching does not close (compare Magnanti, Shen, Shu, Simchi-Levi & Teo, Operations Research Letters 34(2), 2006, 228-238).
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import optimize, sparse

from echelon.core.arrays import Doubles
from echelon.textbook.multi_echelon.service_network import ServiceNetwork, Whole
from echelon.textbook.multi_echelon.service_time_bins import Bins, bin_of, least_costs, single_times


@dataclass(frozen=True)
class Answer:
    """Bins of each stage's inbound and outbound time that a solution uses, several where a relaxation mixes them; a lower
    bound of the programme's least cost; whether it is proved that no other bins cost less."""

    into: list[Whole]
    out: list[Whole]
    bound: float
    proved: bool

    def mixed(self) -> bool:
        """Whether it is a relaxation's mixture of bins."""
        return any(len(used) > 1 for used in (*self.into, *self.out))

    def finest(self, bins: Bins) -> bool:
        """Whether it uses bins of one time only, so that nothing is left to split."""
        return single_times(bins.into, self.into) and single_times(bins.out, self.out)


class Programme:
    """Where each stage's u, v and w are among the variables, its states (p, q) and the constraints.

    most: the cost of a known placement. States that alone cost more are left out, and costs are scaled by it, as the
    solver's tolerances are absolute.
    """

    def __init__(self, network: ServiceNetwork, bins: Bins, most: float) -> None:
        self.network, self.bins, self.unit = network, bins, most / 1e4
        self.steps_in = [len(edges) - 2 for edges in bins.into]
        self.steps_out = [len(edges) - 2 for edges in bins.out]
        self.v = np.cumsum([0, *self.steps_in])
        self.u = self.v[-1] + np.cumsum([0, *self.steps_out])
        self.states: list[tuple[Whole, Whole]] = []
        self.costs: list[Doubles] = []
        for stage in range(len(network.stages)):
            costs = least_costs(network, bins, stage)
            p, q = np.nonzero(costs <= most * (1 + 1e-6))
            self.states.append((p, q))
            self.costs.append(costs[p, q] / self.unit)
        self.w = self.u[-1] + np.cumsum([0, *(len(cost) for cost in self.costs)])
        self.constraints = self._constraints()

    def solve(self, whole: bool, seconds: float) -> Answer | None:
        """The programme, or its linear relaxation; None if it found nothing in time, or the relaxation no optimum."""
        width, thresholds = int(self.w[-1]), int(self.u[-1])
        result = optimize.milp(
            c=np.concatenate([np.zeros(thresholds), *self.costs]),
            constraints=self.constraints,
            integrality=(np.arange(width) < thresholds).astype(int) * whole,
            bounds=optimize.Bounds(0, 1),
            options={"time_limit": seconds, "mip_rel_gap": 1e-9},
        )
        if result.x is None or not (whole or result.status == 0):
            return None
        bound = self.unit * float(result.mip_dual_bound if whole else result.fun)
        return Answer(_used(result.x, self.v), _used(result.x, self.u), bound, result.status == 0)

    def _constraints(self) -> list[optimize.LinearConstraint]:
        """Marginals of every stage's states, and promises kept on every link."""
        blocks, sides = [], []
        for i, (p, q) in enumerate(self.states):
            for value, start, steps in ((p, self.v[i], self.steps_in[i]), (q, self.u[i], self.steps_out[i])):
                blocks.append(_marginal(value, int(self.w[i]), int(start), int(steps), int(self.w[-1])))
                sides.append(np.eye(1, steps + 1)[0])
        right = np.concatenate(sides)
        constraints = [optimize.LinearConstraint(sparse.vstack(blocks, format="csr"), right, right)]
        promises = self._promises()
        if promises.shape[0]:
            constraints.append(optimize.LinearConstraint(promises, -np.inf, 0))
        return constraints

    def _promises(self) -> sparse.csr_array:
        """Rows u_i(q) - v_j(p) where a bin q begins in a bin p that the customer's first does not cover anyway."""
        left: list[npt.NDArray[np.int_]] = [np.empty(0, int)]
        right: list[npt.NDArray[np.int_]] = [np.empty(0, int)]
        for i, j in self.network.links:
            begins, q = np.unique(bin_of(self.bins.into[j], self.bins.out[i][1:-1]), return_index=True)
            left.append(self.u[i] + q[begins > 0])
            right.append(self.v[j] + begins[begins > 0] - 1)
        u, v = np.concatenate(left), np.concatenate(right)
        rows = np.arange(len(u))
        entries: Doubles = np.repeat([1.0, -1.0], len(u))
        return sparse.csr_array((entries, (np.tile(rows, 2), np.concatenate([u, v]))), shape=(len(u), int(self.w[-1])))


def _marginal(value: Whole, first: int, start: int, steps: int, width: int) -> sparse.csr_array:
    """Rows: sum of the states with this value - step(value) + step(value + 1), which is 1 for value 0 and else 0."""
    own = np.arange(steps)
    rows = np.concatenate([value, own + 1, own])
    places = np.concatenate([first + np.arange(len(value)), start + own, start + own])
    entries = np.repeat([1.0, -1.0, 1.0], [len(value), steps, steps])
    return sparse.csr_array((entries, (rows, places)), shape=(steps + 1, width))


def _used(solution: Doubles, starts: Whole) -> list[Whole]:
    """The bins with a share of the solution, from each stage's steps."""
    steps = [np.concatenate([[1.0], solution[a:b], [0.0]]) for a, b in pairwise(starts)]
    return [np.flatnonzero(-np.diff(shares) > 1e-6) for shares in steps]

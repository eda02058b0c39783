"""What stock and shortage cost, and what a plan costs on fresh paths, with a confidence interval."""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from echelon.core.arrays import Doubles
from echelon.core.inventory.kernels import layout
from echelon.core.inventory.kernels.measures import Measures, Totals
from echelon.core.inventory.optimisation.system import System


@dataclass(frozen=True)
class Costs:
    """Per node (nodes,), currency: hold per unit on hand and period, backorder per unit that customers wait for and
    period, unmet per unit not served at once (what a lost sale costs)."""

    hold: Doubles
    backorder: Doubles
    unmet: Doubles

    def by_node(self, totals: Totals) -> Doubles:
        """Cost of each node, added up over measured periods and replications."""
        return self.hold * totals.on_hand + self.backorder * totals.owed + self.unmet * totals.unmet

    def by_replication(self, measures: Measures) -> Doubles:
        """Mean cost per period of all nodes in each replication (replications,)."""
        sums = measures.sums
        shortage = self.backorder @ sums[layout.CUSTOMERS_OWED] + self.unmet @ sums[layout.UNMET]
        return np.asarray((self.hold @ sums[layout.ON_HAND] + shortage) / measures.periods)


@dataclass(frozen=True)
class CertifiedCost:
    """Mean cost per period, its standard error, and the ends of a confidence interval."""

    mean: float
    se: float
    low: float
    high: float


def certified_cost(fresh: System, levels: Doubles, costs: Costs, confidence: float = 0.95) -> CertifiedCost:
    """Cost of given levels on paths that the optimiser has not seen: unbiased, where the optimum of a sample average is
    biased low (Mak, Morton & Wood, Operations Research Letters 24, 1999). Student's interval over replications."""
    sample = costs.by_replication(fresh.measure(levels))
    mean, se = float(sample.mean()), float(sample.std(ddof=1) / np.sqrt(len(sample)))
    half = float(stats.t.ppf(0.5 + confidence / 2, len(sample) - 1)) * se
    return CertifiedCost(mean, se, mean - half, mean + half)

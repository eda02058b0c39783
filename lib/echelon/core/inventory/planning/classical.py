"""The classical plan, for comparison: every location alone, moving average and z-sigma-root-L safety stock."""

import numpy as np
from scipy import stats

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.problem import Problem
from echelon.core.inventory.planning.analytic import service_targets


def classical_levels(problem: Problem, history: Doubles, window: int) -> Doubles:
    """Base-stock levels (nodes,) of the plan that most firms use.

    history: (periods, nodes) customers' demand, oldest first; the last `window` periods give mean d and standard
    deviation sigma. An inner location sees the demand of all it serves. Level = d (L + R) + safety stock, with
    safety stock = z sqrt((L + R) sigma^2 + d^2 sigma_L^2), z the normal quantile of the target taken as a cycle
    service level (Silver, Pyke & Thomas, 4th ed., eq. 6.18). Rounded up where demand is counted.
    """
    seen = np.stack([problem.subtree_sum(row) for row in recent_demand(history, window)])
    cover = np.array([node.lead_time.mean + node.review_period for node in problem.nodes])
    lead_variance = np.array([node.lead_time.variance for node in problem.nodes])
    return textbook_levels(seen, cover, lead_variance, service_targets(problem), problem.counts)


def recent_demand(history: Doubles, window: int) -> Doubles:
    """The last `window` periods of the history. Raises ValueError where there is too little to estimate from."""
    if window < 2 or len(history) < 1:
        raise ValueError("the classical plan needs a window of at least 2 periods and some history")
    return np.asarray(history, float)[-window:]


def textbook_levels(seen: Doubles, cover: Doubles, lead_variance: Doubles, targets: Doubles, counts: bool) -> Doubles:
    """The formula of `classical_levels`. seen: (periods, nodes) demand at each node; cover: L + R; all others (nodes,)."""
    mean = seen.mean(axis=0)
    variance = seen.var(axis=0, ddof=1) if len(seen) > 1 else np.zeros(len(mean))
    z = stats.norm.ppf(np.clip(targets, 0.5, 0.9999))
    levels = mean * cover + z * np.sqrt(cover * variance + np.square(mean) * lead_variance)
    return np.ceil(levels - 1e-9) if counts else levels

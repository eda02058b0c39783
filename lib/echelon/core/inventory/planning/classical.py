"""The classical plan, for comparison: every location alone, moving average and z-sigma-root-L safety stock."""

import numpy as np
from scipy import stats

from echelon.core.arrays import Doubles
from echelon.core.inventory.model.supply_network import SupplyNetwork
from echelon.core.inventory.planning.analytic import service_targets
from echelon.core.inventory.planning.lead_time_demand import review_periods


def classical_levels(network: SupplyNetwork, history: Doubles, window: int) -> Doubles:
    """Base-stock levels (points,) of the plan that most firms use.

    history: (periods, points) customers' demand, oldest first; the last `window` periods give mean d and standard
    deviation sigma. An inner location sees the demand of all it serves. Level = d (L + R) + safety stock, with
    safety stock = z sqrt((L + R) sigma^2 + d^2 sigma_L^2), z the normal quantile of the target taken as a cycle
    service level (Silver, Pyke & Thomas, 4th ed., eq. 6.18). Rounded up where demand is counted.

    Raises ValueError where there is too little to estimate from.
    """
    if window < 2 or len(history) < 1:
        raise ValueError("the classical plan needs a window of at least 2 periods and some history")
    recent = np.asarray(history, float)[-window:]
    echelon_demand = np.ascontiguousarray(network.echelon_sum(recent.T).T)
    cover = np.array([point.mean_lead for point in network.nodes]) + review_periods(network)
    late = np.array([point.lead_variance for point in network.nodes])
    mean = echelon_demand.mean(axis=0)
    variance = echelon_demand.var(axis=0, ddof=1) if len(echelon_demand) > 1 else np.zeros(len(mean))
    z = stats.norm.ppf(np.clip(service_targets(network), 0.5, 0.9999))
    levels = mean * cover + z * np.sqrt(cover * variance + np.square(mean) * late)
    return np.ceil(levels - 1e-9) if network.whole_units else levels

"""Demand of which only a part was seen: s was sold, then the location was empty, so D >= s.

Demand is negative binomial with variance = mean + dispersion x mean^2: Agrawal and Smith (1996), Estimating negative
binomial demand for retail inventory management with unobservable lost sales, Naval Research Logistics 43, show that it
fits retail sales with stock-outs where normal and Poisson (Conrad 1976, Sales data and the estimation of demand,
Operational Research Quarterly 27) do not. With r = 1/dispersion, q = mean / (r + mean) and the incomplete beta function,
P(D >= s) = I_q(s, r), which also takes sales that are no whole numbers.
"""

import numpy as np
import numpy.typing as npt
from scipy.special import betainc, gammaln

from echelon.core.arrays import Vector

DISPERSIONS = np.geomspace(0.05, 20.0, 18)
# A probability below this is no base for a quotient; so far out, probabilities fall by a constant ratio.
_LEAST_TAIL = 1e-200


def expected_above(sold: Vector, mean: Vector, dispersion: Vector) -> Vector:
    """E[D | D >= sold], all (n,) in units, sold >= 0, mean > 0, dispersion > 0; never below sold.

    d P(D = d) = mean P(D' = d - 1), where D' has r + 1 for r, so it is mean P(D' >= sold - 1) / P(D >= sold).
    """
    r, q = 1.0 / dispersion, _ratio(mean, dispersion)
    beyond = _at_least(sold, r, q)
    usable = beyond > _LEAST_TAIL
    near = mean * _at_least(sold - 1.0, r + 1.0, q) / np.where(usable, beyond, 1.0)
    falling = np.minimum(q * (sold + r) / (sold + 1.0), 0.999)
    return np.maximum(np.where(usable, near, sold + falling / (1.0 - falling)), sold)


def likely_dispersion(sold: Vector, mean: Vector, cut: npt.NDArray[np.bool_]) -> float:
    """Of DISPERSIONS, the one under which these sales are likeliest; all (n,). Where `cut`, demand was at least `sold`."""
    uncut, least = ~cut, np.maximum(sold[cut], 0.0)
    likelihood = [
        _log_probability(sold[uncut], mean[uncut], phi).sum()
        + np.log(np.maximum(_at_least(least, 1.0 / phi, _ratio(mean[cut], phi)), 1e-300)).sum()
        for phi in DISPERSIONS
    ]
    return float(DISPERSIONS[int(np.argmax(likelihood))])


def _at_least(units: Vector, r: Vector | float, q: Vector) -> Vector:
    return np.where(units > 0, betainc(np.maximum(units, 1e-9), r, q), 1.0)


def _ratio(mean: Vector, dispersion: Vector | float) -> Vector:
    return np.asarray(mean * dispersion / (1.0 + mean * dispersion), dtype=np.float64)


def _log_probability(sold: Vector, mean: Vector, dispersion: float) -> Vector:
    r = 1.0 / dispersion
    combinations = gammaln(sold + r) - gammaln(r) - gammaln(sold + 1.0)
    return np.asarray(combinations + sold * np.log(_ratio(mean, dispersion)) - r * np.log1p(mean * dispersion))

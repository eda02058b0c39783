"""Series in whole units that vary less than a Poisson variable can, like a standing order of four a week.

A negative binomial is never narrower than its Poisson limit, so such a series is described by a gamma, and its quantiles and
stock levels are rounded to whole units. The test is that of Fisher's index of dispersion (variance / mean, times n - 1 about
chi-square with n - 1 degrees of freedom for Poisson; Cochran, Biometrics 10, 1954).
"""

import warnings

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from echelon.core.forecast.distributions.shape import RECENT
from echelon.core.forecast.panel import Panel, whole_units

# Poisson series that are taken for narrower ones; and the index above which the difference does not matter.
_MISTAKEN = 1e-4
_MOST_INDEX = 0.25
# In so few periods a Poisson variable is now and then the same every time, which the chi-square law does not know.
_LEAST_PERIODS = 10


def underdispersed(training: Panel) -> npt.NDArray[np.bool_]:
    """Per series of a panel (n,), whether its recent demand is in whole units and clearly less dispersed than Poisson's."""
    recent = training.values[:, -RECENT[training.freq] :]
    known = (~np.isnan(recent)).sum(axis=1)
    with warnings.catch_warnings():  # series of one period have no variance
        warnings.simplefilter("ignore", RuntimeWarning)
        mean, variance = np.nanmean(recent, axis=1), np.nanvar(recent, axis=1, ddof=1)
    free = np.maximum(known - 1, 1)
    least = np.minimum(_MOST_INDEX, chi2.ppf(_MISTAKEN, free) / free)
    return np.asarray(whole_units(recent) & (known >= _LEAST_PERIODS) & (mean > 0) & (variance < least * mean))

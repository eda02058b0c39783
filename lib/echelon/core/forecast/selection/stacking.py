"""How much each member of a combination counts: the weights with which the combination would have erred least.

Which members' errors go together tells more than how large each is: of two that err alike one is enough, and one that errs
more still helps if it errs the other way. Stacking with weights that are not negative and add up to 1: Breiman (1996),
Stacked regressions, Machine Learning 24. What a series' own errors add is in `combination.py`.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import nnls

from echelon.core.arrays import Flags, Matrix, Vector
from echelon.core.forecast.base.candidate import OK
from echelon.core.forecast.panel import KEYS

ERROR_COLUMNS = [*KEYS, "model", "cutoff", "status", "forecast", "actual", "rmsse"]
# together: names of the members that went well, joined.
CASE_COLUMNS = ["cutoff", "together", "first", "second"]
PRODUCT_COLUMNS = [*CASE_COLUMNS, "cases", "product"]
JOINED = ","
# Errors of a series in a window that are larger, as root mean square over members in naive errors, count as this large: so
# one series can't decide for all.
LARGEST_RMSSE = 3.0
# Weights are drawn to equal ones as if so many series more had been seen on which members erred alike and independently.
BORROWED_CASES = 3.0
MILLIONTHS = 1e6
_LEAST_RIDGE = 1e-6


def error_products(rows: pd.DataFrame) -> pd.DataFrame:
    """How errors of members went together (PRODUCT_COLUMNS), from rows of `backtest_scores` (ERROR_COLUMNS), those of a
    series together, in any order.

    One row per cutoff, set of members that went well, and pair of them: cases, series seen; product, the sum over them of
    the mean product of their scaled errors over the horizon (squares of naive errors). It is in whole millionths, so that
    it is the same in whatever pieces and order it is added up.
    """
    well = rows[(rows["status"] == OK) & rows["rmsse"].notna()]
    if well.empty:
        return pd.DataFrame(columns=PRODUCT_COLUMNS)
    models = np.array(sorted(well["model"].unique()))
    by_case = well.groupby([*KEYS, "cutoff"], sort=True)
    case = by_case.ngroup().to_numpy()
    errors = np.full((len(models), by_case.ngroups, len(well["actual"].iloc[0])), np.nan)
    errors[np.searchsorted(models, well["model"].to_numpy(str)), case] = _scaled_errors(well)
    cutoff, known = by_case.size().reset_index()["cutoff"], ~np.isnan(errors[:, :, 0])
    alike = pd.DataFrame(known.T).groupby([cutoff, *range(len(models))], sort=True).indices.values()
    products = [_added(models, known[:, at[0]], errors[:, at]).assign(cutoff=cutoff.iloc[at[0]]) for at in alike]
    return pd.concat(products, ignore_index=True)[PRODUCT_COLUMNS]


def _scaled_errors(rows: pd.DataFrame) -> Matrix:
    """(rows, h): forecast - actual in naive errors, whose root mean square is the rmsse."""
    error = np.stack(rows["forecast"].to_list()) - np.stack(rows["actual"].to_list())
    size = np.sqrt((error**2).mean(axis=1))
    unit = np.divide(rows["rmsse"].to_numpy(np.float64), size, out=np.zeros(len(size)), where=size > 0)
    return np.asarray(error * unit[:, None])


def _added(models: npt.NDArray[np.str_], well: Flags, errors: npt.NDArray[np.float64]) -> pd.DataFrame:
    """PRODUCT_COLUMNS but the cutoff, of cases in which the same members went well; errors (all members, cases, h)."""
    own, names = errors[well], models[well]
    size = np.sqrt((own**2).mean(axis=(0, 2)))
    own = own * np.minimum(1.0, LARGEST_RMSSE / np.maximum(size, 1e-12))[:, None]
    first, second = np.triu_indices(len(names))
    product = (own[first] * own[second]).mean(axis=2)
    return pd.DataFrame(
        {
            "together": JOINED.join(names), "first": names[first], "second": names[second],
            "cases": own.shape[1], "product": np.rint(product * MILLIONTHS).astype(np.int64).sum(axis=1),
        }
    )  # fmt: skip


def stacked(products: pd.DataFrame, names: list[str]) -> tuple[Vector, Vector]:
    """Weights of these members (names,), adding up to 1, and their mean squared errors, each as a share of their mean, in the
    cases in which all of them went well. Alike where there is none.

    products: PRODUCT_COLUMNS, several rows of a pair are added up.
    """
    whole = [name for name in products["together"].unique() if set(names) <= set(name.split(JOINED))]
    used = products[products["together"].isin(whole) & products["first"].isin(names) & products["second"].isin(names)]
    added = used.groupby(["first", "second"])[["cases", "product"]].sum()
    if not added["product"].any():
        return np.full(len(names), 1.0 / len(names)), np.ones(len(names))
    gram = added["product"].unstack().reindex(index=names, columns=names).fillna(0.0).to_numpy(np.float64)
    square = np.diag(gram)
    upper = gram + gram.T - np.diag(square)
    return _least_error(upper, float(added["cases"].iloc[0])), square / square.mean()


def _least_error(gram: Matrix, cases: float) -> Vector:
    """w >= 0 with sum 1 and the least w' gram w. It is the normalised solution of w' gram w / 2 - sum(w), which is one of
    non-negative least squares (Lawson and Hanson 1974)."""
    size = np.trace(gram) / len(gram)
    lower = np.linalg.cholesky(gram + max(BORROWED_CASES / cases, _LEAST_RIDGE) * size * np.eye(len(gram)))
    weight, _ = nnls(lower.T, np.linalg.solve(lower, np.ones(len(gram))))
    return np.asarray(weight / weight.sum())

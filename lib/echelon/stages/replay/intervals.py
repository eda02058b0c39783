"""How sure the results of the replay are: the bootstrap of whole SKUs, done in buckets of them and added up by member."""

from functools import partial

import numpy as np
import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.inventory.bootstrap import FEWEST, REPLICATES, interval, on_grid, sku_weights
from echelon.engine.decimal_sums import exact_sum
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.stages.shared.context import Context

_MEMBER = ["scope", "member"]
_SUMS = ("demand", "ours", "theirs", "our_stock", "their_stock")
_RESAMPLED = "scope string, member string, skus int, sums array<double>"
_ENDS = tuple(f"{name}_{end}" for name in ("fill_rate", "fill_rate_gain", "stock_change") for end in ("low", "high"))
_INTERVALS = f"policy string, scope string, member string, skus int, {', '.join(f'{name} double' for name in _ENDS)}"


def intervals(context: Context, measured: DataFrame) -> DataFrame:
    """policy, scope, member, skus and both ends of each interval, null where fewer than FEWEST SKUs have demand.

    measured: rows of `replay_measures.MEASURES`. Stock is compared by value, in units where nothing has a cost.
    """
    buckets, seed = context.settings.spark.buckets, context.settings.run.seed
    demand, value, units = _largest(measured)
    stock, most = ("stock_value", value) if value > 0 else ("stock_units", units)
    rows = measured.select("policy", *_MEMBER, "sku", "demand", "served", F.col(stock).alias("stock"))
    function = partial(_resampled, seed=seed, demand=demand, stock=most)
    resampled = context.lake.keep("resampled", apply_in_buckets(rows, ["sku"], function, _RESAMPLED, buckets))
    return apply_in_buckets(resampled, _MEMBER, _added, _INTERVALS, buckets)


def _largest(measured: DataFrame) -> tuple[float, ...]:
    """Demand, stock value and stock units of all, under the policy that has more of it."""
    sums = [exact_sum(F.col(name)).alias(name) for name in ("demand", "stock_value", "stock_units")]
    both = measured.where("scope = 'total'").groupBy("policy").agg(*sums)
    row = both.agg(*(F.max(name) for name in ("demand", "stock_value", "stock_units"))).collect()[0]
    return tuple(float(number or 0.0) for number in row)


def _resampled(rows: pd.DataFrame, seed: int, demand: float, stock: float) -> pd.DataFrame:
    """What each replicate makes of the SKUs of a bucket, by member: sums of _SUMS, replicate by replicate."""
    wide = rows.pivot(index=[*_MEMBER, "sku"], columns="policy", values=["demand", "served", "stock"])
    values = pd.DataFrame(
        {
            "demand": on_grid(wide["demand"]["echelon"], demand),
            "ours": on_grid(wide["served"]["echelon"], demand),
            "theirs": on_grid(wide["served"]["classical"], demand),
            "our_stock": on_grid(wide["stock"]["echelon"], stock),
            "their_stock": on_grid(wide["stock"]["classical"], stock),
        },
        index=wide.index,
    )
    skus = sorted(set(rows["sku"]))
    weights, place = sku_weights(seed, skus), {sku: number for number, sku in enumerate(skus)}
    sums_of_members = []
    for (scope, member), of_member in values.groupby(level=_MEMBER, sort=True):
        drawn = weights[[place[sku] for sku in of_member.index.get_level_values("sku")]]
        sums = drawn.T @ of_member[list(_SUMS)].to_numpy()
        sums_of_members.append((scope, member, int((of_member["demand"] > 0).sum()), sums.ravel()))
    return pd.DataFrame(sums_of_members, columns=[*_MEMBER, "skus", "sums"])


def _added(rows: pd.DataFrame) -> pd.DataFrame:
    """The buckets' sums of each member together, and the intervals that they give, by policy."""
    interval_rows = []
    for (scope, member), sums_of_member in rows.groupby(_MEMBER, sort=True):
        skus, sums = (
            int(sums_of_member["skus"].sum()),
            np.sum(np.stack(sums_of_member["sums"].to_list()), axis=0).reshape(REPLICATES, len(_SUMS)),
        )
        for policy, ends in _ends(sums).items():
            interval_rows.append((policy, scope, member, skus, *(ends if skus >= FEWEST else [np.nan] * len(_ENDS))))
    frame = pd.DataFrame(interval_rows, columns=["policy", *_MEMBER, "skus", *_ENDS])
    return frame.astype(object).where(frame.notna(), None)


def _ends(sums: np.ndarray) -> dict[str, list[float]]:
    """Both ends of each interval from the replicates' sums; only our plan is compared with the other."""
    demand, ours, theirs, stock, other = sums.T
    asked, held = np.where(demand > 0, demand, np.nan), np.where(other > 0, other, np.nan)
    fill, classical = np.minimum(ours / asked, 1.0), np.minimum(theirs / asked, 1.0)
    compared = [*interval(fill - classical), *interval(stock / held - 1)]
    return {"echelon": [*interval(fill), *compared], "classical": [*interval(classical), *[np.nan] * len(compared)]}

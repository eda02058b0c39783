"""The choice beside all candidates: what they forecast for held-out horizons, in the backtest of a run after the last one.

A forecast of zero stands beside the candidates. Where demand is rare its mean RMSSE is the lowest of all, because the mean of
roots asks for less than the mean of demand (Kolassa 2020, International Journal of Forecasting 36, 208-211); the root of the
mean of squares does not.
"""

import numpy as np
import pandas as pd
from echelon.core.forecast.panel import KEYS
from echelon.core.forecast.selection.names import COMBINATIONS, FLOOR

from benchmarks.real.stage_run import Published

CHOSEN, ZERO = "chosen", "zero"
_NEEDED = [*KEYS, "model", "cutoff", "rmsse", "pinball", "absolute_error", "bias", "inventory_cost", "forecast", "actual"]
_SCORES = ["rmsse", "pinball", "inventory_cost"]


def candidate_table(held_out: dict[str, Published], after: Published) -> pd.DataFrame:
    """Mean scores over windows by model, the choice last. held_out: runs by the first day of their horizon, whose champions
    had not seen it; after: the run whose backtest reaches over all of them."""
    rows = after.table("backtest_scores", _NEEDED).assign(cutoff=lambda r: r["cutoff"].astype(str))
    rows = rows[rows["cutoff"].isin(list(held_out))]
    zero = _zero(rows[rows["model"] == FLOOR])
    champions = pd.concat([_champions(run).assign(cutoff=day) for day, run in held_out.items()])
    chosen = rows.merge(champions, on=[*KEYS, "cutoff", "model"]).assign(model=CHOSEN)
    everything = pd.concat([rows, zero, chosen])
    scores = [{"model": name, **_scores(part)} for (name, _), part in everything.groupby(["model", "cutoff"], sort=False)]
    return pd.DataFrame(scores).groupby("model", sort=False).mean()


def ratios(table: pd.DataFrame) -> "pd.Series[float]":
    """The choice over the best single candidate, by score."""
    single = table.drop([CHOSEN, ZERO, *COMBINATIONS], errors="ignore")
    return pd.Series({name: table[name][CHOSEN] / single[name].min() for name in _SCORES})


def _champions(run: Published) -> pd.DataFrame:
    """sku, location, model."""
    return run.table("demand_distributions", [*KEYS, "model"])


def _zero(rows: pd.DataFrame) -> pd.DataFrame:
    """A forecast of nothing in the place of another."""
    actual, mean = np.stack(rows["actual"].to_list()), np.stack(rows["forecast"].to_list())
    scale = ((actual - mean) ** 2).mean(axis=1) / rows["rmsse"] ** 2
    total = actual.sum(axis=1)
    return rows.assign(
        model=ZERO, rmsse=np.sqrt((actual**2).mean(axis=1) / scale), pinball=np.nan, inventory_cost=np.nan,
        absolute_error=total, bias=-total,
    )  # fmt: skip


def _scores(rows: pd.DataFrame) -> dict[str, float]:
    demand = max(sum(actual.sum() for actual in rows["actual"]), 1e-9)
    return {
        "rmsse": float(np.sqrt((rows["rmsse"] ** 2).mean())),
        "pinball": float(rows["pinball"].mean()),
        "inventory_cost": float(rows["inventory_cost"].sum(min_count=1)),
        "wape": float(rows["absolute_error"].sum()) / demand,
        "bias": float(rows["bias"].sum()) / demand,
    }

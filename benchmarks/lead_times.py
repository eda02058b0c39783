"""How well lead times of a lane with few deliveries are told beforehand: SCMS lanes, each held out but for a few deliveries.

    PYTHONPATH=lib python benchmarks/lead_times.py

Prints the mean CRPS in days (Gneiting and Raftery 2007; lower is better) over lanes with at least three deliveries to score and
eight to learn from, for several ways to carry the deliveries of the supplier's other lanes over to this one.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from echelon.core.network.deliveries import known_deliveries
from echelon.core.network.lead_times import LeadTimeRules, carried_over
from echelon.core.probability.pmf import gamma_pmf, learned_pmf

SCMS = Path(__file__).parents[1] / "data" / "scms"
RULES = LeadTimeRules()
SD_DAYS = 30.0  # of a promise, as data/scms/plan.yaml assumes
KNOWN = (0, 1, 3, 5)

WAYS: dict[str, Callable[[pd.DataFrame, float], np.ndarray]] = {
    "slips, as built": carried_over,
    "ratios to the lane's promise": lambda rows, promise: (promise * rows["days"] / rows["lane_days"]).to_numpy(),
    "lateness against the promised date": lambda rows, promise: np.maximum((promise + rows["lateness_days"]).to_numpy(), 0),
    "the supplier's days as they are": lambda rows, _: rows["days"].to_numpy(float),
}


def deliveries() -> pd.DataFrame:
    """Deliveries that have an order date and were not received before it, as `known_deliveries` has them, one a row."""
    raw = pd.read_csv(SCMS / "deliveries.csv.gz", dtype=str, keep_default_na=False)
    dates = pd.DataFrame(
        {
            "order_date": pd.to_datetime(raw["po_sent_to_vendor_date"], format="%m/%d/%y", errors="coerce"),
            "promised_date": pd.to_datetime(raw["scheduled_delivery_date"], format="%d-%b-%y"),
            "received_date": pd.to_datetime(raw["delivered_to_client_date"], format="%d-%b-%y"),
        }
    )
    quantity = {f"quantity_{name}": np.nan for name in ("ordered", "received")}
    rows = dates.assign(source=raw["vendor"], destination=raw["country"], **quantity)
    known = known_deliveries(pd.read_csv(SCMS / "lanes.csv"), rows[rows["received_date"] >= rows["order_date"]])
    return known.loc[known.index.repeat(known["deliveries"])]


def crps(pmf: np.ndarray, seen: np.ndarray) -> float:
    """Mean over the deliveries seen of the summed squared difference between the two distribution functions."""
    size = max(pmf.size, int(seen.max()) + 1)
    below = np.cumsum(np.pad(pmf, (0, size - pmf.size)))
    return float(np.mean([((below - (np.arange(size) >= days)) ** 2).sum() for days in seen]))


def pooled(own: np.ndarray, borrowed: np.ndarray) -> np.ndarray:
    weights = np.concatenate([np.ones(own.size), np.full(borrowed.size, min(1.0, RULES.min_deliveries / borrowed.size))])
    return learned_pmf(np.concatenate([own, borrowed]), RULES.smoothing, weights)


def scores(known: int, rows: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """CRPS per lane and way; `known` deliveries of the lane, drawn by chance, are learned from."""
    found = []
    for (source, destination), lane in rows.groupby(["source", "destination"]):
        others = rows[(rows["source"] == source) & (rows["destination"] != destination)]
        days = random.permutation(lane["days"].to_numpy())
        if len(lane) < known + 3 or known + len(others) < RULES.min_deliveries or not len(others):
            continue
        own, seen, promise = days[:known], days[known:], float(lane["lane_days"].iloc[0])
        row = {"the promise": crps(gamma_pmf(promise, SD_DAYS), seen)}
        if known > 1:
            row["own deliveries alone"] = crps(learned_pmf(own, RULES.smoothing), seen)
        found.append(row | {name: crps(pooled(own, way(others, promise)), seen) for name, way in WAYS.items()})
    return pd.DataFrame(found)


def main() -> None:
    rows, random = deliveries(), np.random.Generator(np.random.Philox(key=20))
    tables = {known: scores(known, rows, random) for known in KNOWN}
    columns = {f"{known} known, {len(table)} lanes": table.mean() for known, table in tables.items()}
    print(pd.DataFrame(columns).round(1).to_string(na_rep="-"))


if __name__ == "__main__":
    main()

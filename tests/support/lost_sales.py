"""Real daily demand, and what a simulated stock with lost sales would have sold of it."""

import numpy as np
import pandas as pd
from echelon.core.demand.cleaning import build_demand
from echelon.core.demand.periods import period_index

from support import INCLUDED

NAMES = {"StockCode": "sku", "Country": "location", "InvoiceDate": "date", "Quantity": "quantity", "UnitPrice": "price"}


def real_demand(location: str) -> pd.DataFrame:
    """sku, location, date, demand per day, of all included SKUs at one location, from the SKU's first sale there."""
    raw = pd.read_csv(INCLUDED / "sales.csv.gz", dtype={"StockCode": str, "InvoiceNo": str}).drop_duplicates()
    rows = raw.rename(columns=NAMES)
    items = set(pd.read_csv(INCLUDED / "items.csv", dtype=str)["sku"])
    rows = rows[rows["sku"].isin(items) & (rows["location"] == location) & (rows["price"] > 0)]
    days = rows["date"].str[:10].astype("datetime64[s]")
    sold, returned = rows["quantity"].clip(lower=0.0), (-rows["quantity"]).clip(lower=0.0)
    sales = rows.assign(date=days, quantity_sold=sold, quantity_returned=returned)
    return build_demand(sales, "D", int(period_index(days.max(), "D"))).demand


def busiest(demand: pd.DataFrame, number: int) -> list[str]:
    """SKUs by mean demand a day, largest first."""
    return demand.groupby("sku")["demand"].mean().sort_values(ascending=False).index[:number].tolist()


def thinned(demand: pd.DataFrame, seed: int, cover: float, reorder: float, lead: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What a stock that is filled up by an (s, S) policy sells: rows sku, location, date with quantity_sold,
    quantity_returned, on_hand at the end of the day; and of them the days that ended empty.

    s = reorder x mean demand in `lead` days, S = s + demand of `cover` days. Lead times are 1 + Poisson(lead) days.
    """
    random = np.random.Generator(np.random.Philox(key=seed))
    parts = []
    for _, series in demand.sort_values(["sku", "location", "date"]).groupby(["sku", "location"]):
        sold, on_hand = _simulated(series["demand"].to_numpy(float), random, cover, reorder, lead)
        parts.append(series.assign(quantity_sold=sold, quantity_returned=0.0, on_hand=on_hand))
    rows = pd.concat(parts, ignore_index=True)
    return rows.drop(columns=["demand", "returned"]), rows.loc[rows["on_hand"] <= 0, ["sku", "location", "date"]]


def _simulated(
    demand: np.ndarray, random: np.random.Generator, cover: float, reorder: float, lead: float
) -> tuple[np.ndarray, np.ndarray]:
    point = reorder * demand.mean() * lead
    level = np.ceil(point + cover * demand.mean())
    stock, arriving = level, np.zeros(len(demand) + 1000)
    sold, on_hand = np.zeros(len(demand)), np.zeros(len(demand))
    for day, wanted in enumerate(demand):
        stock += arriving[day]
        sold[day] = min(wanted, stock)
        stock -= sold[day]
        on_hand[day] = stock
        position = stock + arriving[day + 1 :].sum()
        if position <= point:
            arriving[day + 1 + random.poisson(lead)] += np.ceil(level - position)
    return sold, on_hand

"""Real demand to forecast, as panels: sets of the shared data folder, each with its frequency and usual horizon.

Data that may not be copied are read from `../shared/data`; a set that is not there is left out with a message.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from echelon.core.arrays import Matrix
from echelon.core.demand.periods import Frequency, period_index
from echelon.core.forecast.panel import KEYS, Covariate, Panel, series_hash

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


@dataclass(frozen=True)
class RealSet:
    """panel: all that is known, the held-out horizon included. price: (n, T) for revenue weights, or None."""

    name: str
    panel: Panel
    horizon: int
    attributes: pd.DataFrame = field(default_factory=pd.DataFrame)
    price: Matrix | None = None


def sampled(real: RealSet, series: int) -> RealSet:
    """At most `series` of a set without attributes and prices, drawn by a hash of their names."""
    if len(real.panel.keys) <= series:
        return real
    order = np.argsort(series_hash(real.panel.keys), kind="stable")
    mask = np.zeros(len(order), dtype=bool)
    mask[order[:series]] = True
    return RealSet(real.name, real.panel.select(mask), real.horizon)


def grid(rows: pd.DataFrame, freq: Frequency, value: str = "demand") -> tuple[pd.DataFrame, Matrix, int]:
    """Keys (sorted), (n, T) of `value` and the number of the first period after it, from rows sku, location, date; NaN
    where there is no row."""
    period = period_index(rows["date"], freq)
    table = rows.assign(period=period).pivot_table(index=KEYS, columns="period", values=value, aggfunc="sum")
    table = table.reindex(columns=range(int(period.min()), int(period.max()) + 1))
    return table.index.to_frame(index=False), table.to_numpy(np.float64), int(period.max()) + 1


def from_first_sale(values: Matrix) -> Matrix:
    """Gaps are weeks without demand; a series begins with its first sale."""
    known = np.maximum(np.nan_to_num(values), 0.0)
    begun = np.maximum.accumulate(known > 0, axis=1)
    return np.where(begun, known, np.nan)


def panel_of(rows: pd.DataFrame, freq: Frequency) -> Panel:
    """Rows sku, location, date, demand (any dates of a period) as a panel of the series that have sold at all."""
    keys, values, end = grid(rows, freq)
    panel = Panel(keys, from_first_sale(values), end, freq)
    return panel.select(panel.lengths > 0)


def known_ahead(name: str, values: Matrix, horizon: int) -> Covariate:
    """A signal over the same columns as demand, which at every cutoff is known for one horizon more."""
    return Covariate(name, values, horizon)


def m5(data: Path) -> RealSet:
    """1,286 item-store series of the M5 with SNAP days and events."""
    rows = pd.read_parquet(data / "m5" / "sample_series_d1_d1913.parquet")
    return _m5(data, "m5", rows)


def m5_priced(data: Path) -> RealSet:
    """28 items of the M5 in ten stores, with prices."""
    rows = pd.read_parquet(data / "m5" / "subset_280series_sales_price_d1_d1885.parquet")
    return _m5(data, "m5_priced", rows)


def _m5(data: Path, name: str, rows: pd.DataFrame) -> RealSet:
    rows = rows.assign(sku=rows["item_id"], location=rows["store_id"], demand=rows["sales"])
    panel = panel_of(rows, "D")
    attributes = rows.drop_duplicates(KEYS).merge(panel.keys, on=KEYS, how="right")
    columns = ["item_id", "dept_id", "cat_id", "store_id", "state_id"]
    covariates = _m5_calendar(data, attributes["state_id"], panel)
    price = None
    if "sell_price" in rows:
        price = grid(rows, "D", "sell_price")[1]
        covariates.append(known_ahead("price", price, 28))
    static = attributes[["dept_id", "store_id", "state_id"]]
    panel = Panel(panel.keys, panel.values, panel.end, "D", tuple(covariates), static)
    return RealSet(name, panel, 28, attributes[columns], price)


def _m5_calendar(data: Path, state: pd.Series, panel: Panel) -> list[Covariate]:
    calendar = pd.read_csv(data / "m5" / "calendar.csv", parse_dates=["date"])
    calendar = calendar[period_index(calendar["date"], "D") < panel.end].tail(panel.values.shape[1])
    snap = np.stack([calendar[f"snap_{name}"].to_numpy(np.float64) for name in state])
    kind = 1.0 + pd.factorize(calendar["event_name_1"], sort=True)[0]
    return [known_ahead("snap", snap, 28), known_ahead("event", np.tile(kind, (len(snap), 1)), 28)]


def store_item(data: Path) -> RealSet:
    """Daily demand of 50 items in ten stores."""
    rows = pd.read_parquet(data / "store_item" / "train_to_2017-09-30.parquet")
    rows = rows.assign(sku=rows["item"].astype(str), location=rows["store"].astype(str), demand=rows["sales"])
    return RealSet("store_item", panel_of(rows, "D"), 28)


def walmart2014(data: Path) -> RealSet:
    """Weekly sales of departments of 45 stores, in money, with holiday weeks."""
    rows = pd.read_parquet(data / "walmart2014" / "train_to_2012-07-27.parquet")
    rows = rows.assign(sku=rows["Dept"].astype(str), location=rows["Store"].astype(str), date=rows["Date"])
    panel = _still_sold(panel_of(rows.assign(demand=rows["Weekly_Sales"]), "W"))
    holidays = rows.assign(period=period_index(rows["Date"], "W")).groupby("period")["IsHoliday"].max()
    flags = np.tile(holidays.to_numpy(np.float64), (len(panel.keys), 1))
    covered = Panel(panel.keys, panel.values, panel.end, "W", (known_ahead("holiday", flags, 8),))
    return RealSet("walmart2014", covered, 8)


def favorita(data: Path) -> RealSet:
    """Weekly sales of 288 items in 21 stores."""
    rows = pd.read_parquet(data / "favorita_21_stores" / "weekly_sales_w1_w118.parquet")
    rows = rows.assign(sku=rows["item_idx"].astype(str), location=rows["store_idx"].astype(str))
    return RealSet("favorita", panel_of(rows.assign(date=rows["week_start"], demand=rows["sales"]), "W"), 8)


def orange_juice(data: Path) -> RealSet:
    """Weekly units of 11 brands in 83 stores with prices, deals and features that are known ahead. Weeks are numbers; they
    are put on the calendar by the first one, 14 September 1989. A missing week repeats the one before."""
    rows = pd.read_parquet(data / "orange_juice" / "oj_week40_137.parquet")
    date = np.datetime64("1989-09-14") + 7 * (rows["week"].to_numpy() - 1)
    price = rows[[f"price{b}" for b in range(1, 12)]].to_numpy()[np.arange(len(rows)), rows["brand"].to_numpy() - 1]
    rows = rows.assign(sku=rows["brand"].astype(str), location=rows["store"].astype(str), date=date, own_price=price)
    keys, values, end = grid(rows.assign(demand=rows["units"]), "W")
    names = {"own_price": "price", "deal": "deal", "feat": "feature"}
    signals = [known_ahead(name, _carried(grid(rows, "W", column)[1]), 8) for column, name in names.items()]
    return RealSet("orange_juice", Panel(keys, _carried(values), end, "W", tuple(signals)), 8)


def _carried(values: Matrix) -> Matrix:
    return np.asarray(pd.DataFrame(values).ffill(axis=1).to_numpy(), dtype=np.float64)


def carparts(data: Path) -> RealSet:
    """Monthly demand of 2,674 car parts, most of it zero."""
    rows = pd.read_parquet(data / "carparts" / "carparts_1998-01_2001-03.parquet")
    rows = rows.assign(sku=rows["series"].astype(str), location="X", date=rows["month"], demand=rows["y"])
    return RealSet("carparts", panel_of(rows, "M"), 3)


def raf(data: Path) -> RealSet:
    """Monthly demand of aircraft spare parts."""
    rows = pd.read_parquet(data / "spare_parts" / "raf_demand_1996_2000.parquet")
    return RealSet("raf", panel_of(rows.assign(sku=rows["item_ref"].astype(str), location="X", date=rows["month"]), "M"), 3)


def man(data: Path) -> RealSet:
    """Weekly demand of vehicle spare parts."""
    rows = pd.read_parquet(data / "spare_parts" / "man_demand_w1_w104.parquet")
    date = np.datetime64("2012-01-02") + 7 * (rows["week_idx"].to_numpy() - 1)
    return RealSet("man", panel_of(rows.assign(sku=rows["sku"].astype(str), location="X", date=date), "W"), 8)


def vn1(data: Path) -> RealSet:
    """Weekly sales of products of clients and warehouses, thirteen weeks."""
    rows = pd.read_parquet(data / "vn1" / "phase1_sales_price.parquet")
    sku = rows["Client"].astype(str) + "/" + rows["Product"].astype(str)
    rows = rows.assign(sku=sku, location=rows["Warehouse"].astype(str), date=rows["week"], demand=rows["sales"])
    return RealSet("vn1", panel_of(rows, "W"), 2)


def _still_sold(panel: Panel) -> Panel:
    """Without the series that had ended before the last eight periods."""
    return panel.select(np.nan_to_num(panel.values[:, -16:-8]).sum(axis=1) > 0)


READERS: tuple[Callable[[Path], RealSet], ...] = (
    m5, m5_priced, store_item, walmart2014, favorita, orange_juice, carparts, raf, man, vn1,
)  # fmt: skip


def real_sets(names: Sequence[str] = (), most_series: int = 10**6, data: Path = DATA) -> Iterator[RealSet]:
    """The named sets (all if none), each with at most `most_series` series (the M5 always whole); a message for each that is
    not there."""
    for reader in READERS:
        if names and reader.__name__ not in names:
            continue
        try:
            real = reader(data)
            yield real if real.attributes.size else sampled(real, most_series)
        except FileNotFoundError as error:
            print(f"{reader.__name__}: skipped, {error.filename} is not there")

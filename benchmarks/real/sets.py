"""The sets of ../shared/data as businesses. They may not be copied; one that is not there is left out with a message."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from echelon.core.demand.periods import Frequency
from echelon.core.forecast.evaluation.wrmsse import M5_LEVELS
from echelon.core.forecast.panel import KEYS

from benchmarks.real.business import Business, Levels

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
_PLAIN: Levels = ((), ("location",), ("sku",), ("sku", "location"))
_WITH_CATEGORIES: Levels = ((), ("location",), ("category",), ("location", "category"), ("sku",), ("sku", "location"))
_AHEAD: dict[str, object] = {"known_ahead": True, "missing": 0}


def m5(data: Path) -> Business:
    """1,286 item-store series of the M5 with SNAP days and events."""
    return _m5(data, "m5", pd.read_parquet(data / "m5" / "sample_series_d1_d1913.parquet"), {})


def m5_priced(data: Path) -> Business:
    """28 items of the M5 in ten stores, with prices, which are known ahead."""
    rows = pd.read_parquet(data / "m5" / "subset_280series_sales_price_d1_d1885.parquet")
    ahead = pd.read_parquet(data / "m5" / "subset_280series_future_price_d1886_d1913.parquet")
    price = pd.concat([rows, ahead])[["item_id", "store_id", "date", "sell_price"]].dropna()
    price = price.set_axis(["sku", "location", "date", "value"], axis=1).assign(name="price")
    return _m5(data, "m5_priced", rows, {"price": price})


def _m5(data: Path, name: str, rows: pd.DataFrame, signals: dict[str, pd.DataFrame]) -> Business:
    rows = rows.assign(sku=rows["item_id"], location=rows["store_id"], date=pd.to_datetime(rows["date"]))
    sales = rows[[*KEYS, "date"]].assign(quantity=rows["sales"], **({"price": rows["sell_price"]} if signals else {}))
    attributes = rows.drop_duplicates(KEYS).assign(category=lambda r: r["dept_id"], region=lambda r: r["state_id"])
    calendar = pd.read_csv(data / "m5" / "calendar.csv", parse_dates=["date"])
    stores = attributes[["location", "region"]].drop_duplicates()
    snap = pd.concat(
        [calendar[["date"]].assign(location=store, value=calendar[f"snap_{state}"]) for store, state in stores.to_numpy()]
    )
    return Business(
        name, "D", 28, sales, attributes.sort_values(KEYS), M5_LEVELS,
        {
            **_master(attributes),
            "events": _m5_events(calendar),
            "signals": _signals({"snap": snap, **signals}),
        },
        {"snap": _AHEAD, **{signal: {"known_ahead": True, "missing": "last"} for signal in signals}},
    )  # fmt: skip


def _m5_events(calendar: pd.DataFrame) -> pd.DataFrame:
    both = [calendar[["date", column]].set_axis(["date", "name"], axis=1) for column in ("event_name_1", "event_name_2")]
    return pd.concat(both).dropna()[["name", "date"]]


def store_item(data: Path) -> Business:
    """Daily demand of 50 items in ten stores."""
    rows = pd.read_parquet(data / "store_item" / "train_to_2017-09-30.parquet")
    return _plain("store_item", "D", 28, _sales(rows, "item", "store", "date", "sales"))


def walmart2014(data: Path) -> Business:
    """Weekly sales of departments of 45 stores of three types, in money, with holidays and markdowns."""
    rows = pd.read_parquet(data / "walmart2014" / "train_to_2012-07-27.parquet")
    sales = _sales(rows, "Dept", "Store", "Date", "Weekly_Sales")
    features = pd.read_parquet(data / "walmart2014" / "features.parquet")
    features = features.assign(location=features["Store"].astype(str), date=pd.to_datetime(features["Date"]))
    value = features[[f"MarkDown{i}" for i in range(1, 6)]].fillna(0.0).clip(lower=0.0).sum(axis=1)
    holidays = features[features["IsHoliday"]].drop_duplicates("date")
    names = holidays["date"].dt.month.map({2: "super bowl", 9: "labor day", 11: "thanksgiving", 12: "christmas"})
    stores = pd.read_csv(data / "walmart2014" / "stores.csv")
    locations = stores.assign(location=stores["Store"].astype(str), region=stores["Type"])[["location", "region"]]
    inputs = {
        "locations": locations,
        "events": holidays[["date"]].assign(name=names),
        "signals": _signals({"markdown": features[["location", "date"]].assign(value=value)}),
    }
    return _plain("walmart2014", "W", 8, sales, inputs, {"markdown": _AHEAD})


def favorita(data: Path) -> Business:
    """Weekly sales of 288 items in 21 stores."""
    rows = pd.read_parquet(data / "favorita_21_stores" / "weekly_sales_w1_w118.parquet")
    return _plain("favorita", "W", 8, _sales(rows, "item_idx", "store_idx", "week_start", "sales"))


def vn2(data: Path) -> Business:
    """599 products of stores, weeks, with product groups, kinds of stores and the weeks without stock."""
    rows = pd.read_parquet(data / "vn2" / "weekly_2021-04-12_2024-04-08.parquet")
    sales = _sales(rows, "product", "store", "week", "sales")
    history = sales[[*KEYS, "date"]].assign(stocked_out=~rows["in_stock"].to_numpy(bool))
    master = pd.read_csv(data / "vn2" / "master.csv", dtype=str)
    master = master.assign(sku=master["product"], location=master["store"], category=master["department"])
    attributes = master.assign(region=master["store_format"])[[*KEYS, "category", "region"]].sort_values(KEYS)
    inputs = {**_master(attributes), "stock_history": history[history["stocked_out"]]}
    return Business("vn2", "W", 8, sales, attributes, _WITH_CATEGORIES, inputs)


def orange_juice(data: Path) -> Business:
    """Weekly units of 11 brands in 83 stores with prices, deals and features that are known ahead. Weeks are numbers; they
    are put on the calendar by the first one, 14 September 1989."""
    rows = pd.read_parquet(data / "orange_juice" / "oj_week40_137.parquet")
    price = rows[[f"price{b}" for b in range(1, 12)]].to_numpy()[np.arange(len(rows)), rows["brand"].to_numpy() - 1]
    rows = rows.assign(date=np.datetime64("1989-09-14") + 7 * (rows["week"].to_numpy() - 1), price=price)
    sales = _sales(rows, "brand", "store", "date", "units").assign(price=price)
    names = {"price": "price", "deal": "deal", "feat": "feature"}
    series = sales[[*KEYS, "date"]]
    signals = _signals({name: series.assign(value=rows[column].to_numpy(float)) for column, name in names.items()})
    return _plain("orange_juice", "W", 8, sales, {"signals": signals},
                  {name: {"known_ahead": True, "missing": "last"} for name in names.values()})  # fmt: skip


def carparts(data: Path) -> Business:
    """Monthly demand of 2,674 car parts, most of it zero."""
    rows = pd.read_parquet(data / "carparts" / "carparts_1998-01_2001-03.parquet")
    return _plain("carparts", "M", 3, _sales(rows.assign(place="X"), "series", "place", "month", "y"))


def raf(data: Path) -> Business:
    """Monthly demand of 5,000 aircraft spare parts."""
    rows = pd.read_parquet(data / "spare_parts" / "raf_demand_1996_2000.parquet")
    return _plain("raf", "M", 3, _sales(rows.assign(place="X"), "item_ref", "place", "month", "demand"))


def man(data: Path) -> Business:
    """Weekly demand of 3,451 vehicle spare parts."""
    rows = pd.read_parquet(data / "spare_parts" / "man_demand_w1_w104.parquet")
    date = np.datetime64("2012-01-02") + 7 * (rows["week_idx"].to_numpy() - 1)
    items = pd.read_parquet(data / "spare_parts" / "man_items.parquet")
    costs = items.assign(sku=items["sku"].astype(str), unit_cost=items["cost_price_eur"])[["sku", "unit_cost"]]
    sales = _sales(rows.assign(place="X", date=date), "sku", "place", "date", "demand")
    return _plain("man", "W", 8, sales, {"items": costs.drop_duplicates("sku")})


def _sales(rows: pd.DataFrame, sku: str, location: str, date: str, quantity: str) -> pd.DataFrame:
    """The columns of the input, from those of a file."""
    named = {"sku": rows[sku].astype(str), "location": rows[location].astype(str), "date": pd.to_datetime(rows[date])}
    return pd.DataFrame(named).assign(quantity=rows[quantity].to_numpy(np.float64))


def _plain(
    name: str, freq: Frequency, horizon: int, sales: pd.DataFrame, inputs: dict[str, pd.DataFrame] | None = None,
    signals: dict[str, dict[str, object]] | None = None,
) -> Business:  # fmt: skip
    """A set without product groups."""
    series = sales.drop_duplicates(KEYS)[KEYS].sort_values(KEYS)
    return Business(name, freq, horizon, sales, series, _PLAIN, inputs or {}, signals or {})


def _master(attributes: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Items with categories, locations with regions."""
    items = attributes[["sku", "category"]].drop_duplicates("sku")
    return {"items": items, "locations": attributes[["location", "region"]].drop_duplicates("location")}


def _signals(by_name: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """All in one input; what a signal does not speak of is every one."""
    rows = pd.concat([frame.assign(name=name) for name, frame in by_name.items()])
    keys = {key: rows[key].fillna("*") if key in rows else "*" for key in KEYS}
    return rows.assign(**keys, value=rows["value"].astype(float))[["name", *KEYS, "date", "value"]]


READERS: tuple[Callable[[Path], Business], ...] = (
    m5, m5_priced, store_item, walmart2014, favorita, vn2, orange_juice, carparts, raf, man,
)  # fmt: skip


def businesses(names: Sequence[str] = (), series: int | None = None, data: Path = DATA) -> Iterator[Business]:
    """The named sets (all if none), each with at most so many series; a message for each that is not there."""
    for reader in READERS:
        if names and reader.__name__ not in names:
            continue
        try:
            yield reader(data).drawn(series)
        except FileNotFoundError as error:
            print(f"{reader.__name__}: skipped, {error.filename} is not there")

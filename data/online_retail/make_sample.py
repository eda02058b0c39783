"""Cut the included sample out of UCI Online Retail and make the assumed tables beside it.

    python make_sample.py online_retail.parquet

The source is the UCI file as one parquet table with its own column names (see README.md), invoices up to
2011-10-31. Every file is the same byte for byte on every run: draws are hashes, not a random generator.
"""

import argparse
import datetime as dt
import gzip
import hashlib
from pathlib import Path
from statistics import NormalDist

import numpy as np
import pandas as pd

HERE = Path(__file__).parent
RUN_DATE = dt.date(2011, 11, 1)
SUPPLIER, WAREHOUSE = "Overseas supplier", "Central warehouse"

# destination: (source, promised lead time, its standard deviation, review period, MOQ, lot size)
LANES = {
    WAREHOUSE: (SUPPLIER, 21, 5.0, 7, 24, 12),
    "United Kingdom": (WAREHOUSE, 2, 0.7, 1, 0, 1),
    "EIRE": (WAREHOUSE, 3, 1.0, 7, 0, 1),
    "Belgium": (WAREHOUSE, 4, 1.2, 7, 0, 1),
    "France": (WAREHOUSE, 4, 1.2, 7, 0, 1),
    "Netherlands": (WAREHOUSE, 4, 1.2, 7, 0, 1),
    "Germany": (WAREHOUSE, 5, 1.5, 7, 0, 1),
    "Switzerland": (WAREHOUSE, 6, 1.8, 7, 0, 1),
    "Spain": (WAREHOUSE, 7, 2.0, 7, 0, 1),
    "Portugal": (WAREHOUSE, 8, 2.2, 7, 0, 1),
    "Australia": (WAREHOUSE, 12, 3.0, 7, 0, 1),
}
COUNTRIES = [place for place in LANES if place != WAREHOUSE]
NO_COUNTRY = "Unspecified"  # a country of the source that is no location here: dirt that stays in

WIDE, SPREAD, STEP = 120, 480, 5
CATEGORIES = {  # the first category with one of its words in the description; else "gifts"
    "christmas": ("CHRISTMAS", "REINDEER", "SANTA", "ADVENT", "SNOW"),
    "bags": ("BAG", "PURSE", "SUITCASE", "BACKPACK"),
    "kitchen": ("CAKE", "LUNCH", "SNACK", "JAM", "KITCHEN", "MUG", "TEA ", "CUP", "PLATE", "BOWL", "BAKING", "APRON",
                "SPOON", "CUTLERY", "BOTTLE", "COOK", "EGG", "STRAWS", "NAPKINS", "DOILEY", "DOILIES",
                "BEAKER", "TEAPOT", "OVEN"),
    "lights and candles": ("LIGHT", "CANDLE", "LANTERN", "LAMP"),
    "toys and children": ("CHILD", "DOLL", "TOY", "GAME", "JIGSAW", "BABY", "SPACEBOY", "CIRCUS", "PENCIL",
                          "CRAYON", "BALLOON", "PLAYHOUSE"),
    "paper and party": ("CARD", "PAPER", "WRAP", "STICKER", "TISSUE", "BUNTING", "PARTY", "NOTEBOOK"),
    "home": ("CLOCK", "FRAME", "HOOK", "SIGN", "HOLDER", "CUSHION", "DRAWER", "CABINET", "DOORMAT", "T-LIGHT", "MIRROR",
             "BOX", "TIN", "BASKET", "HANGER", "HEART", "HOT WATER", "WARMER"),
}  # fmt: skip


def uniform(*key: object) -> float:
    """A number in (0, 1) that depends on `key` only."""
    digest = hashlib.sha256("|".join(map(str, key)).encode()).digest()
    return (int.from_bytes(digest[:6], "big") + 0.5) / 2**48


def lognormal(median: float, sigma: float, *key: object) -> float:
    return median * float(np.exp(sigma * NormalDist().inv_cdf(uniform(*key))))


def choose_skus(lines: pd.DataFrame) -> list[str]:
    """The WIDE products sold in most countries (ties: on most days), then every STEP-th of the next SPREAD."""
    product = lines.StockCode.str.fullmatch(r"\d{5}[A-Z]*")
    sold = lines[product & (lines.Quantity > 0) & (lines.UnitPrice > 0) & lines.Country.isin(COUNTRIES)]
    rank = sold.groupby("StockCode").agg(
        countries=("Country", "nunique"), days=("InvoiceDate", lambda s: s.dt.normalize().nunique())
    )
    rank = rank.reset_index().sort_values(["countries", "days", "StockCode"], ascending=[False, False, True])
    ranked = rank.StockCode.tolist()
    return sorted(ranked[:WIDE] + ranked[WIDE : WIDE + SPREAD : STEP])


def cut_sales(lines: pd.DataFrame, skus: list[str]) -> pd.DataFrame:
    """All lines of the chosen products (in any spelling) and of every code that is no product, uncleaned."""
    upper = lines.StockCode.str.upper()
    wanted = upper.isin(skus) | ~upper.str.fullmatch(r"\d{5}[A-Z]*")
    sales = lines[wanted & lines.Country.isin([*COUNTRIES, NO_COUNTRY])].copy()
    sales["CustomerID"] = sales.CustomerID.astype("Int64")
    return sales


def category(description: str) -> str:
    for name, words in CATEGORIES.items():
        if any(word in description for word in words):
            return name
    return "gifts"


def make_items(sales: pd.DataFrame, skus: list[str]) -> pd.DataFrame:
    rows = []
    for sku, lines in sales[sales.StockCode.isin(skus) & (sales.UnitPrice > 0)].groupby("StockCode"):
        description = lines.Description.value_counts().sort_index().idxmax().strip()
        price = float(lines[lines.Quantity > 0].UnitPrice.median())
        rows.append((sku, description, category(description), f"{0.45 * price:.2f}", f"{price:.2f}"))
    return pd.DataFrame(rows, columns=["sku", "description", "category", "unit_cost", "unit_price"])


def make_locations() -> pd.DataFrame:
    stores = [(country, "store", "0.25") for country in COUNTRIES]
    rows = [(SUPPLIER, "supplier", "0.00"), (WAREHOUSE, "warehouse", "0.20"), *stores]
    return pd.DataFrame(rows, columns=["location", "kind", "holding_rate"])


def make_lanes() -> pd.DataFrame:
    rows = [(source, place, *terms, 1) for place, (source, *terms) in LANES.items()]
    names = "source destination lead_time_days lead_time_sd_days review_period_days moq lot_size priority"
    return pd.DataFrame(rows, columns=names.split())


def lead_time(place: str, number: int, promised: int) -> int:
    """Days from order to receipt: mostly near the promise, skewed to the right, one in fifteen held up."""
    days = lognormal(0.97 * promised, 0.18, "lead time", place, number)
    if uniform("held up", place, number) < 1 / 15:
        days += lognormal(0.35 * promised + 1, 0.5, "delay", place, number)
    return max(1, round(days))


def make_deliveries() -> pd.DataFrame:
    """One delivery every 7 to 10 days on each lane from 2010-09 on, as far as received before the run date."""
    rows = []
    for place, (source, promised, *_) in LANES.items():
        order_date, number = dt.date(2010, 9, 1), 0
        while order_date < RUN_DATE:
            number += 1
            received = order_date + dt.timedelta(days=lead_time(place, number, promised))
            ordered = 12 * round(lognormal(30 if place == WAREHOUSE else 5, 0.4, "quantity", place, number))
            short = uniform("short", place, number) < (0.12 if place == WAREHOUSE else 0.06)
            sent = round(ordered * (0.6 + 0.35 * uniform("sent", place, number))) if short else ordered
            if received < RUN_DATE:
                promise = order_date + dt.timedelta(days=promised)
                rows.append((source, place, "", order_date, promise, received, ordered, sent))
            order_date += dt.timedelta(days=7 + int(4 * uniform("gap", place, number)))
    names = "source destination sku order_date promised_date received_date quantity_ordered quantity_received"
    table = pd.DataFrame(rows, columns=names.split()).sort_values(["order_date", "destination"])
    table.insert(0, "delivery", [f"D{number:04d}" for number in range(1, len(table) + 1)])
    return table


def recent_demand(sales: pd.DataFrame, skus: list[str]) -> pd.DataFrame:
    """Mean and standard deviation of net sales per day over the last 13 weeks, with a row for the warehouse."""
    known = sales[sales.StockCode.isin(skus) & sales.Country.isin(COUNTRIES) & (sales.UnitPrice > 0)]
    pairs = known[["StockCode", "Country"]].drop_duplicates()
    known = known.assign(day=known.InvoiceDate.dt.normalize())
    recent = known[known.day >= pd.Timestamp(RUN_DATE) - pd.Timedelta(days=91)]
    daily = recent.groupby(["StockCode", "Country", "day"]).Quantity.sum().clip(lower=0).reset_index()
    total = daily.groupby(["StockCode", "day"]).Quantity.sum().reset_index().assign(Country=WAREHOUSE)
    every = pd.concat([pairs, pairs[["StockCode"]].drop_duplicates().assign(Country=WAREHOUSE)])
    daily = pd.concat([daily, total]).assign(square=lambda frame: frame.Quantity**2)
    sums = daily.groupby(["StockCode", "Country"])[["Quantity", "square"]].sum() / 91
    stats = every.merge(sums.reset_index(), how="left").fillna(0.0).sort_values(["StockCode", "Country"])
    stats["sd"] = np.sqrt(np.maximum(stats.square - stats.Quantity**2, 0))
    return stats.rename(columns={"Quantity": "mean"})


def make_stock(sales: pd.DataFrame, skus: list[str]) -> pd.DataFrame:
    """Cover for lead time + review period, times 0.2 (low), 1 or 3 (over); one in sixty has no row: see README.md."""
    rows = []
    demand = recent_demand(sales, skus)[["StockCode", "Country", "mean", "sd"]]
    for sku, place, mean, sd in demand.itertuples(index=False):
        if uniform("no row", sku, place) < 1 / 60:
            continue
        _, lead, _, review, _, lot = LANES[place]
        cover = mean * (lead + review) + sd * (lead + review) ** 0.5
        luck = uniform("luck", sku, place)
        factor = 0.2 if luck < 0.2 else 3.0 if luck > 0.85 else 1.0
        on_hand = round(cover * factor * (0.5 + uniform("hand", sku, place)))
        waiting = uniform("waiting", sku, place) < 0.3
        on_order = lot * round(mean * review * uniform("order", sku, place) / lot) if waiting else 0
        owed = 0
        if luck < 0.06 and place != WAREHOUSE:  # sold out, and customers wait
            on_hand, owed = 0, round(mean * (lead + review) * uniform("owed", sku, place))
        rows.append((sku, place, on_hand, on_order, owed))
    return pd.DataFrame(rows, columns=["sku", "location", "on_hand", "on_order", "backorders"])


def make_targets() -> pd.DataFrame:
    rows = [("*", "*", "0.92"), ("*", "United Kingdom", "0.95"), ("*", "Australia", "0.90"), ("85123A", "*", "0.97")]
    return pd.DataFrame(rows, columns=["sku", "location", "fill_rate"])


def write(name: str, table: pd.DataFrame) -> None:
    """Write CSV with \\n line ends; a name that ends in .gz is compressed without a time stamp."""
    data = table.to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d %H:%M:%S").encode()
    (HERE / name).write_bytes(gzip.compress(data, 9, mtime=0) if name.endswith(".gz") else data)
    print(f"{name:16} {len(table):7,} rows {(HERE / name).stat().st_size:10,} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="UCI Online Retail as parquet")
    lines = pd.read_parquet(parser.parse_args().source)
    skus = choose_skus(lines)
    sales = cut_sales(lines, skus)
    write("sales.csv.gz", sales)
    write("items.csv", make_items(sales, skus))
    write("locations.csv", make_locations())
    write("lanes.csv", make_lanes())
    write("deliveries.csv", make_deliveries())
    write("stock.csv", make_stock(sales, skus))
    write("targets.csv", make_targets())


if __name__ == "__main__":
    main()

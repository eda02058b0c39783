"""Stock-outs from file to table: ingest and prepare on real sales that a simulated stock has thinned."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from echelon.core.demand.cleaning import build_demand
from echelon.core.demand.lost_sales.stockouts import Calendar, build_restored_demand
from echelon.core.demand.periods import period_index
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.stages import prepare, report
from echelon.stages.shared.context import Context
from support.ingest_files import ingested, settings

SKUS = ("85099B", "84879", "21212", "21977", "22386", "47566", "23201", "23206", "20725", "22492", "85099C", "20724")
KEYS = ["sku", "location", "date"]


@pytest.fixture(scope="module")
def sales(root: Path) -> pd.DataFrame:
    """Daily sales of twelve SKUs in the United Kingdom that run out for eight days in every thirty."""
    raw = pd.read_csv(root / "data" / "online_retail" / "sales.csv.gz", dtype={"StockCode": str})
    raw = raw[
        raw["StockCode"].isin(SKUS) & (raw["Country"] == "United Kingdom") & (raw["Quantity"] > 0) & (raw["UnitPrice"] > 0)
    ]
    days = raw["InvoiceDate"].str[:10].astype("datetime64[s]")
    rows = pd.DataFrame({"sku": raw["StockCode"], "location": raw["Country"], "date": days, "quantity_sold": raw["Quantity"]})
    last = int(period_index(days.max(), "D"))
    rows = build_demand(rows.assign(quantity_returned=0.0), "D", last).demand.rename(columns={"demand": "asked"})
    day = rows.groupby("sku").cumcount()
    out = (day % 30 >= 22) & (day > 30)
    # On the first empty day half of what was asked for was still there, rounded down.
    left = np.where(day % 30 == 22, rows["asked"] // 2, 0.0)
    return rows.assign(quantity=np.where(out, left, rows["asked"]), on_hand=np.where(out, 0, 9))


@pytest.mark.slow
def test_empty_days_are_marked_and_restored(lake: Lake, tmp_path: Path, sales: pd.DataFrame) -> None:
    sold = sales[sales["quantity"] > 0]
    files = {
        "sales": sold[[*KEYS, "quantity"]].to_csv(index=False, date_format="%Y-%m-%d"),
        "stock_history": sales[[*KEYS, "on_hand"]].to_csv(index=False, date_format="%Y-%m-%d"),
    }
    run_date = (sales["date"].max() + pd.Timedelta(days=1)).date()
    context = Context(settings(tmp_path, files, run={"run_date": run_date}, spark={"buckets": 2}), lake.spark, lake)
    ingested(lake, context.settings)
    assert lake.read("stock_history").count() == len(sales)
    prepare.run(context)
    found = lake.read("demand").toPandas().assign(date=lambda rows: rows["date"].astype("datetime64[s]"))
    assert list(found.columns) == TABLES["demand"].column_names
    found = found.merge(sales, on=KEYS, validate="one_to_one").sort_values(KEYS, ignore_index=True)
    assert len(found) == len(sales)
    assert (found["censored"] == (found["on_hand"] <= 0)).all()
    assert (found["observed"] == found["quantity"]).all()
    assert found.loc[found["censored"] == 0, "demand"].equals(found.loc[found["censored"] == 0, "observed"])
    low, restored = found["observed"].sum() / found["asked"].sum(), found["demand"].sum() / found["asked"].sum()
    print(f"zeros as zeros {low:.3f}, restored {restored:.3f}")
    assert low <= 0.85
    assert abs(restored - 1) <= 0.05
    expected = _restored_in_memory(sold, sales)
    assert found["demand"].tolist() == expected["demand"].tolist()
    censored, units = report._lost_sales(context)
    assert censored == (sales["on_hand"] <= 0).sum()
    assert units == found["demand"].sum() - found["observed"].sum()


def _restored_in_memory(sold: pd.DataFrame, sales: pd.DataFrame) -> pd.DataFrame:
    rows = sold.assign(quantity_sold=sold["quantity"], quantity_returned=0.0)
    last = int(period_index(sales["date"].max(), "D"))
    restored = build_restored_demand(rows, sales.loc[sales["on_hand"] <= 0, KEYS], Calendar("D", last)).demand
    return restored.sort_values(KEYS, ignore_index=True)

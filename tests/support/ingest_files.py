"""A small business as files, so that a test names only what it changes: two shops, a warehouse, a supplier, two SKUs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from echelon.config import Configuration
from echelon.errors import EchelonError
from echelon.lake.lake import Lake
from echelon.stages import ingest
from echelon.stages.shared.context import Context

FILES: dict[str, str] = {
    "sales": "sku,location,date,quantity,price,document\nA,North,2026-01-05,5,2.50,d1\nB,South,2026-01-06,2,4,d2\n",
    "items": "sku,description,category,unit_cost,unit_price,shelf_life_days\nA,Cup,Kitchen,1,2.5,\nB,Bowl,Kitchen,2,,30\n",
    "locations": (
        "location,kind,holding_rate,region\nMaker,supplier,,\nHub,warehouse,0.2,\nNorth,store,0.25,Coast\nSouth,,0.25,\n"
    ),
    "lanes": (
        "source,destination,lead_time_days,lead_time_sd_days,review_period_days,moq,lot_size,priority,share,capacity,days_up,"
        "days_down,order_cost\n"
        "Maker,Hub,10,2,7,24,12,1,1,500,90,5.5,20\nHub,North,2,0.5,1,0,1,1,,,,,\nHub,South,3,1,1,,,,,,,,\n"
    ),
    "deliveries": (
        "delivery,source,destination,sku,order_date,promised_date,received_date,quantity_ordered,quantity_received\n"
        "1,Maker,Hub,A,2026-01-01,2026-01-05,2026-01-04,24,24\n"
    ),
    "stock": "sku,location,on_hand,on_order,backorders\nA,North,5,,\nB,Hub,0,12,3\n",
    "stock_history": (
        "sku,location,date,on_hand,stocked_out\nA,North,2026-01-05,4,\nA,North,2026-01-06,0,false\nA,North,2026-01-07,-2,\n"
        "A,South,2026-01-06,,Yes\nA,South,2026-01-07,,0\nA,South,2026-01-08,7,TRUE\n"
    ),
    "targets": "sku,location,fill_rate\n*,*,0.96\nA,North,0.99\n",
    "signals": (
        "name,date,value,sku,location\nfuel,2026-01-05,1.5,,\nfuel,2026-01-12,1.6,*,*\nprice,2026-01-05,2.5,A,\n"
        "price,2026-03-01,2.25,A,North\n"
    ),
    "events": "name,date,location\nCarnival,2026-02-16,South\nNew Year,2026-01-01,\n",
}
SIGNALS = {"fuel": {"delay_days": 7}, "price": {"known_ahead": True, "missing": "last"}}


def settings(
    folder: Path, files: Mapping[str, str], sources: Mapping[str, Any] | None = None, **sections: Any
) -> Configuration:
    """Write the files as CSV, and make the configuration that names them (`sources` adds to what it says of them)."""
    described: dict[str, dict[str, Any]] = {}
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
        described[name] = {"path": str(folder / f"{name}.csv")}
    for name, more in (sources or {}).items():
        described[name] = described.get(name, {}) | more
    known = {"signals": SIGNALS} if "signals" in files else {}
    return Configuration.model_validate({"sources": described, **known, **sections})


def ingested(lake: Lake, configuration: Configuration) -> str:
    """Run the stage as the runner does; returns its outcome in words."""
    try:
        return ingest.run(Context(configuration, lake.spark, lake))
    finally:
        lake.tidy(well=False)


def refusal(lake: Lake, configuration: Configuration) -> str:
    """The message with which the stage refuses its inputs; nothing may have been published."""
    try:
        outcome = ingested(lake, configuration)
    except EchelonError as error:
        assert error.exit_code == 3, error
        assert not Path(lake.path("sales")).exists()
        return str(error)
    raise AssertionError(f"not refused: {outcome}")


def rows(lake: Lake, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """Some columns of a published table, sorted."""
    found = lake.read(table).selectExpr(*columns).collect()
    return sorted((tuple(row) for row in found), key=str)

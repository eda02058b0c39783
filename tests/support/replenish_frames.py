"""Frames for the tests of replenishment: rows with plain terms, and a supplier S, warehouse W and stores A and B."""

from typing import Any

import pandas as pd

Row = dict[str, Any]
STOCK = ["sku", "location", "on_hand", "on_order", "backorders"]


def level(location: str, source: str = "W", echelon: int = 2, base: float = 10.0, sku: str = "x", **changes: Any) -> Row:
    row = {
        "sku": sku,
        "location": location,
        "source": source,
        "echelon": echelon,
        "status": "ok",
        "base_stock_level": base,
        "reorder_point": base,
        "lead_time_demand": base / 2,
        "target_fill_rate": None,
        "customer_fill_rate": None,
        "customer_fill_rate_se": None,
        "unit_cost": 2.0,
    }
    return row | changes


def lane(
    destination: str,
    source: str = "W",
    moq: float = 0.0,
    lot: float = 1.0,
    review: int = 7,
    days: float = 4.0,
    share: float | None = None,
    capacity: float | None = None,
) -> Row:
    return {
        "source": source,
        "destination": destination,
        "moq": moq,
        "lot_size": lot,
        "review_period_days": review,
        "mean_days": days,
        "share": share,
        "capacity": capacity,
    }


def stock(location: str, on_hand: float, on_order: float = 0.0, backorders: float = 0.0, sku: str = "x") -> Row:
    return dict(zip(STOCK, (sku, location, on_hand, on_order, backorders), strict=True))


def frames(levels: list[Row], stocks: list[Row], lanes: list[Row]) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return pd.DataFrame(levels), pd.DataFrame(stocks, columns=STOCK), pd.DataFrame(lanes)


def two_stores(warehouse: float = 100.0, a: float = 4.0, b: float = 4.0) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Levels 50 at W (from S in lots of 12, MOQ 24, 21.4 days) and 10 at A and B (single units, 4 days)."""
    levels = [level("W", "S", 1, 50.0), level("A"), level("B")]
    stocks = [stock("W", warehouse), stock("A", a), stock("B", b)]
    return frames(levels, stocks, [lane("W", "S", moq=24.0, lot=12.0, days=21.4), lane("A"), lane("B")])

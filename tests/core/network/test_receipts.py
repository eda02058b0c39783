"""Orders that were received in parts."""

import pandas as pd
from echelon.core.network.receipts import shared_orders

COLUMNS = ["delivery", "source", "destination", "sku", "received_date", "quantity_ordered", "quantity_received"]


def shared(*rows: tuple[str, str, float, float]) -> list[float]:
    """Ordered quantities of (delivery, day received, ordered, received)."""
    lines = [(name, "Vendor", "North", None, pd.Timestamp(day), asked, came) for name, day, asked, came in rows]
    return shared_orders(pd.DataFrame(lines, columns=COLUMNS))["quantity_ordered"].tolist()


def test_the_last_part_has_what_was_still_open() -> None:
    assert shared(("PO1", "2026-02-01", 50.0, 10.0), ("PO2", "2026-01-05", 50.0, 50.0), ("PO1", "2026-01-05", 50.0, 30.0)) == [
        20.0, 50.0, 30.0,
    ]  # fmt: skip


def test_more_than_was_ordered_and_orders_in_one_part_stay_as_they_are() -> None:
    assert shared(("PO1", "2026-01-05", 50.0, 60.0)) == [50.0]
    assert shared(("PO1", "2026-01-05", 50.0, 50.0), ("PO1", "2026-02-05", 50.0, 10.0)) == [50.0, 0.0]


def test_parts_with_ordered_quantities_of_their_own_keep_them() -> None:
    assert shared(("PO1", "2026-01-05", 30.0, 30.0), ("PO1", "2026-02-05", 20.0, 10.0)) == [30.0, 20.0]


def test_no_deliveries() -> None:
    assert shared() == []

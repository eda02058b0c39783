"""The tables `orders` and `exceptions`: columns, kinds, words."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from echelon.core.replenish.exceptions import exception_table
from echelon.core.replenish.net_requirements import net_requirements
from echelon.core.replenish.orders import order_table
from echelon.core.replenish.wording import figure, units
from echelon.lake.contracts import TABLES
from support.replenish_frames import Row, frames, lane, level, stock, two_stores

TODAY = dt.date(2011, 11, 1)


def orders(*tables: pd.DataFrame) -> pd.DataFrame:
    return order_table(net_requirements(*tables), TODAY)


def exceptions(*tables: pd.DataFrame) -> pd.DataFrame:
    return exception_table(net_requirements(*tables))


def single(
    on_hand: float = 5.0, lane_terms: dict[str, Any] | None = None, stocks: list[Row] | None = None, **changes: Any
) -> pd.DataFrame:
    """Exceptions of one location A with base-stock level 10, lead-time demand 5 (11 days), unit cost 2."""
    rows = [stock("A", on_hand)] if stocks is None else stocks
    return exceptions(*frames([level("A", "S", 1, **changes)], rows, [lane("A", "S", **(lane_terms or {}))]))


def only(table: pd.DataFrame, kind: str) -> pd.Series:
    rows = table[table.kind == kind]
    assert len(rows) == 1
    return rows.iloc[0]


def test_orders_have_the_columns_of_the_contract() -> None:
    table = orders(*two_stores())
    assert list(table.columns) == TABLES["orders"].column_names
    assert list(orders(*(frame.head(0) for frame in two_stores())).columns) == TABLES["orders"].column_names


def test_a_purchase_and_two_transfers() -> None:
    table = orders(*two_stores(warehouse=9.0, a=4.0, b=0.0)).set_index("destination")
    assert table.kind.to_dict() == {"A": "transfer", "B": "transfer", "W": "purchase"}
    assert table.quantity.to_dict() == {"A": 3.0, "B": 6.0, "W": 60.0}
    assert table.needed.to_dict() == {"A": 6.0, "B": 10.0, "W": 57.0}
    assert table.value["W"] == 120.0 and table.available["A"] == 9.0 and pd.isna(table.available["W"])
    assert set(table.order_date) == {TODAY}
    assert table.expected_date.to_dict() == {
        "A": dt.date(2011, 11, 5),
        "B": dt.date(2011, 11, 5),
        "W": dt.date(2011, 11, 22),
    }


def test_reasons_carry_the_figures() -> None:
    reasons = orders(*two_stores(warehouse=9.0, a=4.0, b=0.0)).set_index("destination").reason
    assert reasons["A"] == (
        "Inventory position 4 (4 on hand + 0 on order) is not above the reorder point 10: 6 units up to the base-stock "
        "level 10. W can ship 9 of 16 asked for by 2 locations: 3 go here."
    )
    assert reasons["W"] == (
        "Inventory position -7 (9 on hand + 0 on order - 16 asked for downstream today) is not above the reorder point "
        "50: 57 units up to the base-stock level 50. Asked for: 60, in whole lots of 12."
    )


@pytest.mark.parametrize(
    ("moq", "lot", "words"),
    [
        (24.0, 12.0, "Asked for: 24, raised to the MOQ of 24."),
        (20.0, 12.0, "Asked for: 24, raised to the MOQ of 20, whole lots of 12."),
        (0.0, 12.0, "Asked for: 12, in whole lots of 12."),
    ],
)
def test_reasons_tell_moq_from_lots(moq: float, lot: float, words: str) -> None:
    table = orders(*frames([level("A", "S", 1)], [stock("A", 5, 0, 1)], [lane("A", "S", moq=moq, lot=lot)]))
    assert table.reason[0].endswith(words) and " - 1 owed" in table.reason[0]


def test_no_order_where_the_source_is_empty() -> None:
    table = orders(*two_stores(warehouse=0.0))
    assert table.destination.tolist() == ["W"]


def test_exceptions_have_the_columns_and_kinds_of_the_contract() -> None:
    contract = {column.name: column for column in TABLES["exceptions"].columns}
    table = exceptions(*two_stores(warehouse=0.0))
    assert list(table.columns) == list(contract)
    assert set(table.kind) <= set(contract["kind"].allowed)
    assert set(table.severity) <= set(contract["severity"].allowed)
    calm = single(on_hand=10.0)
    assert calm.empty and list(calm.columns) == list(contract)


def test_exceptions_come_worst_first() -> None:
    table = exceptions(*two_stores(warehouse=0.0, a=0.0, b=3.0))
    assert table.value.is_monotonic_decreasing
    assert not table.duplicated(["kind", "sku", "location"]).any()


def test_stock_out() -> None:
    row = only(single(on_hand=0.0), "stock_out")
    assert (row.quantity, row.value, row.severity) == (5.0, 10.0, "high")
    assert row.detail == ("Nothing on hand, 0 on order, 10 ordered today. Demand over lead time and review (11 days): 5 units.")
    assert only(single(stocks=[stock("A", 0, 10)]), "stock_out").severity == "medium"
    owed = only(single(stocks=[stock("A", 0, 10, 2)]), "stock_out")
    assert owed.severity == "high" and owed.quantity == 7.0 and ", 2 owed, 10 on order" in owed.detail
    assert only(single(on_hand=0.0, lead_time_demand=0.5), "stock_out").severity == "low"
    assert single(on_hand=0.0, base=0.0).empty


def test_shortage() -> None:
    table = exceptions(*two_stores(warehouse=9.0, a=4.0, b=0.0))
    short = table[table.kind == "shortage"].set_index("location")
    assert short.quantity.to_dict() == {"A": 3.0, "B": 4.0}
    assert short.severity.to_dict() == {"A": "medium", "B": "high"}
    assert short.detail["A"] == ("W has 9 to ship and is asked for 16 by 2 location(s); 3 of 6 come here, where 4 are on hand.")


def test_overstock() -> None:
    row = only(single(on_hand=30.0), "overstock")
    assert (row.quantity, row.severity) == (20.0, "low")
    assert row.detail == "Inventory position 30 against a base-stock level of 10; the excess would last 44 days."
    assert single(on_hand=20.0).empty
    dead = only(single(on_hand=3.0, base=0.0), "overstock")
    assert dead.severity == "medium" and dead.detail.endswith("the excess meets no demand.")
    assert single(on_hand=1.0, base=0.0).empty  # within one lot


@pytest.mark.parametrize(
    ("rate", "error", "severity"),
    [(0.80, 0.01, "high"), (0.92, 0.01, "medium"), (0.94, 0.001, "low"), (0.94, 0.01, None), (0.96, 0.0, None)],
)
def test_target_missed_beyond_chance(rate: float, error: float, severity: str | None) -> None:
    table = single(on_hand=10.0, target_fill_rate=0.95, customer_fill_rate=rate, customer_fill_rate_se=error)
    assert table.severity.tolist() == ([severity] if severity else [])
    if severity:
        assert table.quantity[0] == pytest.approx((0.95 - rate) * 5)
        assert table.detail[0].startswith(f"Expected fill rate {rate:.1%} (standard error {error:.2%}) against")


def test_moq_excess() -> None:
    row = only(single(on_hand=8.0, lane_terms={"moq": 24.0, "lot": 12.0}), "moq_excess")
    assert (row.quantity, row.severity) == (22.0, "low")
    assert row.detail == "2 units needed, 24 ordered: MOQ 24, lots of 12; the surplus would last 48 days."
    assert only(single(on_hand=8.0, lane_terms={"lot": 600.0}), "moq_excess").severity == "medium"
    assert single(on_hand=8.0, lane_terms={"lot": 6.0}).empty  # 4 more than needed: less than lead-time demand


def test_fallback_and_unknown_stock() -> None:
    row = only(single(on_hand=10.0, status="too few paths"), "fallback")
    assert (row.quantity, row.detail) == (10.0, "Stand-in: too few paths")
    unknown = single(stocks=[])
    assert unknown.kind.tolist() == ["no_stock_record"]
    assert unknown.detail[0] == "Stock is unknown and counted as 0: base-stock level 10, 10 ordered today."
    assert single(stocks=[], base=0.0).severity.tolist() == ["low"]


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (-0.0, "0"), (1234.0, "1,234"), (12.34, "12.3"), (0.25, "0.25"), (100.0, "100"), (-7.0, "-7")],
)
def test_figures(value: float, text: str) -> None:
    assert figure(value) == text


def test_units() -> None:
    assert (units(1.0), units(0.5), units(2000.0)) == ("1 unit", "0.5 units", "2,000 units")


def test_orders_on_several_lanes_say_which_part_is_theirs() -> None:
    levels = [level("W", "S", 1, 0.0), level("A", "S", 2, 20.0)]
    lanes = [lane("W", "S"), lane("A", "S", capacity=12.0), lane("A", "W")]
    tables = frames(levels, [stock("W", 5.0), stock("A", 0.0)], lanes)
    table = orders(*tables).set_index(["destination", "source"])
    assert table.kind.to_dict() == {("A", "S"): "purchase", ("A", "W"): "transfer", ("W", "S"): "purchase"}
    assert table.quantity.to_dict() == {("A", "S"): 12.0, ("A", "W"): 5.0, ("W", "S"): 3.0}
    assert "Asked for: 12, as much as the lane's capacity of 12 takes." in table.reason["A", "S"]
    assert "From W: 8 of it (beyond what preferred sources take)." in table.reason["A", "W"]
    found = only(exceptions(*tables), "shortage")
    assert (found.location, found.quantity) == ("A", 3.0)
    assert found.detail.startswith("W has 5 to ship and is asked for 8 by 1 location(s); 17 of 20 come here")
    shared = [lane("A", "S", share=0.75), lane("A", "T", share=0.25)]
    reasons = orders(*frames([level("A", "S", 1, 20.0)], [stock("A", 0.0)], shared)).reason
    assert "From S: 15 of it (share 75%)." in reasons[0] and "From T: 5 of it (share 25%)." in reasons[1]


def test_without_any_stock_only_the_levels_are_judged() -> None:
    """Nothing is known to be out, short, too much or without a record."""
    unknown = frames(
        [level("A", "S", 1, target_fill_rate=0.9, customer_fill_rate=0.5, status="analytic levels, broken")],
        [],
        [lane("A", "S", moq=900.0)],
    )
    found = exception_table(net_requirements(*unknown), stock_given=False)
    assert sorted(found["kind"]) == ["fallback", "target_missed"]
    assert {"moq_excess", "no_stock_record"} <= set(exception_table(net_requirements(*unknown))["kind"])

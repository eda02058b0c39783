"""Refuse a network that can't be planned before anything is computed with it."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.network import topology
from echelon.core.network.order_terms import check_capacity
from echelon.core.network.topology import NetworkError
from echelon.errors import InputRefused
from echelon.stages.shared.context import Context
from echelon.stages.shared.network import lanes_of, names_of, without_source

KINDS = ("supplier", "warehouse", "store")


def check_network(context: Context, tables: dict[str, DataFrame]) -> None:
    """Every lane joins known locations and can carry an order; no loop, one preferred source each, all that sell supplied."""
    if context.settings.sources.lanes is None:
        _refuse_supplier_that_sells(tables["sales"], context.settings.defaults.supplier)
    locations = context.lake.keep("locations", tables["locations"])
    tables["locations"] = locations
    _refuse_kinds(locations)
    lanes, suppliers = lanes_of(tables["lanes"]), names_of(locations, "supplier")
    limited = tables["lanes"].where("capacity IS NOT NULL").orderBy("destination", "source").collect()
    try:
        topology.check_network(lanes, suppliers, names_of(locations))
        for row in limited:
            ends = f"{row['source']} -> {row['destination']}"
            every, frequency = row["review_period_days"], context.settings.run.frequency
            check_capacity(ends, row["moq"], row["lot_size"], row["capacity"], every, frequency)
    except NetworkError as error:
        raise InputRefused(f"lanes: {error}") from None
    _refuse_unsupplied(tables["sales"], lanes)


def _refuse_supplier_that_sells(sales: DataFrame, supplier: str) -> None:
    if not sales.where(F.col("location") == supplier).isEmpty():
        raise InputRefused(
            f"sales: location '{supplier}' has the name of the outside supplier that is assumed where no lanes are given: give "
            "the supplier another name (defaults.supplier)"
        )


def _refuse_kinds(locations: DataFrame) -> None:
    wrong = locations.where(~locations["kind"].isin(*KINDS)).limit(1).collect()
    if wrong:
        raise InputRefused(f"locations: {wrong[0]['location']}: kind '{wrong[0]['kind']}' is not one of {', '.join(KINDS)}")


def _refuse_unsupplied(sales: DataFrame, lanes: list[topology.Lane]) -> None:
    selling = [row["location"] for row in sales.where("quantity_sold > 0").select("location").distinct().collect()]
    if alone := without_source(selling, lanes):
        supplied = sorted({lane.destination for lane in lanes})
        raise InputRefused(
            f"lanes: no lane leads to {', '.join(alone[:5])}, which has sales; lanes lead to {', '.join(supplied[:8])}"
        )

"""Lead times and suppliers from the lake: the day before which they look, and the configured number of deliveries."""

from datetime import date, timedelta

import pytest
from echelon.stages.shared.context import Context
from echelon.stages.shared.lead_times import Learned
from pyspark.sql import SparkSession
from support.in_memory import context

CUT = date(2026, 3, 1)
SOURCES = {name: {"path": f"{name}.csv"} for name in ("sales", "deliveries")}


@pytest.fixture
def made(spark: SparkSession) -> Context:
    """Two lanes; on the first, three deliveries of 12 days before the cut and five of 40 days after it."""
    lanes = [("Maker", place, 10.0, 2.0, 7, 0.0, 1.0, 1) for place in ("Hub", "Shop")]
    early = [_delivery(f"e{number}", CUT - timedelta(days=20 + number), 12) for number in range(3)]
    late = [_delivery(f"l{number}", CUT - timedelta(days=10 + number), 40) for number in range(5)]
    return context(spark, {"lanes": lanes, "deliveries": early + late}, lead_times={"min_deliveries": 3}, sources=SOURCES)


def _delivery(name: str, ordered: date, days: int) -> tuple[object, ...]:
    promised, received = (ordered + timedelta(days=count) for count in (10, days))
    return (name, "Maker", "Hub", None, ordered, promised, received, 5.0, 5.0)


def test_nothing_received_later_is_seen(made: Context) -> None:
    hub, shop = Learned(made, CUT).lead_times.orderBy("destination").collect()
    assert (hub["basis"], hub["deliveries"], hub["mean_lateness_days"]) == ("deliveries", 3, 2.0)
    assert hub["mean_days"] == pytest.approx(12.0) and shop["mean_days"] == pytest.approx(12.0)
    assert (shop["basis"], shop["deliveries"], shop["on_time_share"]) == ("supplier", 0, None)
    (supplier,) = Learned(made, CUT).suppliers.collect()
    assert (supplier["deliveries"], supplier["p95_lateness_days"], supplier["enough_data"]) == (3, 2.0, True)
    assert (supplier["on_time_share"], supplier["reliability"]) == (0.0, 0.0)


def test_without_a_day_all_is_seen(made: Context) -> None:
    hub = Learned(made, None).lead_times.where("destination = 'Hub'").collect()[0]
    assert (hub["deliveries"], hub["mean_lateness_days"]) == (8, (3 * 2 + 5 * 30) / 8)
    (supplier,) = Learned(made, None).suppliers.collect()
    assert (supplier["lanes"], supplier["deliveries"], supplier["p95_lateness_days"]) == (2, 8, 30.0)

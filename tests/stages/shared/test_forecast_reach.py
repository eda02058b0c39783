"""How far demand is forecast, from lanes and lead times."""

from collections.abc import Mapping

import pytest
from echelon.lake.contracts import TABLES
from echelon.stages.shared.forecast_reach import forecast_reach
from echelon.stages.shared.windows import Windows
from pyspark.sql import SparkSession
from support.in_memory import Rows, context

ENDS = ("source", "destination")
END = 20_000


def rows(table: str, *given: Mapping[str, object]) -> Rows:
    return [tuple(row.get(name) for name in TABLES[table].column_names) for row in given]


def reach(spark: SparkSession, late: float, horizon: int = 28, freq: str = "D", customers: str = "Shop") -> int:
    """Maker -> Hub (late + 7 days) -> Shop (3 + 1 days), and a lane to Hub that is not used."""
    lanes = [("Maker", "Hub", late, 7, 1), ("Other", "Hub", 900.0, 7, 2), ("Hub", "Shop", 3.0, 1, 1)]
    named = [{"source": a, "destination": b, "p95_days": p, "review_period_days": r, "priority": n} for a, b, p, r, n in lanes]
    tables: dict[str, Rows] = {
        "lanes": rows("lanes", *named),
        "lead_times": rows("lead_times", *named),
        "locations": rows("locations", *({"location": name} for name in ("Maker", "Other", "Hub", "Shop"))),
        "segments": rows("segments", {"sku": "A", "location": customers}),
    }
    windows = Windows(freq, END - 900, END, horizon, 3, 1)  # type: ignore[arg-type]
    return forecast_reach(context(spark, tables), windows)


@pytest.mark.parametrize(
    ("late", "horizon", "freq", "expected"),
    [
        (17.0, 28, "D", 56),  # 28 days on the way and 28 of planning
        (17.5, 28, "D", 84),
        (90.0, 28, "D", 140),
        (800.0, 28, "D", 364),  # a year at most
        (30.0, 8, "W", 16),
        (90.0, 3, "M", 9),
        (30.0, 400, "D", 400),
    ],
)
def test_whole_horizons_last_for_planning_and_the_longest_way_after_it(
    spark: SparkSession, late: float, horizon: int, freq: str, expected: int
) -> None:
    assert reach(spark, late, horizon, freq) == expected


def test_only_the_way_to_customers_counts(spark: SparkSession) -> None:
    assert reach(spark, 20.5, customers="Hub") == 56 and reach(spark, 20.5) == 84

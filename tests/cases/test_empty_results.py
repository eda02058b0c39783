"""A stage may have nothing to say of some SKUs, or of all."""

from pathlib import Path

from pyspark.sql import SparkSession
from support.case_plans import planned


def test_a_plan_with_nothing_to_order_runs_to_its_report(spark: SparkSession, tmp_path: Path) -> None:
    plan = planned(spark, "34-nothing-to-order-today", tmp_path, "report")
    assert len(plan.table("orders")) == 0
    assert set(plan.table("exceptions")["kind"]) <= {"overstock"}
    assert "Orders       none" in plan.text

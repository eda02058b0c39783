"""What SKUs add to the comparison of policies, and how they add up."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.inventory.problem import Demand, LeadTime, Node, Problem
from echelon.core.inventory.replay import replay
from echelon.stages.replay_measures import MEASURES, measured_rows, totals
from pyspark.sql import SparkSession

PERIODS = 28


def problem(sku: str) -> Problem:
    """A hub without customers, and a shop."""
    lead = LeadTime((1, 2), (0.5, 0.5))
    shop = Node("Shop", "Hub", 0, lead, 0.5, Demand(np.ones(4)), 0.9, lost_sales=True)
    return Problem(sku, (Node("Hub", "Maker", -1, lead, 0.4), shop))


def measured(sku: str, levels: tuple[float, float], abc: str) -> pd.DataFrame:
    rows = pd.DataFrame({"location": ["Shop"], "fill_rate": [0.9], "unit_cost": [2.0], "unit_price": [5.0], "abc": [abc]})
    demand = np.column_stack([np.zeros(PERIODS), np.arange(PERIODS) % 3]).astype(float)
    result = replay(problem(sku), np.array(levels), demand, demand, replications=128)
    return measured_rows("echelon", problem(sku), rows, result)


def test_locations_and_classes_add_up_to_the_total(spark: SparkSession) -> None:
    both = pd.concat([measured("A", (4.0, 5.0), "A"), measured("B", (2.0, 2.0), "C")])
    found = totals(spark.createDataFrame(both, MEASURES)).toPandas().set_index(["scope", "member"])
    total = found.loc[("total", "all")]
    assert (total["series"], total["demand"]) == (2, 2 * sum(number % 3 for number in range(PERIODS)))
    for column in ("demand", "served", "stock_units", "stock_value", "holding_cost", "lost_value"):
        for scope in ("location", "abc"):
            assert found.loc[scope, column].sum() == pytest.approx(total[column]), (scope, column)
    assert total["fill_rate"] == pytest.approx(total["served"] / total["demand"])
    assert total["target_fill_rate"] == pytest.approx(0.9)
    assert total["lost_value"] == pytest.approx((total["demand"] - total["served"]) * 5)
    assert total["stock_value"] == pytest.approx(total["stock_units"] * 2)
    # SKUs are independent: variances of what is served add up.
    each = [found.loc[("abc", member)] for member in ("A", "C")]
    variance = sum((row["fill_rate_se"] * row["demand"]) ** 2 for row in each)
    assert total["fill_rate_se"] * total["demand"] == pytest.approx(variance**0.5)


def test_a_point_without_customers_has_stock_but_no_service(spark: SparkSession) -> None:
    found = totals(spark.createDataFrame(measured("A", (4.0, 5.0), "A"), MEASURES)).toPandas().set_index(["scope", "member"])
    hub = found.loc[("location", "Hub")]
    assert (hub["series"], hub["demand"], hub["stock_out_share"]) == (0, 0, 0)
    assert np.isnan(hub["fill_rate"])
    assert hub["stock_units"] > 0

"""What SKUs add to the comparison of policies, and how they add up."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from echelon.core.inventory.bootstrap import FEWEST
from echelon.core.inventory.model.demand import Demand
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.core.inventory.replay import replay
from echelon.stages.replay.intervals import intervals
from echelon.stages.replay.measures import MEASURES, measured_rows, totals, with_intervals
from pyspark.sql import SparkSession
from support.cells import at
from support.in_memory import context

PERIODS = 28
KEYS = ["policy", "scope", "member"]


def problem(sku: str) -> SupplyNetwork:
    """A hub without customers, and a shop."""
    lead = LeadTime((1, 2), (0.5, 0.5))
    shop = tree_point("Shop", "Hub", 0, lead, 0.5, Demand(np.ones(4)), 0.9, lost_sales=True)
    return SupplyNetwork(sku, (tree_point("Hub", "Maker", -1, lead, 0.4), shop))


def measured(
    sku: str, levels: tuple[float, float], abc: str, policy: str = "echelon", every: int = 3, periods: int = PERIODS
) -> pd.DataFrame:
    """Demand of 0, 1, 2, 0, 1, 2 ... (every: 3) in the shop."""
    rows = pd.DataFrame({"location": ["Shop"], "fill_rate": [0.9], "unit_cost": [2.0], "unit_price": [5.0], "abc": [abc]})
    demand = np.column_stack([np.zeros(periods), np.arange(periods) % every]).astype(float)
    result = replay(problem(sku), np.array(levels), demand, demand, replications=128)
    return measured_rows(policy, problem(sku), rows, result)


def test_locations_and_classes_add_up_to_the_total(spark: SparkSession) -> None:
    both = pd.concat([measured("A", (4.0, 5.0), "A"), measured("B", (2.0, 2.0), "C")])
    found = totals(spark.createDataFrame(both, MEASURES)).toPandas().set_index(["scope", "member"])
    total = at(found, ("total", "all"))
    assert (total["series"], total["demand"]) == (2, 2 * sum(number % 3 for number in range(PERIODS)))
    for column in ("demand", "served", "stock_units", "stock_value", "holding_cost", "lost_value"):
        for scope in ("location", "abc"):
            assert at(found, (scope, column)).sum() == pytest.approx(total[column]), (scope, column)
    assert total["fill_rate"] == pytest.approx(total["served"] / total["demand"])
    assert total["target_fill_rate"] == pytest.approx(0.9)
    assert total["lost_value"] == pytest.approx((total["demand"] - total["served"]) * 5)
    assert total["stock_value"] == pytest.approx(total["stock_units"] * 2)
    # SKUs are independent: variances of what is served add up.
    each = [at(found, ("abc", member)) for member in ("A", "C")]
    variance = sum((row["fill_rate_se"] * row["demand"]) ** 2 for row in each)
    assert total["fill_rate_se"] * total["demand"] == pytest.approx(variance**0.5)


def test_a_point_without_customers_has_stock_but_no_service(spark: SparkSession) -> None:
    found = totals(spark.createDataFrame(measured("A", (4.0, 5.0), "A"), MEASURES)).toPandas().set_index(["scope", "member"])
    hub = at(found, ("location", "Hub"))
    assert (hub["series"], hub["demand"]) == (0, 0)
    assert np.isnan(hub["fill_rate"]) and np.isnan(hub["stock_out_share"])
    assert hub["stock_units"] > 0


def test_only_periods_with_demand_can_be_stocked_out(spark: SparkSession) -> None:
    """Nothing is ever there, so every period with demand is a stock-out, however rare they are."""
    found = totals(spark.createDataFrame(measured("A", (0.0, 0.0), "A"), MEASURES)).toPandas().set_index(["scope", "member"])
    assert found.loc[("total", "all"), "stock_out_share"] == 1
    assert found.loc[("location", "Shop"), "stock_out_share"] == 1


@pytest.mark.parametrize(("periods", "tested"), [(2, 0.0), (3, 1.0)])
def test_the_share_of_demand_whose_lanes_deliver_in_time(spark: SparkSession, periods: int, tested: float) -> None:
    """Lanes take 1.5 periods on average, and their review period is one."""
    rows = measured("A", (4.0, 5.0), "A", periods=periods)
    found = totals(spark.createDataFrame(rows, MEASURES)).toPandas().set_index(["scope", "member"])
    assert found.loc[("total", "all"), "tested_share"] == tested


def many(skus: int) -> pd.DataFrame:
    """SKUs of all sizes under both policies."""
    parts = [
        measured(f"S{n}", levels, "AB"[n % 2], policy, every=3 + n % 5)
        for n in range(skus)
        for policy, levels in (("echelon", (4.0, 2.0 + n % 4)), ("classical", (3.0, 1.0 + n % 2)))
    ]
    return pd.concat(parts, ignore_index=True)


def test_intervals_are_those_of_a_plain_bootstrap_of_skus_for_any_number_of_buckets(spark: SparkSession) -> None:
    rows = many(24)
    frame = spark.createDataFrame(rows, MEASURES)
    few, more = (intervals(context(spark, buckets=buckets), frame) for buckets in (1, 5))
    one, five = (found.toPandas().sort_values(KEYS, ignore_index=True) for found in (few, more))
    pd.testing.assert_frame_equal(one, five, check_exact=True)
    kpis = with_intervals(totals(frame), more).toPandas().set_index(KEYS)
    total, other = at(kpis, ("echelon", "total", "all")), at(kpis, ("classical", "total", "all"))
    by_sku = rows[rows["scope"] == "total"].pivot(index="sku", columns="policy", values=["demand", "served", "stock_value"])
    drawn = np.random.default_rng(3).integers(0, 24, size=(20_000, 24))
    sums: dict[Any, Any] = {key: by_sku[key].to_numpy()[drawn].sum(axis=1) for key in by_sku.columns}
    demand = sums["demand", "echelon"]
    oracle = {
        "fill_rate": sums["served", "echelon"] / demand,
        "fill_rate_gain": (sums["served", "echelon"] - sums["served", "classical"]) / demand,
        "stock_change": sums["stock_value", "echelon"] / sums["stock_value", "classical"] - 1,
    }
    for name, replicates in oracle.items():
        expected = np.quantile(replicates, [0.025, 0.975])
        got = total[[f"{name}_low", f"{name}_high"]].to_numpy(float)
        np.testing.assert_allclose(got, expected, atol=0.12 * (expected[1] - expected[0]), err_msg=name)
        assert expected[0] < replicates.mean() < expected[1]
    assert total["skus"] == 24 and total["fill_rate_low"] < total["fill_rate"] < total["fill_rate_high"]
    assert np.isnan(other["fill_rate_gain_low"]) and other["fill_rate_low"] < other["fill_rate"] < other["fill_rate_high"]
    hub = at(kpis, ("echelon", "location", "Hub"))
    assert hub["skus"] == 0 and np.isnan(hub["fill_rate_low"])


def test_few_skus_have_no_interval(spark: SparkSession) -> None:
    found = intervals(context(spark), spark.createDataFrame(many(FEWEST - 1), MEASURES)).toPandas()
    total = found[found["scope"] == "total"]
    assert set(total["skus"]) == {FEWEST - 1}
    assert found.drop(columns=[*KEYS, "skus"]).isna().all(axis=None)

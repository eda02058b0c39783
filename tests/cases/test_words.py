"""What planners are told of a network with a reserve supplier and lead times longer than the replay, without a stock input."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from pyspark.sql import SparkSession
from support.case_plans import CASES, planned
from support.plans import Plan

CASE = "b1-html-three-echelons"
WITHOUT_STOCK = (f"  stock:\n    path: '{CASES / CASE / 'stock.csv'}'\n", "")
# As little work as shows the same.
QUICK = (
    ("replay:\n", "backtest: {candidates: [seasonal_naive, sba]}\nreplay:\n"),
    (
        "  certification_replications: 256\n  replications: 128",
        "  certification_replications: 128\n  replications: 64\n  explain: 0",
    ),
)


@pytest.fixture(scope="module")
def plan(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plan]:
    yield planned(spark, CASE, tmp_path_factory.mktemp("words"), "report", WITHOUT_STOCK, *QUICK)


@pytest.fixture(scope="module")
def page(plan: Plan) -> str:
    return (plan.output / "report" / "index.html").read_text(encoding="utf-8")


def test_there_are_levels_but_no_orders_and_no_words_of_stock_today(plan: Plan, page: str) -> None:
    assert len(plan.table("stock_levels")) > 0
    assert plan.table("orders").empty
    assert set(plan.table("exceptions")["kind"]) <= {"target_missed", "fallback"}
    assert "no orders: they need the input `stock`" in plan.text
    assert "today there is" not in page and "Stock today" not in page
    assert "there are levels but no orders and no shortages" in page


def test_only_the_lanes_that_are_ordered_on_are_drawn(page: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    networks = [drawing for drawing in drawings if 'class="chart network"' in drawing]
    assert networks
    for drawing in networks:
        assert drawing.count('class="lane"') == 4, "one from Sup A, three inside"
        assert len(re.findall(r'class="supplier"', drawing)) == 1 and "Sup B" not in drawing
    assert "Lanes that nothing is ordered on: Sup B to Hub." in page


def test_a_replay_of_eight_weeks_is_no_proof_where_the_supplier_takes_longer(plan: Plan, page: str) -> None:
    assert set(plan.table("kpis").query("scope == 'total'")["tested_share"]) == {0.0}
    assert "; no proof: shorter than the lead times" in plan.text
    assert "The last 8 weeks are shorter than the lead times: for 100% of demand" in page
    assert "points more than the classical plan" not in page


def test_both_safety_stocks_are_published_uncut(plan: Plan) -> None:
    levels = plan.table("stock_levels")
    held = levels["base_stock_level"] - levels["lead_time_demand"]
    np.testing.assert_allclose(levels["safety_stock"], held, atol=1e-9)
    top = levels[levels["location"] == "Hub"].set_index("sku")
    whole = levels.groupby("sku")[["base_stock_level", "safety_stock"]].sum()
    echelon = top[["echelon_base_stock_level", "echelon_safety_stock"]]
    np.testing.assert_allclose(echelon.loc[whole.index], whole, atol=1e-6)

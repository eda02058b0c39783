"""What promotions were worth, on made-up sales of which it is known: two categories, one that sells twice as much under its
promotion and one half as much again, and a price that is cut now and then, which sells half as much again too."""

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyspark.sql import SparkSession
from support.cells import at
from support.plans import Plan, run_here, write_settings

pytestmark = pytest.mark.slow
DAYS, AHEAD, SKUS, START = 190, 30, 24, date(2026, 1, 5)
UPLIFT = {"tea": 2.0, "cups": 1.5}
CUT = 1.5


def business(folder: Path) -> None:
    """Sales, items and signals; every fifth day or so has a promotion of a SKU, every eighth a cut price."""
    rng = np.random.default_rng(5)
    sales, signals, items = [], [], []
    for number in range(SKUS):
        sku, category = f"S{number:02d}", list(UPLIFT)[number % 2]
        items.append((sku, category))
        promoted, cut = rng.random((2, DAYS)) < np.array([[0.2], [0.12]])
        mean = (6.0 + number) * np.where(promoted, UPLIFT[category], 1.0) * np.where(cut, CUT, 1.0)
        signals += [("price", START + timedelta(days=step), 10.0, sku) for step in range(DAYS, DAYS + AHEAD)]
        for step, quantity in enumerate(rng.poisson(mean)):
            day = START + timedelta(days=step)
            sales += [(sku, "North", day, quantity)] if quantity else []
            signals += [("flyer", day, 1.0, sku)] if promoted[step] else []
            signals.append(("price", day, 8.0 if cut[step] else 10.0, sku))
    ahead = START + timedelta(days=DAYS + 30)
    signals += [
        (name, ahead, value, f"S{number:02d}") for number in range(SKUS) for name, value in (("flyer", 0.0), ("price", 10.0))
    ]
    pd.DataFrame(sales, columns=["sku", "location", "date", "quantity"]).to_csv(folder / "sales.csv", index=False)
    pd.DataFrame(items, columns=["sku", "category"]).to_csv(folder / "items.csv", index=False)
    pd.DataFrame(signals, columns=["name", "date", "value", "sku"]).to_csv(folder / "signals.csv", index=False)


@pytest.fixture(scope="module")
def plan(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    folder = tmp_path_factory.mktemp("promotions")
    business(folder)
    settings = {
        "sources": {name: {"path": str(folder / f"{name}.csv")} for name in ("sales", "items", "signals")},
        "signals": {"flyer": {"known_ahead": True, "missing": 0}, "price": {"known_ahead": True, "missing": "last"}},
        "backtest": {"horizon": 28, "candidates": ["seasonal_naive", "moving_average", "lightgbm"]},
        "replay": {"weeks": 4},
        "spark": {"buckets": 4, "shuffle_partitions": 2},
    }
    return run_here(spark, write_settings(folder, settings), folder / "out", "forecast")


def wape(plan: Plan, situation: str, model: str) -> float:
    rows = plan.table("situation_scores").set_index(["situation", "model"])
    return at(rows, ((situation, model), "wape"))


def test_without_drivers_the_same_model_errs_far_more_where_there_are_promotions(plan: Plan) -> None:
    assert wape(plan, "promotion", "with_drivers") < 0.7 * wape(plan, "promotion", "without_drivers")
    scores = plan.table("situation_scores").query("situation == 'promotion'").set_index("model")
    assert at(scores, ("with_drivers", "periods")) == at(scores, ("without_drivers", "periods"))
    assert abs(at(scores, ("with_drivers", "bias"))) < 0.1 < -at(scores, ("without_drivers", "bias"))


@pytest.mark.parametrize(
    ("promotion", "category", "worth"),
    [
        ("flyer", "tea", UPLIFT["tea"]),
        ("flyer", "cups", UPLIFT["cups"]),
        ("price cut", "tea", CUT),
        ("price cut", "cups", CUT),
        ("flyer + price cut", "tea", CUT * UPLIFT["tea"]),
        ("flyer + price cut", "cups", CUT * UPLIFT["cups"]),
    ],
)
def test_what_a_promotion_was_worth_is_found_by_category(plan: Plan, promotion: str, category: str, worth: float) -> None:
    rows = plan.table("promotion_uplift").set_index(["promotion", "category"])
    assert at(rows, ((promotion, category), "uplift")) == pytest.approx(worth, rel=0.15)
    assert at(rows, ((promotion, category), "forecast_uplift")) == pytest.approx(worth, rel=0.25)


def test_the_interval_in_all_is_around_the_uplift(plan: Plan) -> None:
    rows = plan.table("promotion_uplift").query("level == 'total'").set_index("promotion")
    for promotion in ("flyer", "price cut", "flyer + price cut"):
        low, middle, high = (at(rows, (promotion, name)) for name in ("uplift_low", "uplift", "uplift_high"))
        assert 1.0 < low < middle < high < 1.6 * low

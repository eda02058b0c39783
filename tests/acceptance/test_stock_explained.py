"""Why the stock of the small plan is needed, and what another setting moves in the next release."""

import shutil
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from echelon.config import load
from echelon.core.inventory.explanation.cause_names import CAUSES
from echelon.core.inventory.explanation.causes import Evidence
from echelon.core.inventory.explanation.explain import explain_stock
from echelon.core.inventory.model.demand import Demand, Shape
from echelon.core.inventory.model.lead_time import LeadTime
from echelon.core.inventory.model.supply_network import SupplyNetwork, tree_point
from echelon.lake.lake import Lake
from echelon.lake.run_state import new_run
from echelon.stages import stock
from echelon.stages.shared.context import Context
from pyspark.sql import SparkSession
from support import ROOT
from support.cells import at, records
from support.plans import SKUS, Plan

pytestmark = pytest.mark.slow
NODE = ["sku", "location"]
TABLES = ("stock_levels", "stock_explanations", "stock_changes", "lead_times", "lanes", "demand_distributions", "champions")
Frames = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def frames(small: tuple[Path, Plan]) -> Frames:
    """The tables that matter here."""
    return {name: small[1].table(name) for name in (*TABLES, "segments", "items", "locations")}


def totals(explained: pd.DataFrame, levels: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Per explained SKU-location the sums of the parts, and what they are parts of."""
    sums = explained.groupby(NODE)[["safety_stock", "lead_time_demand"]].sum()
    whole = levels.set_index(NODE).loc[sums.index]
    held = whole["base_stock_level"] - whole["lead_time_demand"]
    return sums.to_numpy(), np.stack([held, whole["lead_time_demand"]], axis=1)


def test_parts_add_up_to_the_published_stock_of_every_location(frames: Frames) -> None:
    explained, levels = frames["stock_explanations"], frames["stock_levels"]
    assert len(explained) == len(levels) * len(CAUSES)
    parts, whole = totals(explained, levels)
    np.testing.assert_allclose(parts, whole, atol=1e-6)
    safety = levels.set_index(NODE).loc[explained.groupby(NODE).size().index, "safety_stock"]
    np.testing.assert_allclose(safety, parts[:, 0], atol=1e-6)
    assert frames["stock_changes"].empty, "there was no release before"


def test_causes_add_what_they_must(frames: Frames) -> None:
    value = frames["stock_explanations"].groupby("cause")["value"].sum()
    assert value["demand_variability"] > 0.3 * value.sum()
    assert value[["target", "upstream_shortage", "lead_time_mean", "supplier_unreliability"]].min() > 0
    assert abs(value["remainder"]) < 0.1 * value.sum()


def test_the_table_says_what_the_core_says(frames: Frames, small: tuple[Path, Plan]) -> None:
    """One SKU's problem, put together anew from the tables as another reader sees them."""
    levels = frames["stock_levels"].query("sku == '23354'").sort_values(["echelon", "location"])
    problem, evidence = problem_of(levels, frames, load([str(small[0])], []).run.seed)
    found = explain_stock(problem, levels["base_stock_level"].to_numpy(float), evidence)
    mine = frames["stock_explanations"].query("sku == '23354'")
    table = mine.pivot(index="cause", columns="location", values="safety_stock").loc[list(CAUSES), levels["location"]]
    np.testing.assert_allclose(table.to_numpy(), found.safety_stock, atol=1e-6)


def problem_of(levels: pd.DataFrame, frames: Frames, seed: int) -> tuple[SupplyNetwork, list[Evidence]]:
    """The problem and what is known beside it; nodes in the order of the levels, the warehouse first."""
    names, sku = levels["location"].tolist(), levels["sku"].iloc[0]
    lanes = frames["lanes"].merge(frames["lead_times"], on=["source", "destination"]).set_index("destination")
    demand = frames["demand_distributions"].set_index(NODE)
    bias = frames["champions"].query("purpose == 'plan'").set_index("segment")["bias"].to_dict()
    segment = frames["segments"].set_index(NODE)["segment"].to_dict()
    cost = frames["items"].set_index("sku")["unit_cost"][sku]
    rate = frames["locations"].set_index("location")["holding_rate"].to_dict()
    nodes, evidence = [], []
    for row in records(levels):
        lane, key = at(lanes, row.location), (sku, row.location)
        known = at(demand, key) if key in demand.index else None
        nodes.append(
            tree_point(
                name=row.location,
                supplier=row.source,
                source=names.index(row.source) if row.source in names else -1,
                lead_time=LeadTime.from_days(lane["days"], lane["probability"], 1.0),
                holding_cost=cost * rate[row.location],
                demand=None if known is None else _demand(known),
                target_fill_rate=None if known is None else row.target_fill_rate,
                review_period=int(lane["review_period_days"]),
                lot_size=lane["lot_size"],
                moq=lane["moq"],
                lost_sales=known is not None,
            )
        )
        assert lane["basis"] == "deliveries"
        evidence.append(Evidence(lane["promised_days"], 0.0 if known is None else bias.get(segment[key], 0.0)))
    return SupplyNetwork(sku, tuple(nodes), seed), evidence


def _demand(known: Any) -> Demand:
    """Of the first horizon, which is longer than any way of these networks."""
    shape, horizon = Shape(*(known[field.name] for field in fields(Shape))), int(known["horizon"])
    return Demand(
        known["mean"][:horizon], known["dispersion"], known["level_cv"], True, shape, known["level_correlation"],
        level_persistence=known["level_persistence"], horizon=horizon,
    )  # fmt: skip


@pytest.fixture(scope="module")
def next_tables(spark: SparkSession, small: tuple[Path, Plan], tmp_path_factory: pytest.TempPathFactory) -> Frames:
    """What the stage publishes after the small plan's release when customers wait, and only three SKUs are explained."""
    output = tmp_path_factory.mktemp("next") / "out"
    shutil.copytree(small[1].output, output)
    changed = ["stock.unmet_demand=backordered", "stock.explain=3", "spark.buckets=2", f"run.output={output}"]
    settings = load([str(small[0])], changed)
    lake = Lake(spark, str(output), ROOT / settings.run.suites, new_run("0" * 64))
    stock.run(Context(settings, spark, lake))
    found = {name: lake.read(name).toPandas() for name in TABLES[:3]}
    lake.settle()
    return found


def test_what_moved_since_the_last_release_adds_up_by_cause(frames: Frames, next_tables: Frames) -> None:
    before, now = (
        (f["base_stock_level"] - f["lead_time_demand"])
        for f in (
            frames["stock_levels"].set_index(NODE),
            next_tables["stock_levels"].set_index(NODE),
        )
    )
    moved = next_tables["stock_changes"].groupby(NODE)["moved"].sum()
    difference = (now - before).loc[lambda change: change.abs() > 1e-6]
    assert len(difference) > 20
    np.testing.assert_allclose(moved.reindex(difference.index), difference, atol=1e-4)
    assert set(next_tables["stock_changes"]["change"]) == {"kept"}


def test_skus_that_are_explained_in_both_releases_are_compared_by_cause(frames: Frames, next_tables: Frames) -> None:
    value = frames["segments"].groupby("sku")["annual_value"].sum()
    explained = next_tables["stock_explanations"]
    assert set(explained["sku"]) == set(value.nlargest(3).index) < set(SKUS)
    parts, whole = totals(explained, next_tables["stock_levels"])
    np.testing.assert_allclose(parts, whole, atol=1e-6)
    changed = next_tables["stock_changes"]
    by_cause = changed["cause"] != "not_explained"
    assert set(changed.loc[by_cause, "sku"]) == set(explained["sku"])
    assert not set(changed.loc[~by_cause, "sku"]) & set(explained["sku"])
    key = [*NODE, "cause"]
    old = frames["stock_explanations"].set_index(key)["safety_stock"]
    rows = changed[by_cause].set_index(key)
    np.testing.assert_allclose(rows["before"], old.loc[rows.index])

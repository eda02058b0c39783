"""What must hold of every plan, checked on the tables of a small one as other readers open them."""

import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import deltalake
import duckdb
import numpy as np
import pandas as pd
import polars
import pytest
from echelon.commands.query import query
from echelon.config import load
from echelon.errors import ConfigurationError
from echelon.lake.contracts import TABLES
from pyspark.sql import SparkSession
from support import ROOT
from support.cells import at
from support.parsed import Page
from support.plans import SKUS, Plan, environment, tables

pytestmark = pytest.mark.slow
Frames = Mapping[str, pd.DataFrame]
SERIES = ["sku", "location"]
HORIZON, REACH = 28, 112  # planning for a horizon, then 62 days at most on the way; in whole horizons
RUN_DATE = date(2011, 11, 1)


@pytest.fixture(scope="module")
def frames(small: tuple[Path, Plan]) -> Frames:
    """Every table by name."""
    return tables(small[1].output) | {"releases": small[1].table("releases")}


@pytest.mark.parametrize("name", TABLES)
def test_every_table_opens_in_other_readers_and_explains_itself(name: str, small: tuple[Path, Plan]) -> None:
    path = small[1].output / "tables" / name
    table, contract = deltalake.DeltaTable(path), TABLES[name]
    assert table.protocol().min_reader_version == 1
    assert table.metadata().description == contract.meaning
    assert [field.name for field in table.schema().fields] == contract.column_names
    comments = {field.name: field.metadata.get("comment", "") for field in table.schema().fields}
    assert all(comments[column.name].startswith(column.meaning) for column in contract.columns)
    arrow = table.to_pyarrow_table()
    assert polars.read_delta(str(path)).height == arrow.num_rows
    key = ", ".join(f'"{part}"' for part in contract.key)
    counted = duckdb.from_arrow(arrow).aggregate(f"count(*), count(distinct ({key}))").fetchall()
    assert counted == [(arrow.num_rows, arrow.num_rows)], "the key is not unique"


def test_every_row_read_is_accepted_or_quarantined(frames: Frames) -> None:
    inputs = frames["inputs"].set_index("input")
    assert (inputs["rows_read"] == inputs["rows_accepted"] + inputs["rows_quarantined"]).all()
    quarantined = frames["quarantine"].groupby("input").size().reindex(inputs.index, fill_value=0)
    assert (inputs["rows_quarantined"] == quarantined).all()
    assert inputs.loc["sales", "rows_accepted"] == frames["sales"]["source_rows"].sum()
    for name in ("items", "locations", "lanes", "deliveries", "stock"):
        assert inputs.loc[name, "rows_accepted"] == len(frames[name])
    assert {"unknown_sku", "duplicate"} <= set(frames["quarantine"]["rule"])


def test_demand_is_the_net_sales_on_a_complete_calendar(frames: Frames) -> None:
    demand, sales = frames["demand"], frames["sales"]
    assert set(demand["sku"]) == set(SKUS)
    kept = sales["net_quantity"].sum() + frames["unmatched_returns"]["quantity"].sum()
    assert (demand["demand"] + demand["spike"]).sum() == pytest.approx(kept)
    spans = demand.groupby(SERIES)["date"].agg(["min", "max", "nunique", "size"])
    assert set(spans["max"]) == {RUN_DATE - timedelta(days=1)}
    days = (pd.to_datetime(spans["max"]) - pd.to_datetime(spans["min"])).dt.days + 1
    assert (spans["nunique"] == days).all()
    assert (spans["size"] == days).all()


def test_every_series_is_classified_scored_and_forecast(frames: Frames) -> None:
    series = set(frames["demand"][SERIES].itertuples(index=False, name=None))
    for name in ("segments", "demand_distributions"):
        assert set(frames[name][SERIES].itertuples(index=False, name=None)) == series
    assert len(frames["forecasts"]) == len(series) * REACH
    scores = frames["backtest_scores"]
    assert scores["cutoff"].nunique() >= 3
    models = {"seasonal_naive", "moving_average", "sba", "tsb", "theta_weekly", "lightgbm"}
    assert set(scores["model"]) == models
    assert (scores.groupby("model").size() == len(scores) / len(models)).all(), "models are compared on different series"
    assert (scores["forecast"].str.len() == HORIZON).all()
    plan = frames["champions"].query("purpose == 'plan'")
    assert set(frames["segments"]["segment"]) <= set(plan["segment"])


def test_forecasts_are_distributions_of_counts(frames: Frames) -> None:
    forecasts = frames["forecasts"]
    quantiles = forecasts[["q05", "q25", "q50", "q75", "q90", "q95", "q975", "q99", "q995"]].to_numpy()
    assert (forecasts["mean"] >= 0).all()
    assert (quantiles >= 0).all()
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert frames["demand_distributions"]["counts"].all()
    assert (quantiles == np.round(quantiles)).all()
    assert sorted(set(forecasts["date"])) == [RUN_DATE + timedelta(days=ahead) for ahead in range(REACH)]


def test_stock_levels_are_whole_and_reach_their_targets(frames: Frames) -> None:
    levels = frames["stock_levels"]
    for name in ("base_stock_level", "reorder_point"):
        assert (levels[name] == levels[name].round()).all(), name
    np.testing.assert_allclose(levels["safety_stock"], levels["base_stock_level"] - levels["lead_time_demand"], atol=1e-9)
    assert levels["safety_stock"].min() < 0, "the buffer of a warehouse that its stores carry is not hidden"
    whole = levels.groupby("sku")[["base_stock_level", "safety_stock"]].sum()
    top = levels[levels["echelon"] == 1].set_index("sku")[["echelon_base_stock_level", "echelon_safety_stock"]]
    np.testing.assert_allclose(top.loc[whole.index], whole, atol=1e-6)
    assert (levels["reorder_point"] <= levels["base_stock_level"]).all()
    assert set(levels["status"]) == {"ok"}
    sold = levels[levels["customer_fill_rate"].notna()]
    assert (sold["customer_fill_rate"] + sold["customer_fill_rate_se"] >= sold["target_fill_rate"]).all()
    served = set(frames["segments"][SERIES].itertuples(index=False, name=None))
    asked = levels[levels["target_fill_rate"].notna()]
    assert set(asked[SERIES].itertuples(index=False, name=None)) == served
    assert len(levels) == len(served) + len(SKUS), "every SKU also has the central warehouse"
    assert set(asked.loc[asked["sku"] == "85123A", "target_fill_rate"]) == {0.97}


def test_orders_keep_to_the_terms_and_to_what_is_there(frames: Frames) -> None:
    lanes = frames["lanes"].merge(frames["lead_times"], on=["source", "destination"])
    orders = frames["orders"].merge(lanes, on=["source", "destination"]).merge(frames["items"], on="sku")
    assert len(orders) == len(frames["orders"]) > 0
    lots = orders["quantity"] / orders["lot_size"]
    assert (lots == lots.round()).all()
    bought, moved = (orders[orders["kind"] == kind] for kind in ("purchase", "transfer"))
    assert (bought["quantity"] >= bought["moq"]).all()
    assert (bought["quantity"] >= bought["needed"]).all()
    shipped = moved.groupby(["sku", "source"])["quantity"].sum()
    on_hand = frames["stock"].set_index(SERIES)["on_hand"]
    assert (shipped <= on_hand.reindex(shipped.index, fill_value=0.0)).all()
    assert np.allclose(orders["value"], orders["quantity"] * orders["unit_cost"])
    assert set(orders["order_date"]) == {RUN_DATE}
    days = (pd.to_datetime(orders["expected_date"]) - pd.to_datetime(orders["order_date"])).dt.days
    assert (abs(days - orders["mean_days"]) <= 1).all()


def test_both_policies_are_replayed_on_the_same_demand(frames: Frames) -> None:
    kpis = frames["kpis"]
    demand = kpis.pivot(index=["scope", "member"], columns="policy", values="demand")
    assert (demand["echelon"] == demand["classical"]).all()
    assert (kpis["served"] <= kpis["demand"] * (1 + 1e-12)).all()
    for _, mine in kpis.groupby("policy"):
        sums = mine.groupby("scope")[["series", "demand", "served", "stock_value", "lost_value"]].sum()
        assert np.allclose(sums.loc["location"], sums.loc["total"])
        assert np.allclose(sums.loc["abc"], sums.loc["total"])
    held_back = frames["demand"][pd.to_datetime(frames["demand"]["date"]) >= pd.Timestamp(RUN_DATE - timedelta(weeks=8))]
    total = at(demand, (("total", "all"), "echelon"))
    assert 0 < total <= held_back["demand"].sum() + 1e-9


def test_the_release_names_the_versions_that_are_there(frames: Frames, small: tuple[Path, Plan]) -> None:
    (release,) = frames["releases"].to_dict("records")
    assert release["release"] == 1
    assert release["run_date"] == RUN_DATE
    versions = dict(release["tables"])
    assert set(versions) == set(TABLES) - {"releases"}
    for name, version in versions.items():
        assert deltalake.DeltaTable(small[1].output / "tables" / name).version() == version, name
    checks = frames["check_results"]
    failed = checks[~checks["success"]]
    # Eleven months of history are warned of; with so few series, so may be a segment's bias.
    assert set(failed["severity"]) == {"warning"}
    assert "sales" in set(failed["table"]) <= {"sales", "champions"}
    assert release["warnings"] == len(failed)
    assert set(checks["table"]) == set(TABLES) - {"check_results", "releases"}
    assert release["checks"] == len(checks)


def test_the_report_opens_without_a_network_and_has_the_key_figures(frames: Frames, small: tuple[Path, Plan]) -> None:
    page = Page((small[1].output / "report" / "index.html").read_text(encoding="utf-8"))
    elsewhere = [address for address in page.links if not address.startswith(("#", "data:"))]
    assert {"script", "style", "svg", "table"} <= set(page.tags)
    assert not [tag for tag in page.tags if tag in ("link", "iframe")]
    assert elsewhere == ["checks.html"]
    total = frames["kpis"].query("scope == 'total'").set_index("policy")
    for policy in ("echelon", "classical"):
        assert f"{at(total, (policy, 'fill_rate')):.1%}" in page.text, policy
    assert "Only the sales are real" in page.text
    assert any(sku in page.text for sku in SKUS)


def test_the_page_of_checks_has_every_check(frames: Frames, small: tuple[Path, Plan]) -> None:
    page = Page((small[1].output / "report" / "checks.html").read_text(encoding="utf-8"))
    assert {address for address in page.links if not address.startswith("#")} == {"index.html#checks"}
    checks = frames["check_results"]
    passed = checks["success"].sum()
    assert f"{passed} of {len(checks)} checks" in page.text
    assert page.text.count(" passed ") >= passed
    assert "key sku, location, date is unique" in page.text


def test_the_terminal_tells_what_was_done(frames: Frames, small: tuple[Path, Plan]) -> None:
    text = small[1].text
    for stage in ("ingest", "prepare", "backtest", "forecast", "stock", "replenish", "replay", "release", "report"):
        assert re.search(rf"^{stage} .* \d+\.\d s$", text, re.MULTILINE), stage
    assert f"{len(frames['segments'])} SKU-locations" in text
    assert f"{len(frames['orders'])} orders, {len(frames['exceptions'])} exceptions" in text
    assert re.search(r"^Try .* stock_levels", text, re.MULTILINE)


def test_a_query_on_the_newest_release(frames: Frames, small: tuple[Path, Plan]) -> None:
    words = ["-m", "echelon", "sql", "--set", f"run.output={small[1].output}", "select count(*) from orders"]
    done = subprocess.run([sys.executable, *words], cwd=ROOT, env=environment(), text=True, capture_output=True, timeout=120)
    assert f"|{len(frames['orders'])}|" in done.stdout.replace(" ", "")


def test_a_wrong_query_is_told_in_one_line(spark: SparkSession, small: tuple[Path, Plan]) -> None:
    settings = load([str(small[0])], [f"run.output={small[1].output}"])
    with pytest.raises(ConfigurationError, match=r"^sql: .*`nothing`.*$") as caught:
        query(spark, settings, "select nothing from orders")
    assert len(str(caught.value).splitlines()) == 1

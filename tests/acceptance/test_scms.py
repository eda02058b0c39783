"""Real supplier lead times with their dirt: ingest and prepare on data/scms, against pandas on the raw text."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
import yaml
from pyspark.sql import SparkSession
from support import ROOT
from support.plans import SMALL, Plan, run_here, write_settings

pytestmark = pytest.mark.slow
FOLDER = ROOT / "data" / "scms"
LEAST = 8
LANE = ["vendor", "country"]
# 247 days, where the six others of its lane took 37 to 77.
LEFT_OUT = "51820"


@pytest.fixture(scope="module")
def prepared(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The included configuration as it is, but for where the files lie."""
    folder = tmp_path_factory.mktemp("scms")
    settings = yaml.safe_load((FOLDER / "plan.yaml").read_text())
    for source in settings["sources"].values():
        source["path"] = str(ROOT / source["path"])
    return run_here(spark, write_settings(folder, settings | {"spark": SMALL["spark"]}), folder / "out", last="prepare")


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Every line of the file, as text, with the days that its dates tell (missing where a text is no date)."""
    raw = pd.read_csv(FOLDER / "deliveries.csv.gz", dtype=str, keep_default_na=False)
    ordered = pd.to_datetime(raw["po_sent_to_vendor_date"], format="%m/%d/%y", errors="coerce")
    scheduled, delivered = (
        pd.to_datetime(raw[f"{name}_date"], format="%d-%b-%y") for name in ("scheduled_delivery", "delivered_to_client")
    )
    return raw.assign(days=(delivered - ordered).dt.days, late=(delivered - scheduled).dt.days)


def usable(lines: pd.DataFrame) -> pd.DataFrame:
    return lines[lines["days"] >= 0]


def test_dirty_dates_and_negative_lead_times_are_quarantined(prepared: Plan, lines: pd.DataFrame) -> None:
    refused = prepared.table("quarantine")
    assert set(refused["input"]) == {"deliveries"}
    assert dict(Counter(refused["rule"])) == {"wrong_type": 4712, "received_before_ordered": 2}
    no_date = lines[lines["days"].isna()]
    assert no_date["po_sent_to_vendor_date"].value_counts().to_dict() == {"N/A - From RDC": 4384, "Date Not Captured": 328}
    assert len(no_date) == 4712 and (lines["days"] < 0).sum() == 2
    assert len(prepared.table("deliveries")) == len(usable(lines)) == len(lines) - 4714
    told = refused.loc[refused["rule"] == "wrong_type", "reason"].str.extract(r"order_date '(.*?)' is not a date")[0]
    assert told.value_counts().to_dict() == no_date["po_sent_to_vendor_date"].value_counts().to_dict()


def test_each_lane_says_what_it_was_learned_from(prepared: Plan, lines: pd.DataFrame) -> None:
    good = usable(lines)
    lanes = lines[LANE].drop_duplicates()
    own = lanes.merge(good.groupby(LANE).size().rename("own").reset_index(), how="left").fillna(0)
    vendor = own.merge(good.groupby("vendor").size().rename("all").reset_index(), how="left").fillna(0)
    expected = [_basis(*counts) for counts in vendor[["own", "all"]].to_numpy()]
    found = prepared.table("lead_times").set_index(["source", "destination"])["basis"]
    assert len(found) == len(lanes) == 303
    assert found.loc[list(lanes.itertuples(index=False, name=None))].tolist() == expected
    assert dict(Counter(expected)) == {"deliveries": 85, "supplier": 142, "promise": 76}


def _basis(own: int, of_vendor: int) -> str:
    if own >= LEAST:
        return "deliveries"
    return "supplier" if of_vendor >= LEAST else "promise"


@pytest.mark.parametrize("vendor", ["Aurobindo Pharma Limited", "Orgenics, Ltd"])
def test_large_vendors_are_as_pandas_counts_them(prepared: Plan, lines: pd.DataFrame, vendor: str) -> None:
    believed = usable(lines).query("id != @LEFT_OUT")
    mine = believed.query("vendor == @vendor")
    row = prepared.table("suppliers").set_index("source").loc[vendor]
    assert len(mine) > 400 and row["enough_data"]
    assert (row["deliveries"], row["lanes"]) == (len(mine), lines.query("vendor == @vendor")["country"].nunique())
    assert row["on_time_share"] == pytest.approx((mine["late"] <= 0).mean(), rel=1e-12)
    assert row["mean_lateness_days"] == pytest.approx(mine["late"].mean(), rel=1e-12)
    assert row["p95_lateness_days"] == np.quantile(mine["late"], 0.95, method="inverted_cdf")
    assert (row["mean_days"], row["sd_days"]) == pytest.approx((mine["days"].mean(), mine["days"].std()), rel=1e-12)
    everyone = (believed["late"] <= 0).mean()
    hits = (mine["late"] <= 0).sum()
    assert row["reliability"] == pytest.approx((hits + LEAST * everyone) / (len(mine) + LEAST), rel=1e-12)


def test_distributions_are_on_whole_days_and_keep_the_mean(prepared: Plan, lines: pd.DataFrame) -> None:
    table = prepared.table("lead_times")
    for row in table.to_dict("records"):
        assert sum(row["probability"]) == pytest.approx(1.0) and min(row["probability"]) > 0 and min(row["days"]) >= 0
    means = usable(lines).groupby(LANE)["days"].mean()
    learned = table[table["basis"] == "deliveries"].set_index(["source", "destination"])["mean_days"]
    assert learned.tolist() == pytest.approx(means.loc[list(learned.index)].tolist(), rel=1e-3)


def test_a_supplier_without_one_usable_date_is_planned_by_its_promise(prepared: Plan) -> None:
    row = prepared.table("suppliers").set_index("source").loc["SCMS from RDC"]
    assert row["deliveries"] == 0 and not row["enough_data"] and pd.isna(row["reliability"])
    lanes = prepared.table("lead_times").query("source == 'SCMS from RDC'")
    assert set(lanes["basis"]) == {"promise"} and lanes["reliability"].isna().all()

"""The report shows names as they are: as text, whatever they hold, and finite numbers."""

import numpy as np
import pytest
from echelon.lake.contracts import TABLES
from echelon.reading import read_release
from pyspark.sql import SparkSession
from support.case_plans import planned
from support.parsed import Page
from support.plans import Plan

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plan(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return planned(spark, "b1-html-three-echelons", tmp_path_factory.mktemp("b1"), "report")


def test_marked_up_names_and_currency_are_text_and_no_script_runs(plan: Plan) -> None:
    html = (plan.output / "report" / "index.html").read_text(encoding="utf-8")
    page = Page(html)
    assert page.tags.count("script") == 1 and not {"img", "iframe"} & set(page.tags)
    assert "alert(" not in html.partition("<script>")[2].partition("</script>")[0]
    for text in (
        "<script>alert(1)</script>",
        "<script>alert(3)</script>",
        "<b>₺</b>",
        "Shop <b>One</b>",
        'A&B "quoted"',
        "Sup <A>",
    ):
        assert text in page.text, text
    assert "D D D" in page.text and "D " * 200 not in page.text, "a description of 6000 letters is cut"


def test_the_comparison_is_finite(plan: Plan) -> None:
    kpis = read_release(str(plan.output)).table("kpis").to_pandas()
    always = [column.name for column in TABLES["kpis"].columns if column.type != "string" and not column.nullable]
    assert np.isfinite(kpis[always].to_numpy(float)).all()
    served = kpis[kpis["demand"] > 0]
    shares = ["fill_rate", "fill_rate_se", "target_fill_rate", "stock_out_share"]
    assert len(served) and np.isfinite(served[shares].to_numpy(float)).all()
    assert kpis.loc[kpis["demand"] == 0, "fill_rate"].isna().all()


def test_the_terminal_has_no_zero_for_what_is_unknown(plan: Plan) -> None:
    assert "0.000" not in plan.text and "nan" not in plan.text
    assert not (plan.output / "staging").exists()

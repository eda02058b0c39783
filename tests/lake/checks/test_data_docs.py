"""Great Expectations' own pages of a small release, built from the tables that readers see."""

import json
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from echelon.commands.data_docs import write
from echelon.config import Configuration
from echelon.errors import ConfigurationError, EchelonError
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.releases.release import release
from pyspark.sql import SparkSession

STOCK = [("A", "North", 5.0, 0.0, 0.0), ("A", "South", 7.5, 1.0, 0.0), ("B", "North", 0.0, 12.0, 3.0)]
COMMON = {"type": "unexpected_rows_expectation", "severity": "warning", "by": "hand"}
# One refers to another table of the release, one to its own table as the release before had it.
TARGETED = COMMON | {
    "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} WHERE sku NOT IN (SELECT sku FROM targets)"},
    "notes": "every SKU has a target",
    "reads": ["targets"],
}
STEADY = COMMON | {
    "kwargs": {"unexpected_rows_query": "SELECT * FROM {batch} ANTI JOIN released_stock USING (sku, location)"},
    "notes": "no stock that was not there before",
    "reads": ["released_stock"],
}


@pytest.fixture
def suites(tmp_path: Path, root: Path) -> Path:
    """The real suites, cut to their first two expectations; that of stock has two more."""
    folder = tmp_path / "suites"
    folder.mkdir()
    for name in ("stock", "targets", "check_results", "releases"):
        suite = json.loads((root / "expectations" / f"{name}.json").read_text())
        suite["expectations"] = suite["expectations"][:2] + ([TARGETED, STEADY] if name == "stock" else [])
        (folder / f"{name}.json").write_text(json.dumps(suite))
    return folder


@pytest.fixture
def released(new_lake: Callable[..., Lake], suites: Path) -> Lake:
    """Two releases, the second with one more row of stock."""
    for day, rows in enumerate((STOCK[:2], STOCK), start=1):
        lake = new_lake(suites)
        lake.run.run_date = date(2026, 2, day)
        frames = {"stock": lake.spark.createDataFrame(rows, TABLES["stock"].ddl)}
        if day == 1:
            frames["targets"] = lake.spark.createDataFrame([("A", "*", 0.9)], TABLES["targets"].ddl)
        lake.publish(frames)
        release(lake)
    return lake


def configured(lake: Lake, suites: Path) -> Configuration:
    run = {"output": lake.output, "suites": str(suites)}
    return Configuration.model_validate({"run": run, "sources": {"sales": {"path": "sales.csv"}}})


class Links(HTMLParser):
    """The words and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value for name, value in attrs if tag == "a" and name == "href" and value]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.mark.slow
def test_every_table_of_the_release_has_its_page(released: Lake, suites: Path) -> None:
    delta.append(released.read("stock").limit(1), released.path("stock"), "past the guard, and past the release")
    settings = configured(released, suites)
    folder = Path(released.output) / "data-docs"
    stale = folder / "validations" / "stock" / "release 1" / "earlier.html"
    stale.parent.mkdir(parents=True)
    stale.write_text("of an earlier build")
    told = write(released.spark, settings)
    index = Links((folder / "index.html").read_text())
    pages = {
        address.split("/")[1]: folder / unquote(address) for address in index.addresses if address.startswith("validations")
    }
    assert set(pages) == {"stock", "targets", "check_results"}
    total = sum(len(json.loads((suites / f"{name}.json").read_text())["expectations"]) for name in pages)
    assert told == f"{folder / 'index.html'}: {total - 2} of {total} expectations met on 3 tables"
    stock = Links(pages["stock"].read_text())
    assert "Status: Failed" in stock.text and "release 2" in stock.text
    assert "every SKU has a target" in stock.text and "no stock that was not there before" in stock.text
    assert "Unsuccessful Expectations 2" in stock.text, "one SKU without a target, one row that is new"
    assert "Status: Succeeded" in Links(pages["targets"].read_text()).text
    assert not stale.exists()
    assert "every SKU has a target" in Links((folder / "expectations" / "stock.html").read_text()).text


def test_there_must_be_a_release(lake: Lake, root: Path) -> None:
    with pytest.raises(EchelonError, match="there is no release yet: run `echelon plan` first"):
        write(lake.spark, configured(lake, root / "expectations"))


def test_pages_need_a_folder_of_this_machine(spark: SparkSession, lake: Lake, root: Path) -> None:
    settings = configured(lake, root / "expectations")
    elsewhere = settings.model_copy(update={"run": settings.run.model_copy(update={"output": "s3a://bucket/out"})})
    with pytest.raises(ConfigurationError, match="data-docs: s3a://bucket/out is no folder of this machine"):
        write(spark, elsewhere)

"""The checks of a release, each with what it asks in words."""

from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import functions as F

from echelon.lake.checks.suites import Expectation, load_suite
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.contract import Table
from echelon.lake.contracts.quantiles import as_published
from echelon.report.check_words import by_type, in_words
from echelon.report.data import FRAMES, records
from echelon.stages.shared.context import Context


def check_list(context: Context, run_id: str) -> pd.DataFrame:
    """Every check of the release that a run made, by table and number."""
    results = context.lake.read("check_results").where(F.col("run_id") == run_id)
    frame = results.orderBy("table", "number").toPandas()
    folder = Path(context.settings.run.suites)
    suites = {name: load_suite(folder, _as_published(context, name)) for name in frame["table"].unique()}
    return frame.assign(asks=[_asks(suites[row["table"]], row) for row in records(frame)])[list(FRAMES["check_list"])]


def _as_published(context: Context, name: str) -> Table:
    """The contract; of one with quantiles, with those that the table has."""
    table = TABLES[name]
    return as_published(table, context.lake.read(name).columns) if table.quantiles else table


def _asks(suite: list[Expectation], row: dict[str, Any]) -> str:
    """In words. The suite may have changed since the check was made: then its type and subject must do."""
    for expectation in suite[row["number"] - 1 : row["number"]]:
        if (expectation.type, expectation.subject) == (row["expectation"], row["subject"]):
            return in_words(expectation)
    return by_type(row["expectation"], row["subject"])

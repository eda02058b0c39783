"""All queries of a suite in one Spark job: by itself each costs Great Expectations two."""

from collections.abc import Callable, Mapping

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame

from echelon.lake.contracts.contract import Table

Keep = Callable[[str, DataFrame], DataFrame]


def summary_view(table: str) -> str:
    """Name of the view that `{summary}` stands for in the queries of a table's suite."""
    return f"summary_{table}"


def summarise(frame: DataFrame, table: Table, keep: Keep) -> None:
    """Add the frame up as its contract says, if it does, for all queries that ask for the summary.

    `keep` computes a frame once, under a name: queries that run side by side would each add up anew.
    """
    if table.summary is None:
        return
    frame.createOrReplaceTempView(_batch_view(table.name))
    view = summary_view(table.name)
    summary = frame.sparkSession.sql(table.summary.format(batch=_batch_view(table.name)))
    keep(view, summary).createOrReplaceTempView(view)


def _batch_view(table: str) -> str:
    return f"checked_{table}"


def rows_found(frame: DataFrame, table: str, queries: Mapping[int, str]) -> dict[int, int]:
    """How many rows each query of the table's suite returns, by its number; `{batch}` in a query stands for the frame.

    Empty when one of them can't be evaluated: then Great Expectations evaluates each by itself and says which and why.
    """
    if not queries:
        return {}
    batch = _batch_view(table)
    frame.createOrReplaceTempView(batch)
    counts = [
        f"SELECT {number} AS number, count(*) AS rows FROM ({query.format(batch=batch)})" for number, query in queries.items()
    ]
    try:
        counted = frame.sparkSession.sql(" UNION ALL ".join(counts)).collect()
    except PySparkException:
        return {}
    return {row["number"]: row["rows"] for row in counted}

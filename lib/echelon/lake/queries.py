"""All queries of a suite in one Spark job: by itself each costs Great Expectations two."""

from collections.abc import Mapping

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame


def rows_found(frame: DataFrame, table: str, queries: Mapping[int, str]) -> dict[int, int]:
    """How many rows each query of the table's suite returns, by its number; `{batch}` in a query stands for the frame.

    Empty when one of them can't be evaluated: then Great Expectations evaluates each by itself and says which and why.
    """
    if not queries:
        return {}
    batch = f"checked_{table}"
    frame.createOrReplaceTempView(batch)
    counts = [
        f"SELECT {number} AS number, count(*) AS rows FROM ({query.format(batch=batch)})" for number, query in queries.items()
    ]
    try:
        found = frame.sparkSession.sql(" UNION ALL ".join(counts)).collect()
    except PySparkException:
        return {}
    return {row["number"]: row["rows"] for row in found}

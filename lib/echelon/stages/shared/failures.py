"""A fallback here and there is recorded; too many of them are a failed run."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.errors import EchelonError
from echelon.stages.shared.context import Context


def count_failures(context: Context, frame: DataFrame, what: str, failed_if: str = "status <> 'ok'") -> int:
    """Rows that meet the condition `failed_if`.

    Raises EchelonError when their share is above run.max_failed_share, with the most frequent reason.
    """
    failed = frame.where(failed_if).groupBy("status").count().orderBy(F.desc("count"), "status").collect()
    total, count = frame.count(), sum(int(row["count"]) for row in failed)
    limit = context.settings.run.max_failed_share
    if count > limit * total:
        raise EchelonError(
            f"{count:,} of {total:,} {what} needed a fallback, more than run.max_failed_share = {limit:.0%} allows; "
            f"the most frequent reason ({failed[0]['count']:,}): {failed[0]['status']}"
        )
    return count

"""The supply network as the tables have it. Lanes and locations are few, whatever the number of SKUs."""

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.network.topology import Lane


def lanes_of(lanes: DataFrame) -> list[Lane]:
    """The lanes, in a stable order."""
    limited = F.col("capacity").isNotNull() | F.col("days_down").isNotNull()
    rows = lanes.select("source", "destination", "priority", "share", limited.alias("limited")).collect()
    return sorted((Lane(*row) for row in rows), key=lambda lane: (lane.destination, lane.source))


def names_of(locations: DataFrame, kind: str | None = None) -> list[str]:
    """Names of the locations, of one kind or of all."""
    rows = (locations.where(locations["kind"] == kind) if kind else locations).select("location").collect()
    return sorted(row["location"] for row in rows)


def without_source(locations: Iterable[str], lanes: Iterable[Lane]) -> list[str]:
    """Locations that no lane leads to."""
    return sorted(set(locations) - {lane.destination for lane in lanes})

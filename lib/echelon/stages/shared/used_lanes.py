"""The lanes that planned locations order on, as planning and ordering choose them, and the others."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.network.topology import Lane, planned_supplies
from echelon.stages.shared.context import Context
from echelon.stages.shared.network import lanes_of, names_of

_ENDS = ["source", "destination"]


def lane_frames(context: Context, used: list[Lane]) -> dict[str, DataFrame]:
    """Rows of `lanes` and `lead_times` of some lanes, and of `suppliers` of their sources."""
    read = context.lake.read
    ends = context.spark.createDataFrame(
        [(lane.source, lane.destination) for lane in used], "source string, destination string"
    )
    frames = {name: read(name).join(F.broadcast(ends), _ENDS, "left_semi") for name in ("lanes", "lead_times")}
    return frames | {"suppliers": read("suppliers").join(F.broadcast(ends), "source", "left_semi")}


def used_and_others(context: Context) -> tuple[list[Lane], list[Lane]]:
    """Lanes that are ordered on, and the others. What leads to a location that plans nothing is none of the first."""
    read = context.lake.read
    lanes, locations = lanes_of(read("lanes")), read("locations")
    supplies = planned_supplies(lanes, frozenset(names_of(locations)))
    planned = {row["location"] for row in read("stock_levels").select("location").distinct().collect()}
    used = [lane for destination in sorted(planned & set(supplies)) for lane in supplies[destination]]
    return used, [lane for lane in lanes if lane not in used]

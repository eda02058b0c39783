"""The report shows the lanes that planned locations order on, and names the others."""

from echelon.report.sections.network import edges
from echelon.stages.shared.used_lanes import lane_frames, used_and_others
from pyspark.sql import SparkSession
from support.in_memory import Rows, context
from support.shared_lanes import LANES, LEAD_TIMES, PLACES

# Beside those lanes: one to a place that plans nothing.
MORE: Rows = [*LANES, ("Hub", "Closed", 1.0, 0.0, 1, 0.0, 1.0, 1)]


def level(location: str, source: str) -> tuple[object, ...]:
    return ("A", location, source, 1, "simulation", "ok", *(1.0,) * 6, 1.0)


def tables() -> dict[str, Rows]:
    suppliers = [(name, 1, 0, False) for name in ("Maker", "Other", "Hub", "Nobody")]
    levels: Rows = [level("Hub", "Other"), level("North", "Hub"), level("South", "Hub")]
    places: Rows = [*PLACES, ("Closed", "store", 0.2)]
    return {"lanes": MORE, "lead_times": LEAD_TIMES, "locations": places, "suppliers": suppliers, "stock_levels": levels}


def test_lanes_that_share_or_stand_in_are_used_and_reserves_are_not(spark: SparkSession) -> None:
    made = context(spark, tables())
    used, others = used_and_others(made)
    assert {(lane.source, lane.destination) for lane in used} == {
        ("Maker", "Hub"), ("Other", "Hub"), ("Hub", "North"), ("Other", "North"), ("Hub", "South"),
    }  # fmt: skip
    assert [(lane.source, lane.destination) for lane in others] == [("Hub", "Closed"), ("Maker", "South")]
    frames = {name: frame.toPandas() for name, frame in lane_frames(made, used).items()}
    assert len(frames["lanes"]) == len(frames["lead_times"]) == 5
    assert set(frames["suppliers"]["source"]) == {"Maker", "Other", "Hub"}
    drawn = {(edge.source, edge.destination) for edge in edges(_Shown(frames))}  # type: ignore[arg-type]
    assert ("Maker", "South") not in drawn and ("Hub", "South") in drawn


class _Shown:
    """The two frames that the picture's lanes come from."""

    def __init__(self, frames: dict[str, object]) -> None:
        self.lanes, self.lead_times = frames["lanes"], frames["lead_times"]

"""What drives the forecasts that were explained, by segment and in words."""

from dataclasses import dataclass

import pandas as pd

from echelon.report import formats as f
from echelon.report.data import ReportData

NAMES = {
    "level": "what sells as a rule",
    "trend": "the trend",
    "season": "the season",
    "price": "the price",
    "promotion_event": "promotions and events",
    "other": "other signals",
    "correction": "the correction of sums",
}
# Smaller shares of a forecast are not worth a word.
LEAST = 0.005


@dataclass(frozen=True)
class Segment:
    """series: SKU-locations explained; units: their forecast over the horizon; words: what it is made of."""

    name: str
    series: int
    units: float
    words: str


def segment_drivers(data: ReportData) -> list[Segment]:
    """One line per segment with explained forecasts, the largest forecast first; empty where none was asked for."""
    segments = [_segment(str(name), rows) for name, rows in data.driver_totals.groupby("segment")]
    return sorted(segments, key=lambda segment: (-segment.units, segment.name))


def _segment(name: str, rows: pd.DataFrame) -> Segment:
    total = dict(zip(rows["driver"], rows["total"].astype(float), strict=True))
    units = sum(total.values())
    return Segment(name, int(rows["series"].max()), units, _words(total, units))


def _words(total: dict[str, float], units: float) -> str:
    """'94% is what sells as a rule; the season adds 7%; the price takes off 1%.'"""
    if units <= 0:
        return "Nothing is forecast."
    rest = sorted((name for name in total if name != "level"), key=lambda name: (-abs(total[name]), name))
    shares = [_part(NAMES[name], total[name] / units) for name in rest if abs(total[name]) >= LEAST * units]
    level = f"{f.percent(total['level'] / units, 0)} is {NAMES['level']}"
    return "; ".join([level, *shares]) + "."


def _part(name: str, share: float) -> str:
    plural = name in (NAMES["promotion_event"], NAMES["other"])
    adds, takes = ("add", "take off") if plural else ("adds", "takes off")
    return f"{name} {adds if share > 0 else takes} {f.percent(abs(share), 0)}"

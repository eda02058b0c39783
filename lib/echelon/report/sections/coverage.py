"""How honest the forecast distributions were on the newest backtest window: coverage of quantiles, and the PIT histogram."""

from dataclasses import dataclass

import pandas as pd

from echelon.report.data import ReportData

SHOWN = (0.5, 0.8, 0.9, 0.95, 0.975, 0.99, 0.995)
_DECILES = [number / 10 for number in range(1, 10)]
ALL = "all"


@dataclass(frozen=True)
class Coverage:
    """By segment, `all` first, and number of periods: cases and coverage at SHOWN; and the share of the cases in each tenth
    of the distribution (a tenth each if it is honest) for `all`."""

    rows: list[tuple[str, int, float, list[float]]]
    histogram: list[tuple[int, list[float]]]


def coverage(data: ReportData) -> Coverage | None:
    """The section, or None without a backtest."""
    by_segment = data.coverage
    if by_segment.empty:
        return None
    table = pd.concat([_pooled(by_segment), by_segment])
    wide = table.pivot_table(index=["segment", "periods", "cases"], columns="level", values="coverage").reset_index()
    order = wide.assign(_first=wide["segment"] != ALL).sort_values(["_first", "segment", "periods"])
    rows = [
        (str(r["segment"]), int(r["periods"]), float(r["cases"]), [float(r[q]) for q in SHOWN]) for _, r in order.iterrows()
    ]
    pooled = wide[wide["segment"] == ALL]
    return Coverage(rows, [(int(r["periods"]), _tenths([float(r[q]) for q in _DECILES])) for _, r in pooled.iterrows()])


def _pooled(by_segment: pd.DataFrame) -> pd.DataFrame:
    """Over all segments, each weighing as its cases."""
    inside = by_segment.assign(coverage=by_segment["coverage"] * by_segment["cases"])
    added = inside.groupby(["periods", "level"])[["coverage", "cases"]].sum().reset_index()
    return added.assign(coverage=added["coverage"] / added["cases"], segment=ALL)


def _tenths(cumulative: list[float]) -> list[float]:
    return [upto - below for below, upto in zip([0.0, *cumulative], [*cumulative, 1.0], strict=True)]

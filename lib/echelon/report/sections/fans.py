"""Forecast fans: what was sold, what is expected, and how uncertain that is."""

from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from markupsafe import Markup

from echelon.report import formats as f
from echelon.report import svg
from echelon.report.data import ReportData, records

WIDTH = 490
HEIGHT = 210
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 10, 40


@dataclass(frozen=True)
class Fan:
    """One SKU-location: finding, subtitle and picture."""

    title: str
    note: str
    drawing: Markup


def fans(data: ReportData) -> list[Fan]:
    """One fan per SKU-location that has a forecast, by SKU and location."""
    pairs = sorted({(str(row["sku"]), str(row["location"])) for row in records(data.forecasts)})
    return [_fan(data, sku, location, _of(data.forecasts, sku, location)) for sku, location in pairs]


def _fan(data: ReportData, sku: str, location: str, ahead: pd.DataFrame) -> Fan:
    past = _of(data.history, sku, location).sort_values("date")
    ahead = ahead.sort_values("date")
    name = data.descriptions().get(sku, "")
    title = f"{sku}{' ' + name if name else ''}, {location}: {_finding(past, ahead, data.period)}"
    segment = _of(data.segments, sku, location)["segment"].tolist()
    note = " · ".join([*segment, f"champion: {ahead['model'].iloc[0]}"])
    return Fan(title, note, _picture(past, ahead, title, data))


def _of(frame: pd.DataFrame, sku: str, location: str) -> pd.DataFrame:
    return frame[(frame["sku"] == sku) & (frame["location"] == location)]


def _finding(past: pd.DataFrame, ahead: pd.DataFrame, period: str) -> str:
    """Expected demand against as many periods of the past."""
    expected = f"{f.compact(ahead['mean'].mean())} a {period} expected"
    if past.empty:
        return expected
    return f"{expected}, {f.compact(past['demand'].tail(len(ahead)).mean())} in the last {f.plural(len(ahead), period)}"


def _picture(past: pd.DataFrame, ahead: pd.DataFrame, label: str, data: ReportData) -> Markup:
    days = [f.as_date(day) for day in [*past["date"], *ahead["date"]]]
    high = max([*past["demand"].astype(float), *ahead["q95"].astype(float), 1.0]) * 1.05
    across = svg.Scale(min(days).toordinal(), max(days).toordinal() + data.period_days, LEFT, WIDTH - RIGHT)
    up = svg.Scale(0.0, high, HEIGHT - BOTTOM, TOP)
    marks = _frame(across, up, min(days), max(days), f"Units a {data.period}")
    marks += _bands(ahead, across, up)
    marks += _history(past, across, up)
    return svg.drawing(WIDTH, HEIGHT, label, marks)


def _frame(across: svg.Scale, up: svg.Scale, first: date, last: date, title: str) -> list[Markup]:
    marks = []
    for value in svg.ticks(up.low, up.high):
        marks.append(svg.line(LEFT, up(value), WIDTH - RIGHT, up(value), "rule"))
        marks.append(svg.text(LEFT - 7, up(value) + 4, f.tick(value), "tick", "end"))
    for day in date_ticks(first, last):
        x = across(day.toordinal())
        marks.append(svg.line(x, HEIGHT - BOTTOM, x, HEIGHT - BOTTOM + 4, "tickmark"))
        marks.append(svg.text(x, HEIGHT - BOTTOM + 17, f.short_day(day), "tick", "middle"))
    marks.append(svg.text(LEFT, HEIGHT - 6, f"{title}, {f.day(first)} to {f.day(last)}", "axis"))
    return marks


def date_ticks(first: date, last: date) -> list[date]:
    """Firsts of months, every second, third, ... where there are many; at most five even days in less than ten weeks."""
    days = (last - first).days
    if days < 70:
        return [first + timedelta(days=k) for k in range(0, days + 1, max(-(-days // 4), 1))]
    months = [
        date(year, month, 1)
        for year in range(first.year, last.year + 1)
        for month in range(1, 13)
        if first <= date(year, month, 1) <= last
    ]
    return months[:: -(-len(months) // 6)]


def _bands(ahead: pd.DataFrame, across: svg.Scale, up: svg.Scale) -> list[Markup]:
    """The 5-95 % and 25-75 % bands and the mean."""
    x = [across(f.as_date(day).toordinal()) for day in ahead["date"]]

    def points(column: str) -> list[tuple[float, float]]:
        return [(a, up(float(b))) for a, b in zip(x, ahead[column], strict=True)]

    return [
        svg.line(x[0], TOP, x[0], HEIGHT - BOTTOM, "today"),
        svg.area(points("q95"), points("q05"), "band wide"),
        svg.area(points("q75"), points("q25"), "band narrow"),
        svg.polyline(points("mean"), "mean"),
    ]


def _history(past: pd.DataFrame, across: svg.Scale, up: svg.Scale) -> list[Markup]:
    rows = records(past)
    points = [(across(f.as_date(row["date"]).toordinal()), up(float(row["demand"]))) for row in rows]
    return [svg.polyline(points, "history")] if points else []

"""Pictures of one row per thing: dumbbells (two values on one line) and paired bars."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from echelon.report import svg

WIDTH = 490
LABELS = 120  # room for the names on the left
RIGHT = 52  # room for numbers on the right
TOP = 8
ROW = 27
GROUP_GAP = 12
AXIS = 40


@dataclass(frozen=True)
class Row:
    """Ours and the other's value for one thing. Ranges (low, high) are drawn as whiskers.

    Rows come in the order of `group`, with a gap between groups.
    """

    label: str
    ours: float
    other: float
    ours_range: tuple[float, float] | None = None
    other_range: tuple[float, float] | None = None
    target: float | None = None
    group: int = 0
    bold: bool = False


@dataclass(frozen=True)
class Axis:
    """What the horizontal axis shows: its title, how values and its ticks read, and its ends."""

    title: str
    show: Callable[[float], str]
    tick: Callable[[float], str]
    low: float
    high: float


def _places(rows: Sequence[Row]) -> list[float]:
    """The height of the middle of each row."""
    groups = sorted({row.group for row in rows})
    return [TOP + ROW * (i + 0.5) + GROUP_GAP * groups.index(row.group) for i, row in enumerate(rows)]


def _frame(rows: Sequence[Row], axis: Axis, scale: svg.Scale, bottom: float) -> list[Markup]:
    """Grid, tick labels and names."""
    marks = []
    for value in svg.ticks(axis.low, axis.high):
        marks.append(svg.line(scale(value), TOP, scale(value), bottom, "rule"))
        marks.append(svg.text(scale(value), bottom + 15, axis.tick(value), "tick", "middle"))
    marks.append(svg.text((scale.start + scale.end) / 2, bottom + 33, axis.title, "axis", "middle"))
    for row, y in zip(rows, _places(rows), strict=True):
        name = svg.shorten(row.label, 19)
        marks.append(svg.text(LABELS - 10, y + 4, name, "name strong" if row.bold else "name", "end"))
    return marks


def dumbbells(rows: Sequence[Row], axis: Axis, label: str) -> Markup:
    """Two dots per row on a common axis, with whiskers, and a tick where a target is."""
    places = _places(rows)
    bottom = places[-1] + ROW / 2
    scale = svg.Scale(axis.low, axis.high, LABELS, WIDTH - RIGHT)
    marks = _frame(rows, axis, scale, bottom)
    for row, y in zip(rows, places, strict=True):
        marks.append(svg.line(scale(row.other), y, scale(row.ours), y, "bridge"))
        if row.target is not None:
            marks.append(svg.line(scale(row.target), y - 9, scale(row.target), y + 9, "target"))
        marks += _mark(row.other, row.other_range, y, scale, axis, "other")
        marks += _mark(row.ours, row.ours_range, y, scale, axis, "ours")
        marks.append(svg.text(WIDTH - RIGHT + 10, y + 4, axis.show(row.ours), "value ours-text"))
    return svg.drawing(WIDTH, bottom + AXIS, label, marks)


def _mark(value: float, ends: tuple[float, float] | None, y: float, scale: svg.Scale, axis: Axis, who: str) -> list[Markup]:
    """A dot with its whisker, kept inside the axis."""
    low, high = (min(max(end, axis.low), axis.high) for end in ends or (value, value))
    whisker = [svg.line(scale(low), y, scale(high), y, f"whisker {who}")] if low < high else []
    return [*whisker, svg.dot(scale(value), y, 5, who, axis.show(value))]


def paired_bars(rows: Sequence[Row], axis: Axis, label: str) -> Markup:
    """Two thin bars per row from zero: ours above the other's."""
    places = _places(rows)
    bottom = places[-1] + ROW / 2
    scale = svg.Scale(axis.low, axis.high, LABELS, WIDTH - RIGHT)
    marks = _frame(rows, axis, scale, bottom)
    for row, y in zip(rows, places, strict=True):
        longest = max(row.ours, row.other)
        marks.append(svg.bar(LABELS, y - 8, scale(row.ours) - LABELS, 7.5, "ours", axis.show(row.ours)))
        marks.append(svg.bar(LABELS, y + 0.5, scale(row.other) - LABELS, 7.5, "other", axis.show(row.other)))
        marks.append(svg.text(scale(longest) + 8, y + 4, axis.show(row.ours), "value ours-text"))
    return svg.drawing(WIDTH, bottom + AXIS, label, marks)

"""Why the stock is needed: what each cause adds, in all and for each drawn SKU, and what moved since the last release."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from echelon.core.inventory.explanation import cause_names
from echelon.report import formats as f
from echelon.report import svg
from echelon.report.data import ReportData
from echelon.report.sections.network import valued

# cause: its name on a bar, what it does in a sentence about stock, and what is meant.
CAUSES = {
    cause_names.NOISE: ("Demand varies", "demand varies", "Customers order more in one {period} than in another."),
    cause_names.ERROR: (
        "Forecast uncertain",
        "the forecast is uncertain",
        "What they will order is not known for sure.",
    ),
    cause_names.BIAS: (
        "Forecast biased",
        "forecasts are biased",
        "In the past, forecasts were too high or too low on average.",
    ),
    cause_names.LENGTH: ("Lead times are long", "lead times are long", "The time that 99 of 100 deliveries take at least."),
    cause_names.VARIATION: (
        "Lead times vary",
        "lead times vary",
        "Times differ from delivery to delivery, within the promise.",
    ),
    cause_names.UNRELIABILITY: ("Deliveries are late", "deliveries are late", "They come later than their source promises."),
    cause_names.SHORTAGE: ("Source runs short", "sources run short", "The warehouse has nothing to ship when it should."),
    cause_names.REVIEW: (
        "Orders at reviews",
        "orders wait for reviews",
        "Orders wait for a review: more cycle stock, and often less safety stock.",
    ),
    cause_names.LOTS: ("Lots and minimums", "orders come in lots or minimums", "Orders are rounded up."),
    cause_names.TARGET: ("High target", "the target is high", "Half as much unserved demand: say 95% served instead of 90%."),
    cause_names.REMAINDER: (
        "Remainder",
        "some stock has none of these causes",
        "What would be held without any of these causes.",
    ),
    cause_names.NOT_EXPLAINED: (
        "Not explained",
        "not everything was explained",
        "One of the releases does not explain the SKU.",
    ),
}
MOST_ROWS = 40
WIDTH, LABELS, RIGHT, ROW = 490, 140, 58, 25


@dataclass(frozen=True)
class Figure:
    """A finding with its bars."""

    title: str
    note: str
    drawing: Markup


@dataclass(frozen=True)
class Line:
    """One cause in the table: its name and meaning, and its figures as text and number."""

    name: str
    meaning: str
    safety: tuple[str, float]
    share: tuple[str, float]
    pipeline: tuple[str, float]
    moved: tuple[str, float] | None


@dataclass(frozen=True)
class Place:
    """One location of a drawn SKU: its safety stock, and its largest causes in words."""

    sku: str
    location: str
    stock: float
    because: str


@dataclass(frozen=True)
class Why:
    """The section: figures, all causes, what moved (a sentence, empty before there is a second release), locations of the
    drawn SKUs and how many of them are not listed."""

    figures: list[Figure]
    lines: list[Line]
    moved: str
    places: list[Place]
    left_out: int


def why(data: ReportData) -> Why | None:
    """The section, or None where nothing is explained."""
    if data.cause_totals.empty:
        return None
    skus = sorted(data.explanations["sku"].unique())
    places = [place for sku in skus for place in _places(data, str(sku))]
    figures = [_total(data), *(_one_sku(data, str(sku)) for sku in skus)]
    return Why(figures, _lines(data), _moved(data), places[:MOST_ROWS], max(len(places) - MOST_ROWS, 0))


def _show(data: ReportData, value: float) -> str:
    """An amount of the totals: money where there are costs, else units."""
    return f.money(value, data.currency) if valued(data) else f"{f.compact(value)} units"


def _column(data: ReportData, units: str) -> str:
    return "value" if valued(data) else units


def _by_cause(rows: pd.DataFrame, column: str) -> dict[str, float]:
    """Sum per cause, largest first, the remainder last."""
    sums = {str(cause): float(value) for cause, value in rows.groupby("cause")[column].sum().items()}
    return dict(sorted(sums.items(), key=lambda item: (item[0] == cause_names.REMAINDER, -item[1], item[0])))


def _total(data: ReportData) -> Figure:
    by_cause = _by_cause(data.cause_totals, _column(data, "safety_stock"))
    title = f"All in all {_show(data, sum(by_cause.values()))}{_mostly(by_cause)}"
    note = f"{f.plural(data.cause_totals['skus'].max(), 'SKU')} of {f.count(data.skus)} explained: the most valuable ones"
    return Figure(title, note, bars(by_cause, lambda value: _show(data, value), title))


def _one_sku(data: ReportData, sku: str) -> Figure:
    rows = data.explanations[data.explanations["sku"] == sku]
    by_cause = _by_cause(rows, "safety_stock")
    name = data.descriptions().get(sku, "")
    title = f"{sku}{' ' + name if name else ''}: {f.compact(sum(by_cause.values()))} units{_mostly(by_cause)}"
    below = -sum(stock for stock in rows.groupby("location")["safety_stock"].sum() if stock < 0)
    less = f", less the {f.compact(below)} that some hold below their lead-time demand" if below >= 0.5 else ""
    return Figure(title, f"Units, all locations together{less}", bars(by_cause, f.compact, title))


def _mostly(by_cause: Mapping[str, float]) -> str:
    """The two largest causes with their shares, for a title."""
    total = sum(by_cause.values())
    reasons = [f"{f.percent(part / total, 0)} because {CAUSES[cause][1]}" for cause, part in _largest(by_cause, 2) if total > 0]
    return f", {' and '.join(reasons)}" if reasons else ""


def _largest(by_cause: Mapping[str, float], most: int) -> list[tuple[str, float]]:
    """The causes that add most, if they add at least a twentieth of all that causes add."""
    added = sum(part for part in by_cause.values() if part > 0)
    known = [
        (cause, part)
        for cause, part in by_cause.items()
        if cause != cause_names.REMAINDER and part > 0 and part >= 0.05 * added
    ]
    return sorted(known, key=lambda item: (-item[1], item[0]))[:most]


def _lines(data: ReportData) -> list[Line]:
    column, pipeline = _column(data, "safety_stock"), data.cause_totals.set_index("cause")["lead_time_demand"]
    by_cause = _by_cause(data.cause_totals, column)
    total = sum(by_cause.values())
    moved = _by_cause(data.change_totals, _column(data, "moved"))
    return [
        Line(
            CAUSES[cause][0],
            CAUSES[cause][2].format(period=data.period),
            (_show(data, part), part),
            (f.percent(part / total, 0) if total > 0 else f.DASH, part),
            (f.compact(pipeline[cause]), float(pipeline[cause])),
            (_signed(data, moved.get(cause, 0.0)), moved.get(cause, 0.0)) if moved else None,
        )
        for cause, part in by_cause.items()
    ]


def _moved(data: ReportData) -> str:
    """What moved since the last release, in a sentence."""
    if data.release == 1:
        return ""
    rows, column = data.change_totals, _column(data, "moved")
    if rows.empty:
        return "Nothing moved since the last release."
    moved = {cause: part for cause, part in _by_cause(rows[rows["change"] == "kept"], column).items() if part}
    shown = sorted(moved.items(), key=lambda item: (-abs(item[1]), item[0]))
    changes = [f"{CAUSES[cause][0].lower()} {_signed(data, part)}" for cause, part in shown]
    others = rows[rows["change"] != "kept"].groupby("change")[column].sum()
    changes += [f"{kind} SKU-locations {_signed(data, float(others[kind]))}" for kind in ("new", "dropped") if kind in others]
    return f"Since the last release safety stock moved by {_signed(data, float(rows[column].sum()))}: {f.words(changes, 5)}."


def _signed(data: ReportData, value: float) -> str:
    return f"{'+' if value > 0 else ''}{_show(data, value)}"


def _places(data: ReportData, sku: str) -> list[Place]:
    rows = data.explanations[data.explanations["sku"] == sku]
    places = [_place(sku, str(location), of_location) for location, of_location in rows.groupby("location")]
    return sorted(places, key=lambda place: (-place.stock, place.location))


def _place(sku: str, location: str, rows: pd.DataFrame) -> Place:
    by_cause = _by_cause(rows, "safety_stock")
    stock = sum(by_cause.values())
    if stock < 0:
        return Place(sku, location, stock, "less than its lead-time demand: cheaper to make up for downstream")
    return Place(
        sku, location, stock, f.words([f"{CAUSES[c][1]} ({f.compact(p)})" for c, p in _largest(by_cause, 3)]) or f.DASH
    )


def bars(by_cause: Mapping[str, float], show: Callable[[float], str], label: str) -> Markup:
    """A bar per cause from zero: to the right what it adds, to the left what it saves."""
    names, values = [CAUSES[cause][0] for cause in by_cause], list(by_cause.values())
    scale = _scale(values)
    bottom = ROW * len(values) + 4
    drawn = [svg.line(scale(0.0), 2, scale(0.0), bottom, "tickmark")]
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        y = ROW * (place + 0.5) + 2
        low, high = sorted((scale(0.0), scale(value)))
        drawn.append(svg.text(LABELS - 10, y + 4, name, "name", "end"))
        drawn.append(svg.bar(low, y - 7, high - low, 14, "ours" if value >= 0 else "other", f"{name}: {show(value)}"))
        drawn.append(svg.text(max(high, scale(0.0)) + 7, y + 4, show(value), "value"))
    return svg.drawing(WIDTH, bottom + 4, label, drawn)


def _scale(values: Sequence[float]) -> svg.Scale:
    low, high = min([0.0, *values]), max([0.0, *values])
    return svg.Scale(low, high if high > low else low + 1.0, LABELS, WIDTH - RIGHT)

"""The section that compares Echelon with the classical plan: scorecard, pictures, tables, sentences."""

from dataclasses import dataclass
from math import floor

from markupsafe import Markup

from echelon.report import formats as f
from echelon.report.data import ReportData
from echelon.report.rows import Axis, Row, dumbbells, paired_bars
from echelon.report.sections import comparison as c

MOST_LOCATIONS = 14  # in the pictures; the table has the rest


@dataclass(frozen=True)
class Measure:
    """One line of the scorecard: a measure under both plans; between: 95 % interval of the difference, empty where none is
    worked out."""

    name: str
    echelon: str
    classical: str
    difference: str
    good: bool | None  # None where neither direction is better, or the difference is not clear
    between: str = ""


@dataclass(frozen=True)
class Replay:
    """What the section shows. proof: whether the held-back time is long enough to show anything but the headline."""

    duration: str
    headline: str
    proof: bool
    scorecard: list[Measure]
    findings: list[str]
    groups: list[tuple[str, list[c.Pair]]]
    fill_title: str
    fill_picture: Markup
    stock_title: str
    stock_picture: Markup
    stock_unit: str
    undrawn: int  # locations that are not in the pictures


def replay(data: ReportData) -> Replay | None:
    """The section, or None where nothing was replayed."""
    total = c.pairs(data.kpis, "total")
    if not total or not total[0].served_customers:
        return None
    locations, classes = c.pairs(data.kpis, "location"), c.pairs(data.kpis, "abc")
    duration = c.span(data.replay_start, data.replay_end, data.period)
    unit = data.currency if total[0].stock_column == "stock_value" else "units"
    return Replay(
        duration=duration,
        headline=c.headline(total[0], duration),
        proof=total[0].tested >= c.LEAST_TESTED,
        scorecard=_scorecard(total[0], data.currency),
        findings=[*c.findings(locations, "location"), c.target_finding(locations), *_class_findings(classes)],
        groups=[("All", total), ("By location", locations), ("By ABC class", classes)],
        fill_title=_fill_title(total[0], locations),
        fill_picture=_fill_picture(total, locations, classes),
        stock_title=_stock_title(total[0], locations),
        stock_picture=_stock_picture(total, locations, classes, unit),
        stock_unit=unit,
        undrawn=max(len(locations) - MOST_LOCATIONS, 0),
    )


def _class_findings(classes: list[c.Pair]) -> list[str]:
    losers = [pair.member for pair in classes if pair.verdict == c.WORSE]
    return [f"By ABC class, the classical plan does better for {f.words(losers)}."] if losers else []


def _scorecard(pair: c.Pair, currency: str) -> list[Measure]:
    """Fill rate first, then stock and cost, for the total."""
    ours, theirs = pair.echelon, pair.classical
    fill = Measure(
        "Fill rate",
        f.percent(ours["fill_rate"]),
        f.percent(theirs["fill_rate"]),
        f.points(pair.fill_difference),
        None if pair.fill_sign == 0 else pair.fill_sign > 0,
        f.between(pair.fill_ends),
    )
    stock_outs = Measure(
        "Periods with demand, not all served",
        f.percent(ours["stock_out_share"]),
        f.percent(theirs["stock_out_share"]),
        _gap(ours["stock_out_share"], theirs["stock_out_share"]),
        _lower_is_better(ours["stock_out_share"], theirs["stock_out_share"]),
    )
    return [fill, stock_outs, *_amounts(pair, currency)]


def _gap(ours: float, theirs: float) -> str:
    return f.DASH if f.missing(ours) or f.missing(theirs) else f.points(ours - theirs)


def _amounts(pair: c.Pair, currency: str) -> list[Measure]:
    names = {"stock_units": "Mean stock, units"}
    if pair.stock_column == "stock_value":
        names |= {
            "stock_value": "Mean stock at cost",
            "holding_cost": "Holding cost in the replay",
            "lost_value": "Demand not served at once, at price",
        }
    measures = []
    for column, name in names.items():
        ours, theirs = pair.echelon[column], pair.classical[column]
        unit = "" if column == "stock_units" else currency
        measures.append(
            Measure(
                name,
                f.money(ours, unit),
                f.money(theirs, unit),
                f.change(ours, theirs),
                _lower_is_better(ours, theirs),
                f.between(pair.stock_ends) if column == pair.stock_column else "",
            )
        )
    return measures


def _lower_is_better(ours: float, theirs: float) -> bool | None:
    if f.missing(ours) or f.missing(theirs) or abs(ours - theirs) <= c.SAME_STOCK * theirs:
        return None
    return ours < theirs


def _fill_title(total: c.Pair, locations: list[c.Pair]) -> str:
    known = [pair for pair in locations if pair.served_customers]
    text = f"Fill rate {f.percent(total.echelon['fill_rate'])} against {f.percent(total.classical['fill_rate'])}"
    if not known:
        return text
    higher, lower = (sum(pair.fill_sign == sign for pair in known) for sign in (1, -1))
    return f"{text}: clearly higher at {f.count(higher)} of {f.plural(len(known), 'location')}, lower at {f.count(lower)}"


def _stock_title(total: c.Pair, locations: list[c.Pair]) -> str:
    words = c.stock_words(total)
    text = words[0].upper() + words[1:]
    if not locations:
        return text
    less = sum(pair.stock_sign < 0 for pair in locations)
    return f"{text} in all: less at {f.count(less)} of {f.plural(len(locations), 'location')}"


def _rows(groups: list[list[c.Pair]], stock: bool) -> list[Row]:
    rows = []
    for group, members in enumerate(groups):
        shown = members if stock else [pair for pair in members if pair.served_customers]
        rows += [_row(pair, group, stock) for pair in shown[:MOST_LOCATIONS]]
    return rows


def _row(pair: c.Pair, group: int, stock: bool) -> Row:
    label = {0: "All", 2: f"Class {pair.member}"}.get(group, pair.member)
    if stock:
        return Row(label, *pair.stock, group=group)
    target = pair.echelon["target_fill_rate"]
    return Row(
        label,
        float(pair.echelon["fill_rate"]),
        float(pair.classical["fill_rate"]),
        c.ends(pair.echelon, "fill_rate"),
        c.ends(pair.classical, "fill_rate"),
        None if f.missing(target) else float(target),
        group,
        bold=group == 0,
    )


def _fill_picture(total: list[c.Pair], locations: list[c.Pair], classes: list[c.Pair]) -> Markup:
    rows = _rows([total, locations, classes], stock=False)
    lowest = min(min(r.ours, r.other, r.target or 1.0, *(r.ours_range or ()), *(r.other_range or ())) for r in rows)
    low = min(0.95, max(0.0, floor(lowest * 20) / 20))
    axis = Axis("Share of demand served from stock", f.percent, _percent_tick, low, 1.0)
    return dumbbells(rows, axis, "Fill rate under Echelon and under the classical plan")


def _percent_tick(share: float) -> str:
    return f"{round(share * 100, 1):g}%"


def _stock_picture(total: list[c.Pair], locations: list[c.Pair], classes: list[c.Pair], unit: str) -> Markup:
    """Locations and classes; the total stands alone only where there is nothing else, as it would dwarf the rest."""
    rows = _rows([[], locations, classes] if locations else [total, [], classes], stock=True)
    high = max(max(row.ours, row.other) for row in rows) or 1.0
    title = "Mean stock, units" if unit == "units" else f"Mean stock at cost{', ' + unit if unit else ''}"
    return paired_bars(rows, Axis(title, f.compact, f.tick, 0.0, high), "Stock under Echelon and under the classical plan")

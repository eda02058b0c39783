"""The network as a drawing: suppliers on the left, customers' points on the right, circles as large as the stock to expect."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import sqrt

from markupsafe import Markup

from echelon.report import formats as f
from echelon.report import svg
from echelon.report.data import ReportData, records

MOST_IN_COLUMN = 12
LEFT = 44
COLUMN = 128
LABELS = 186  # room for the text right of the last column
ROW = 40
RADIUS = 19


@dataclass(frozen=True)
class Node:
    """A stocking point (or, in column 0, an outside supplier) and what is written beside it."""

    name: str
    column: int
    size: float  # what the circle's area shows
    note: str = ""
    short: bool = False  # below its target
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True)
class Edge:
    """A lane with its mean lead time."""

    source: str
    destination: str
    note: str


@dataclass(frozen=True)
class Picture:
    """A finding with its drawing."""

    title: str
    note: str
    drawing: Markup


def pictures(data: ReportData) -> list[Picture]:
    """The whole network first, then each example SKU; empty where no point was planned."""
    if data.points.empty:
        return []
    return [_total(data), *(_one_sku(data, str(sku)) for sku in sorted(data.levels["sku"].unique()))]


def valued(data: ReportData) -> bool:
    """True when stock can be told in money."""
    return bool(data.points["expected_stock_value"].fillna(0).gt(0).any())


def _total(data: ReportData) -> Picture:
    column = "expected_stock_value" if valued(data) else "expected_stock_units"
    unit = data.currency if valued(data) else "units"
    nodes = [
        Node(
            str(row["location"]),
            int(row["echelon"]),
            float(row[column]),
            _note(_amount(row[column], unit), row["fill_rate"], row["target_fill_rate"]),
            _short(row["fill_rate"], row["target_fill_rate"], 0.0),
        )
        for row in records(data.points)
    ]
    total = sum(node.size for node in nodes)
    title = f"Mean stock of {_amount(total, unit)} expected{_where(nodes, total)}"
    note = f"All {f.plural(data.skus, 'SKU')}. Beside each point: mean stock expected; fill rate expected / target"
    return Picture(title, note, draw(nodes, edges(data), title))


def _one_sku(data: ReportData, sku: str) -> Picture:
    rows = data.levels[data.levels["sku"] == sku]
    nodes = [
        Node(
            str(row["location"]),
            int(row["echelon"]),
            float(row["on_hand"]),
            _note(
                f"{f.compact(row['on_hand'])} of {f.compact(row['base_stock_level'])}",
                row["customer_fill_rate"],
                row["target_fill_rate"],
            ),
            _short(row["customer_fill_rate"], row["target_fill_rate"], row["customer_fill_rate_se"]),
        )
        for row in records(rows)
    ]
    total = sum(node.size for node in nodes)
    name = data.descriptions().get(sku, "")
    title = f"{sku}{' ' + name if name else ''}: {f.compact(total)} units in stock expected{_where(nodes, total)}"
    note = "Beside each point: mean stock expected of base-stock level, in units; fill rate expected / target"
    return Picture(title, note, draw(nodes, edges(data), title))


def _amount(value: float, unit: str) -> str:
    return f"{f.compact(value)} units" if unit == "units" else f.money(value, unit)


def _note(amount: str, fill_rate: float | None, target: float | None) -> str:
    """The line below a name; the fill rate only where there is a target, that is where customers are served."""
    if f.missing(fill_rate) or f.missing(target):
        return amount
    return f"{amount} · {f.percent(fill_rate)} / {f.percent(target, 0)}"


def _short(fill_rate: float | None, target: float | None, error: float | None) -> bool:
    """Clearly below target: by more than two standard errors and by what shows in the figure."""
    if f.missing(fill_rate) or f.missing(target):
        return False
    margin = 0.0 if f.missing(error) else 2 * float(error or 0)
    return float(fill_rate or 0) + max(margin, 0.0005) < float(target or 0)


def _where(nodes: Sequence[Node], total: float) -> str:
    """How much of the stock lies upstream, where there are several echelons."""
    upstream = [node for node in nodes if node.column < max(n.column for n in nodes)]
    if not upstream or total <= 0:
        return ""
    return f", {f.percent(sum(node.size for node in upstream) / total, 0)} of it upstream"


def edges(data: ReportData) -> list[Edge]:
    """The used lanes with their mean lead times: learned if they were, promised otherwise."""
    learned = {(r["source"], r["destination"]): r["mean_days"] for r in records(data.lead_times)}
    return [
        Edge(
            str(row["source"]),
            str(row["destination"]),
            f"{float(learned.get((row['source'], row['destination']), row['lead_time_days'])):.0f} d",
        )
        for row in records(data.lanes.sort_values(["source", "destination"]))
    ]


def draw(nodes: Sequence[Node], lanes: Sequence[Edge], label: str) -> Markup:
    """The drawing of nodes and the lanes between them; lanes from and to points that are not drawn are left out, as only what
    no lane leads to is an outside supplier."""
    outside = {lane.source for lane in lanes} - {lane.destination for lane in lanes}
    shown, lanes = _fold(list(nodes), lanes)
    drawn = {node.name for node in shown}
    used = [lane for lane in lanes if lane.destination in drawn and lane.source in drawn | outside]
    shown += [Node(name, 0, 0.0) for name in dict.fromkeys(lane.source for lane in used) if name not in drawn]
    placed = _place(shown, used)
    largest = max((node.size for node in placed.values()), default=0.0)
    last = max(node.column for node in placed.values())
    marks = [part for lane in used for part in _lane(placed[lane.source], placed[lane.destination])]
    marks += [_lead_time(lane, placed[lane.destination]) for lane in used]
    marks += [part for node in placed.values() for part in _circle(node, largest, node.column == last)]
    rows = max(sum(node.column == column for node in placed.values()) for column in range(last + 1))
    return svg.drawing(LEFT + COLUMN * last + LABELS, max(rows * ROW, 130) + 8, label, marks, "chart network")


def _fold(nodes: list[Node], lanes: Sequence[Edge]) -> tuple[list[Node], list[Edge]]:
    """Keep the largest nodes of each column; add the others up in one, and bend their lanes to it."""
    kept: list[Node] = []
    stands_for: dict[str, str] = {}
    for column in sorted({node.column for node in nodes}):
        members = sorted((n for n in nodes if n.column == column), key=lambda n: (-n.size, n.name))
        rest = members[MOST_IN_COLUMN - 1 :] if len(members) > MOST_IN_COLUMN else []
        kept += members[: len(members) - len(rest)]
        if rest:
            name = f"{f.count(len(rest))} others"
            kept.append(Node(name, column, sum(n.size for n in rest), f"{f.compact(sum(n.size for n in rest))} together"))
            stands_for |= {node.name: name for node in rest}
    bent = {
        (stands_for.get(lane.source, lane.source), stands_for.get(lane.destination, lane.destination)): lane for lane in lanes
    }
    return kept, [
        replace(lane, source=source, destination=end, note="" if end != lane.destination else lane.note)
        for (source, end), lane in bent.items()
    ]


def _place(nodes: Sequence[Node], lanes: Sequence[Edge]) -> dict[str, Node]:
    """Columns by echelon; within a column children of the same source together, larger ones first."""
    last = max(node.column for node in nodes)
    height = max(max(sum(n.column == c for n in nodes) for c in range(last + 1)) * ROW, 130)
    source = {lane.destination: lane.source for lane in lanes}
    placed: dict[str, Node] = {}
    for column in range(last + 1):
        members = [node for node in nodes if node.column == column]
        members.sort(key=lambda n: (placed[source[n.name]].y if source.get(n.name) in placed else 0, -n.size, n.name))
        for i, node in enumerate(members):
            placed[node.name] = replace(node, x=float(LEFT + COLUMN * column), y=4 + height * (i + 0.5) / len(members))
    return placed


def _lane(a: Node, b: Node) -> list[Markup]:
    middle = (a.x + b.x) / 2
    curve = f"M{a.x:.1f},{a.y:.1f}C{middle:.1f},{a.y:.1f} {middle:.1f},{b.y:.1f} {b.x:.1f},{b.y:.1f}"
    return [svg.element("path", d=curve, class_="lane")]


def _lead_time(lane: Edge, end: Node) -> Markup:
    """The lead time, written on the lane just before its end."""
    return svg.text(end.x - RADIUS - 8, end.y + 4, lane.note, "tick halo", "end")


def _circle(node: Node, largest: float, in_last_column: bool) -> list[Markup]:
    """The circle and its text: beside it in the last column, below it elsewhere."""
    if node.column == 0:
        return [
            svg.bar(node.x - 7, node.y - 7, 14, 14, "supplier"),
            svg.text(node.x, node.y - 16, svg.shorten(node.name, 18), "name halo", "middle"),
        ]
    radius = 3 + (RADIUS - 3) * sqrt(node.size / largest) if largest > 0 else 5.0
    mark = svg.dot(node.x, node.y, radius, "point short" if node.short else "point", f"{node.name}: {node.note}")
    if in_last_column:
        return [mark, *_texts(node, node.x + RADIUS + 8, node.y - 3, "start")]
    # below to the left, out of the way of the lanes that fan out to the right
    return [mark, *_texts(node, node.x + 12, node.y + radius + 15, "end")]


def _texts(node: Node, x: float, y: float, anchor: str) -> list[Markup]:
    name = svg.text(x, y, svg.shorten(node.name, 24), "name strong halo", anchor)
    return [name, svg.text(x, y + 14, node.note, "note halo short-text" if node.short else "note halo", anchor)]

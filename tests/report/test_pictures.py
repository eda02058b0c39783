"""Pictures: what is drawn, where, and with which words."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pandas as pd
import pytest
from echelon.report.data import ReportData
from echelon.report.rows import Axis, Row, dumbbells
from echelon.report.sections.accuracy import accuracy, champions
from echelon.report.sections.fans import fans
from echelon.report.sections.lead_times import lead_times
from echelon.report.sections.network import MOST_IN_COLUMN, Edge, Node, draw, pictures
from echelon.report.sections.planning import class_lines, exception_groups, segment_matrix
from echelon.report.sections.replay import replay
from echelon.report.sections.why import why
from support.report import example_report as m


def all_drawings(data: ReportData) -> list[str]:
    """Every picture of the page."""
    section, scores, times, reasons = replay(data), champions(data), lead_times(data), why(data)
    assert section and scores and times and reasons
    return [
        *(picture.drawing for picture in pictures(data)),
        *(fan.drawing for fan in fans(data)),
        *(drawing for _, drawing in scores.pictures),
        *(lane.drawing for lane in times.lanes),
        *(figure.drawing for figure in reasons.figures),
        section.fill_picture,
        section.stock_picture,
    ]


def texts(drawing: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(drawing).iter("text")]


def test_every_picture_is_well_formed_and_inside_its_frame(full: ReportData) -> None:
    for drawing in all_drawings(full):
        root = ElementTree.fromstring(drawing)
        width, height = (float(x) for x in root.attrib["viewBox"].split()[2:])
        assert root.attrib["aria-label"]
        for circle in root.iter("circle"):
            assert 0 <= float(circle.attrib["cx"]) <= width and 0 <= float(circle.attrib["cy"]) <= height
        for path in root.iter("path"):
            numbers = [float(x) for x in re.findall(r"-?[\d.]+", path.attrib["d"])]
            assert all(-1 <= x <= width + 1 for x in numbers[::2]) and all(-1 <= y <= height + 1 for y in numbers[1::2])


def test_pictures_do_not_depend_on_the_order_of_rows(full: ReportData) -> None:
    frames = (
        "kpis",
        "points",
        "lanes",
        "lead_times",
        "levels",
        "history",
        "forecasts",
        "champions",
        "explanations",
        "cause_totals",
    )
    shuffled = replace(full, **{name: getattr(full, name).sample(frac=1, random_state=3) for name in frames})
    assert all_drawings(shuffled) == all_drawings(full)


def test_network_circles_have_areas_in_proportion() -> None:
    drawing = draw([Node("a", 1, 100.0), Node("b", 1, 25.0)], [Edge("s", "a", "7 d"), Edge("s", "b", "7 d")], "test")
    radii = [float(circle.attrib["r"]) for circle in ElementTree.fromstring(drawing).iter("circle")]
    assert radii == [19.0, 11.0]  # 3 points are the least that can be seen: (11 - 3) / (19 - 3) = sqrt(25 / 100)
    assert texts(drawing).count("s") == 1


def test_a_large_network_is_folded_without_losing_stock() -> None:
    nodes = [Node("warehouse", 1, 50.0), *(Node(f"store {i:03}", 2, float(i)) for i in range(1, 201))]
    drawing = draw(nodes, [Edge("warehouse", node.name, "2 d") for node in nodes[1:]], "test")
    assert len(list(ElementTree.fromstring(drawing).iter("circle"))) == 1 + MOST_IN_COLUMN
    kept = sum(range(200, 200 - MOST_IN_COLUMN + 1, -1))
    assert "189 others" in texts(drawing)
    assert f"{(201 * 100 - kept) / 1000:.1f}k together" in texts(drawing)


def test_network_of_three_echelons_and_shared_sources() -> None:
    nodes = [Node("factory", 1, 5.0), Node("east", 2, 3.0), Node("west", 2, 4.0), Node("shop", 3, 1.0), Node("stall", 3, 1.0)]
    lanes = [Edge(*lane, "3 d") for lane in [("mill", "factory"), ("factory", "east"), ("factory", "west"), ("west", "shop")]]
    root = ElementTree.fromstring(draw(nodes, lanes, "test"))
    assert len(list(root.iter("path"))) == 4
    assert len({circle.attrib["cx"] for circle in root.iter("circle")}) == 3


def test_an_own_location_is_never_drawn_as_an_outside_supplier() -> None:
    """A lane from a warehouse that is not in the picture is left out; one from a source that nothing leads to is drawn."""
    nodes = [Node("Hub", 1, 5.0), Node("Shop", 2, 1.0)]
    lanes = [
        Edge("Maker", "Hub", "9 d"),
        Edge("Hub", "Shop", "2 d"),
        Edge("Depot", "Shop", "1 d"),
        Edge("Maker", "Depot", "5 d"),
    ]
    drawing = draw(nodes, lanes, "test")
    assert "Maker" in texts(drawing) and "Depot" not in texts(drawing)
    assert len(list(ElementTree.fromstring(drawing).iter("path"))) == 2


def test_network_pictures_say_value_share_upstream_and_missed_targets(full: ReportData) -> None:
    whole, *skus = pictures(full)
    assert whole.title == "Mean stock of £125k expected, 25% of it upstream"
    assert len(skus) == 3
    root = ElementTree.fromstring(whole.drawing)
    assert [t.text for t in root.iter("text") if "short-text" in t.attrib["class"]] == ["£2.40k · 89.7% / 92%"]


def test_fans_name_segment_and_champion_and_compare_with_the_past(full: ReportData) -> None:
    fan = fans(full)[0]
    past = full.history.query("sku == '22423' and location == 'Germany'").sort_values("date")["demand"].tail(8).mean()
    assert fan.title == (f"22423 REGENCY CAKESTAND 3 TIER, Germany: 19.7 a week expected, {past:.1f} in the last 8 weeks")
    assert fan.note == "B-intermittent · champion: sba"


def test_fan_without_history(full: ReportData) -> None:
    found = fans(replace(full, history=full.history.iloc[:0]))
    assert len(found) == 4
    assert found[0].title.endswith("19.7 a week expected")


def test_accuracy_weighs_segments_by_their_series(full: ReportData) -> None:
    rows = [
        ("plan", "A-smooth", "sba", 100, 3, 0.2, 0.8, 0.0, 0.4, 1.0, None, "x"),
        ("plan", "B-lumpy", "sba", 300, 3, 0.6, 0.9, 0.0, 0.4, 1.0, None, "x"),
        ("replay", "A-smooth", "sba", 999, 2, 9.0, 9.0, 0.0, 9.0, 9.0, None, "x"),
    ]
    data = replace(full, champions=m.frame("champions", rows))
    found, section = accuracy(data), champions(data)
    assert found is not None and section is not None
    assert (found.pinball, found.naive_pinball, found.rmsse) == pytest.approx((0.5, 0.4, 0.875))
    assert section.pictures[0][0] == "Pinball loss 0.500 against 0.400: lower in 1 of 2 segments"


def test_all_candidates_side_by_side(full: ReportData) -> None:
    section = champions(full)
    assert section is not None
    best, worst = section.candidates
    assert (best.model, best.segments, best.failed) == ("lightgbm", 2, 2)
    assert (worst.model, worst.segments) == ("seasonal naive", 0)
    assert best.scores["inventory_cost"] == pytest.approx(600)  # the plan's alone
    assert best.scores["pinball"] == pytest.approx((100 * 0.2 + 0) / 100)  # B-lumpy has no scale
    assert best.scores["rmsse"] == pytest.approx(0.3)
    assert worst.scores["wape"] == pytest.approx(0.8)
    assert (best.scores["total"], worst.scores["sku"], worst.scores["total"]) == (0.2, 0.9, None)
    assert section.changed == "4 champions of the last release stayed, 0 changed."


def test_changed_champions_are_named(full: ReportData) -> None:
    plan = full.champions["purpose"] == "plan"
    before = full.champions["previous"].where(~(plan & (full.champions["segment"] == "A-erratic")), "sba")
    section = champions(replace(full, champions=full.champions.assign(previous=before)))
    assert section is not None
    assert section.changed == "3 champions of the last release stayed, 1 changed: A-erratic (sba to lightgbm)."
    first = champions(replace(full, champions=full.champions.assign(previous=None)))
    assert first is not None and first.changed == "There were no champions before."


def test_lead_times_count_slow_lanes(full: ReportData) -> None:
    section = lead_times(full)
    assert section is not None
    assert section.title.startswith("9 of 9 lanes with deliveries take longer than promised")
    assert section.title.endswith("; 1 lane with too few borrows from the supplier")
    learned_from = {lane.learned["destination"]: lane.learned_from for lane in section.lanes}
    assert (learned_from["Portugal"], learned_from["Australia"]) == ("supplier's deliveries", "promise")
    assert section.lanes[0].learned["destination"] == "Central warehouse"  # furthest from its promise
    promised = replace(full, lead_times=full.lead_times.assign(basis="promise"))
    only_promises = lead_times(promised)
    assert only_promises is not None and only_promises.title.startswith("No lane has enough deliveries")


def test_suppliers_come_least_reliable_first_and_unknown_ones_last(full: ReportData) -> None:
    section = lead_times(full)
    assert section is not None and section.suppliers_left_out == 0
    assert [row["source"] for row in section.suppliers] == ["Supplier", "Central warehouse", "Forwarder"]


def test_dumbbells_put_values_on_the_scale() -> None:
    axis = Axis("share", str, str, 0.0, 1.0)
    root = ElementTree.fromstring(dumbbells([Row("a", 0.0, 1.0, (-0.5, 0.5), None, 0.25)], axis, "test"))
    other, ours = [float(circle.attrib["cx"]) for circle in root.iter("circle")]
    target = next(line for line in root.iter("line") if line.attrib["class"] == "target")
    whisker = next(line for line in root.iter("line") if line.attrib["class"] == "whisker ours")
    assert float(target.attrib["x1"]) == pytest.approx(ours + 0.25 * (other - ours), abs=0.1)
    # cut off at the end of the axis
    assert float(whisker.attrib["x1"]) == ours
    assert float(whisker.attrib["x2"]) == pytest.approx(ours + 0.5 * (other - ours), abs=0.1)


def test_exceptions_are_grouped_worst_first(full: ReportData) -> None:
    groups = exception_groups(full)
    assert [group.title.split(":")[0] for group in groups] == ["Stock-out", "Overstock", "Target missed"]
    assert groups[0].title == "Stock-out: nothing on hand and demand expected"
    assert (groups[1].count, groups[1].severities, groups[1].left_out) == (114, "12 medium, 102 low", 109)
    assert [row["value"] for row in groups[0].rows] == sorted((row["value"] for row in groups[0].rows), reverse=True)


def test_segment_matrix_adds_up(full: ReportData) -> None:
    matrix = segment_matrix(full)
    assert matrix is not None
    assert matrix.columns == ["smooth", "erratic", "intermittent", "lumpy"]
    cells = [cell for _, row in matrix.rows for cell in row]
    assert sum(cell.series for cell in cells) == full.segment_totals["series"].sum()
    assert sum(cell.share for cell in cells) == pytest.approx(1)
    empty = segment_matrix(replace(full, segment_totals=pd.DataFrame(columns=full.segment_totals.columns)))
    assert empty is None


def test_the_other_classes_in_a_line_each(full: ReportData) -> None:
    assert class_lines(full) == ["Life cycle: 1,650 mature, 41 dead", "Season: 320 found", "Anomalies: 7 spike"]
    assert class_lines(replace(full, class_counts=full.class_counts[:0])) == []

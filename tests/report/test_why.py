"""Why stock is needed, in words and bars."""

from dataclasses import replace
from xml.etree import ElementTree

import pandas as pd
import pytest
from echelon.lake.contracts import TABLES
from echelon.report.data import FRAMES, ReportData
from echelon.report.page import render
from echelon.report.sections.why import CAUSES, bars, why
from support.parsed import Page
from support.report import example_report as m


def test_every_cause_of_the_tables_has_its_words() -> None:
    for table in ("stock_explanations", "stock_changes"):
        allowed = next(column.allowed for column in TABLES[table].columns if column.name == "cause")
        assert set(allowed) <= set(CAUSES)


def test_titles_say_how_much_and_mostly_why(full: ReportData) -> None:
    section = why(full)
    assert section is not None
    assert [figure.title for figure in section.figures] == [
        "All in all £55.4k, 50% because demand varies and 25% because the target is high",
        *(
            f"{sku} {m.SKUS[sku]}: {units} units, 50% because demand varies and 25% because the target is high"
            for sku, units in [("22423", "909"), ("85123A", "654"), ('POST<b>&"', "406")]
        ),
    ]
    assert section.figures[0].note == "200 SKUs of 216 explained: the most valuable ones"
    assert section.figures[1].note == "Units, all locations together, less the 30 that some hold below their lead-time demand"
    assert section.figures[2].note == "Units, all locations together"


def test_shares_add_up_and_causes_come_largest_first(full: ReportData) -> None:
    section = why(full)
    assert section is not None
    assert sum(line.share[1] for line in section.lines) == pytest.approx(55_400)
    values = [line.safety[1] for line in section.lines]
    assert values[:-1] == sorted(values[:-1], reverse=True)
    assert (section.lines[0].name, section.lines[0].safety[0], section.lines[0].share[0]) == ("Demand varies", "£27.7k", "50%")
    assert section.lines[-1].name == "Remainder"


def test_what_moved_is_told_with_new_and_dropped_locations(full: ReportData) -> None:
    section = why(full)
    assert section is not None
    assert section.moved == (
        "Since the last release safety stock moved by +£1.04k: demand varies +£1.20k, high target −£200, not explained +£9, "
        "new SKU-locations +£75 and dropped SKU-locations −£40."
    )
    moved = {line.name: line.moved for line in section.lines}
    assert moved["Demand varies"] == ("+£1.25k", 1_250.0)
    assert moved["Lots and minimums"] == ("£0", 0.0)


def test_before_a_second_release_nothing_moved(full: ReportData) -> None:
    none = pd.DataFrame(columns=list(FRAMES["change_totals"]))
    first, same = why(replace(full, change_totals=none, release=1)), why(replace(full, change_totals=none))
    assert first is not None and same is not None
    assert (first.moved, same.moved) == ("", "Nothing moved since the last release.")
    assert first.lines[0].moved is None
    assert "Moved since" not in Page(render(replace(full, change_totals=none))).text


def test_locations_say_their_largest_causes(full: ReportData) -> None:
    section = why(full)
    assert section is not None
    place = next(p for p in section.places if (p.sku, p.location) == ("85123A", "United Kingdom"))
    assert place.because == "demand varies (150), the target is high (75) and lead times are long (36)"
    warehouse = next(p for p in section.places if (p.sku, p.location) == ("22423", "Central warehouse"))
    assert warehouse.stock == pytest.approx(-30)
    assert warehouse.because.startswith("less than its lead-time demand")
    assert section.left_out == 0


def test_bars_go_to_the_side_of_their_sign() -> None:
    drawing = bars({"demand_variability": 30.0, "review_period": -10.0}, str, "test")
    found = ElementTree.fromstring(drawing).iter("rect")
    adds, saves = [(bar.attrib["class"], float(bar.attrib["x"]), float(bar.attrib["width"])) for bar in found]
    assert (adds[0], saves[0]) == ("ours", "other")
    assert adds[2] == pytest.approx(3 * saves[2], abs=0.2)
    assert saves[1] + saves[2] == pytest.approx(adds[1], abs=0.2)


def test_units_where_there_are_no_costs(full: ReportData) -> None:
    free = replace(full, points=full.points.assign(expected_stock_value=0.0), currency="")
    section = why(free)
    assert section is not None
    assert section.figures[0].title.startswith("All in all 42.7k units")


def test_nothing_explained_says_so(full: ReportData) -> None:
    empty = replace(full, cause_totals=pd.DataFrame(columns=list(FRAMES["cause_totals"])))
    assert why(empty) is None
    assert "Nothing was explained in this run" in Page(render(empty)).text

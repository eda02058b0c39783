"""The page of all checks: every check is there in plain words, failed ones first and marked."""

import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from echelon.lake.checks.suites import Expectation, load_suite
from echelon.lake.contracts import TABLES
from echelon.report.check_words import in_words
from echelon.report.data import ReportData
from echelon.report.page import render_checks
from support.parsed import Page


def test_every_check_is_there_and_failed_ones_come_first(full: ReportData) -> None:
    html = render_checks(full, "index.html")
    page = Page(html)
    assert "178 of 179 checks on 13 tables passed." in page.text
    assert page.text.count("expect_column_values_to") == len(full.check_list) == 179
    headings = re.findall(r"<h2>(.+)</h2>", html)
    assert headings == ["By table", "stock", *sorted(set(full.checks["table"]) - {"stock"})]
    rows = re.findall(r"<tr( class=\"failed\")?><td>(.+?)<small>", html)
    assert rows[0] == (' class="failed"', "on_hand is at most 20000")
    assert [marked for marked, _ in rows[1:] if marked] == []
    assert "warning failed 1 of 216 rows, for example <b>41200</b>" in page.text
    assert "<b>41200" not in html, "what was observed is text, never tags"


def test_counts_on_top_add_up(full: ReportData) -> None:
    text = Page(render_checks(full, "index.html")).text
    top = text[text.index("Critical Warnings") : text.index("What is checked")]
    found = {row[0]: tuple(row[1:]) for row in re.findall(r"(\w+) (–|\d+) (–|\d+) (\d+) (\d+)", top)}
    counts = full.checks.set_index("table")
    assert set(found) == set(counts.index)
    for table, numbers in found.items():
        evaluated, passed = counts.loc[table, ["evaluated", "passed"]]
        assert numbers == ("–", "1" if table == "stock" else "–", str(passed), str(evaluated)), table


def test_it_needs_no_network_and_leads_back(full: ReportData) -> None:
    html = render_checks(full, "index.html")
    page = Page(html)
    assert "index.html#checks" in page.links
    assert all(link[1:] in page.ids for link in page.links if link != "index.html#checks")
    assert not {"img", "link", "iframe", "object", "embed", "script"} & set(page.tags)
    assert "http:" not in html and "https:" not in html and "url(" not in html


def test_a_run_without_checks(bare: ReportData) -> None:
    assert "No table was checked in this run." in Page(render_checks(bare, "index.html")).text


def test_all_passed(full: ReportData) -> None:
    sound = replace(full, check_list=full.check_list[full.check_list["success"]])
    page = Page(render_checks(sound, "index.html"))
    assert "All 178 checks on 13 tables passed." in page.text
    assert "failed" not in page.text


LARGEST = sys.float_info.max
NULL, BETWEEN = "expect_column_values_to_not_be_null", "expect_column_values_to_be_between"


@pytest.mark.parametrize(
    ("kind", "kwargs", "words"),
    [
        (NULL, {"column": "x"}, "x is never missing"),
        (NULL, {"column": "x", "mostly": 0.995}, "x is never missing in at least 99.5% of the rows"),
        (BETWEEN, {"column": "x", "min_value": 0.0, "max_value": 1.0}, "x is between 0 and 1"),
        (BETWEEN, {"column": "x", "min_value": 0.0, "max_value": LARGEST}, "x is 0 or more and finite"),
        (BETWEEN, {"column": "x", "min_value": 0, "strict_min": True}, "x is above 0"),
        (BETWEEN, {"column": "x", "min_value": 0, "max_value": 1, "strict_min": True}, "x is above 0 and at most 1"),
        (BETWEEN, {"column": "x", "min_value": -LARGEST, "max_value": LARGEST}, "x is finite"),
        (BETWEEN, {"column": "x", "max_value": 20_000}, "x is at most 20000"),
        (
            "expect_column_values_to_not_be_in_set",
            {"column": "x", "value_set": ["", "n/a"]},
            'x is never an empty text or "n/a"',
        ),
        ("expect_column_values_to_be_in_set", {"column": "x", "value_set": ["a", "b"]}, "x is one of a, b"),
        (
            "expect_column_pair_values_a_to_be_greater_than_b",
            {"column_A": "x", "column_B": "y", "or_equal": True},
            "x is not below y",
        ),
        ("expect_table_columns_to_match_ordered_list", {"column_list": ["x", "y"]}, "the columns are x, y, in this order"),
        ("expect_column_mean_to_be_between", {"column": "x", "min_value": 2}, "x: column mean to be between"),
    ],
)
def test_words(kind: str, kwargs: dict[str, object], words: str) -> None:
    assert in_words(Expectation(1, kind, kwargs, "critical", "")) == words


def test_notes_come_before_words() -> None:
    assert in_words(Expectation(1, NULL, {"column": "x"}, "critical", "every x has a name")) == "every x has a name"


@pytest.mark.parametrize("name", TABLES)
def test_every_expectation_of_the_suites_has_words(name: str, root: Path) -> None:
    said = [in_words(expectation) for expectation in load_suite(root / "expectations", TABLES[name])]
    assert not [words for words in said if re.search(r"expect_|None|e\+\d|: column ", words) or not words.strip()]
    assert len(set(said)) == len(said), "two checks read alike"

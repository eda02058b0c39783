"""The page as a whole: whole, escaped, self-contained, and readable when parts are missing."""

import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from echelon.core.network.deliveries import PERFORMANCE
from echelon.report.data import FRAMES, ReportData
from echelon.report.page import CHECKS_PAGE, render, write_pages
from echelon.report.summary import summary_lines
from parsed import Page

KEPT = [*PERFORMANCE, "reliability"]


def test_full_page_tells_everything(full: ReportData) -> None:
    page = Page(render(full))
    for expected in [
        "Stock plan for 1 Nov 2011",
        "Echelon serves 95.3% of demand from stock, 1.6 points more than the classical plan, with 8.1% less stock.",
        "The classical plan does better at 2 of 10 locations: EIRE and Switzerland.",
        "216 SKUs at 11 stocking points in 2 echelons, supplied by 1 outside supplier; 1,712 SKU-locations with demand.",
        "118 purchases (£23.9k) and 402 transfers (£23.6k)",
        "505 more in the table",
        "109 more of smaller value",
        "178 of 179",
        "max 41,200, at most 20,000 expected",
        "unknown_sku",
        "7 stages in 2 min 37 s",
        "Measured over 2 windows of the backtest.",
        "SKU 480 – 49.0% 48.0% −6.0% −2.0% – –",
        "9b1d" * 16,
        "echelon sql",
    ]:
        assert expected in page.text, expected


def test_page_needs_no_network(full: ReportData) -> None:
    html = render(full)
    page = Page(html)
    assert all(link[1:] in page.ids if link.startswith("#") else link == CHECKS_PAGE for link in page.links)
    assert page.links.count(CHECKS_PAGE) == 1
    assert not {"img", "link", "iframe", "object", "embed"} & set(page.tags)
    assert "http:" not in html and "https:" not in html and "url(" not in html and "@import" not in html
    assert len(html) < 1_500_000


def test_names_are_escaped_everywhere(full: ReportData) -> None:
    """A tag in a SKU, a description, a reason or a source row must come out as text."""
    html = render(full)
    assert "<script>alert" not in html and "POST<b>" not in html and "<i>France" not in html and "<median>" not in html
    text = Page(html).text
    assert 'POST<b>&"' in text and "<script>alert(1)</script>" in text and "<i>France</i>" in text and "<median>" in text


def test_bare_page_reads_well(bare: ReportData) -> None:
    page = Page(render(bare))
    for expected in [
        "This run was not compared with the classical plan.",
        "1 SKU at 1 stocking point, supplied by 1 outside supplier; 1 SKU-location with demand.",
        "Nothing to order",
        "No exceptions",
        "No forecasts in this run.",
        "Safety stock of 12 units",
    ]:
        assert expected in page.text, expected
    assert not re.search(r"\b(nan|None|NaT)\b", page.text)


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_any_part_may_be_missing(full: ReportData, name: str) -> None:
    page = Page(render(replace(full, **{name: pd.DataFrame(columns=list(FRAMES[name]))})))
    assert not re.search(r"\b(nan|NaT)\b", page.text)


def test_unknown_values_are_dashes(full: ReportData) -> None:
    unknown = replace(
        full,
        kpis=full.kpis.assign(target_fill_rate=None, fill_rate_se=float("nan"), lost_value=None),
        points=full.points.assign(fill_rate=None, target_fill_rate=None, stock_today_value=None),
        lead_times=full.lead_times.assign(**dict.fromkeys(KEPT, None)),
        suppliers=full.suppliers.assign(mean_days=None, sd_days=None, **dict.fromkeys(KEPT, None)),
        champions=full.champions.assign(runner_up=None),
        items=full.items.assign(description=None),
    )
    assert not re.search(r"\b(nan|None|NaT)\b", Page(render(unknown)).text)


def test_no_prices(full: ReportData) -> None:
    """Without unit costs every amount is in units and no column of values is shown."""
    values = {name: [c for c in FRAMES[name] if c.endswith("value") or c == "holding_cost"] for name in FRAMES}
    frames = {name: getattr(full, name).assign(**dict.fromkeys(columns, 0.0)) for name, columns in values.items() if columns}
    text = Page(render(replace(full, currency="", **frames))).text
    assert "Safety stock of 42.7k units" in text
    assert "Mean stock, units" in text and "Mean stock at cost" not in text
    assert "£" not in text and "worth" not in text and "(0)" not in text


def test_missing_column_is_named(full: ReportData) -> None:
    with pytest.raises(ValueError, match="report frame orders lacks column\\(s\\) value, reason"):
        replace(full, orders=full.orders.drop(columns=["value", "reason"]))


def test_write_is_atomic(full: ReportData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "new" / "index.html"
    write_pages(full, path)
    first = path.read_text(encoding="utf-8")
    assert first.startswith("<!doctype html>")
    monkeypatch.setattr("echelon.report.page.render", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        write_pages(full, path)
    assert path.read_text(encoding="utf-8") == first
    assert sorted(p.name for p in path.parent.iterdir()) == ["checks.html", "index.html"]


def test_summary(full: ReportData) -> None:
    lines = summary_lines(full)
    assert len(lines) <= 14
    assert all(line[12] == " " and line[13] != " " for line in lines)
    told = {line[:12].strip(): line[13:] for line in lines}
    assert told["Planned"] == "216 SKUs, 11 stocking points, 1,712 SKU-locations for 1 Nov 2011"
    assert told["Fill rate"] == "95.3% (classical 93.7%, +1.6 points +/- 0.3) in the last 8 weeks"
    assert told["Mean stock"] == "£96.8k (classical £105k, -8.1%)"
    assert told["Exceptions"] == "146: 114 overstock, 31 stock_out and 1 target_missed"
    assert told["Quarantined"].startswith("3,122 of 154,216 rows read: 2,407 unknown_sku")
    assert told["Checks"] == "178 of 179 passed on 13 tables, 1 warning"
    assert told["Tables"] == "out/tables (release 7)"


def test_stock_that_is_not_planned_and_refused_rows_are_in_the_summary(full: ReportData) -> None:
    kinds = [("stock_not_planned", "medium", 2, 1198.0), ("record_refused", "high", 1, 0.0)]
    more = pd.DataFrame(kinds, columns=["kind", "severity", "exceptions", "value"])
    told = "\n".join(summary_lines(replace(full, exception_totals=pd.concat([full.exception_totals, more]))))
    assert "Look at      stock of 2 SKU-locations that are not planned, worth £1.20k; 1 of items, locations" in told


def test_summary_of_the_least_run(bare: ReportData) -> None:
    lines = summary_lines(bare)
    assert any("not compared with the classical plan" in line for line in lines)
    assert not any("nan" in line.lower() for line in lines)


def test_restored_demand_is_told_where_there_is_any(full: ReportData) -> None:
    told = "In 1,204 SKU-location-weeks the location was empty for some of the time: 5,310 units of demand were restored."
    assert told in Page(render(replace(full, censored=1204, restored=5310.0))).text
    assert "were restored" not in Page(render(full)).text

"""The page as a whole: whole, escaped, self-contained, and readable when parts are missing."""

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from echelon.core.network.deliveries import PERFORMANCE
from echelon.report.data import FRAMES, ReportData
from echelon.report.page import CHECKS_PAGE, render, write_pages
from echelon.report.sections.accuracy import accuracy, ahead, situations, uplifts
from echelon.report.summary import summary_lines
from support import ROOT
from support.parsed import Page

NO_ENDS = {f"{name}_{end}": float("nan") for name in ("fill_rate", "fill_rate_gain", "stock_change") for end in ("low", "high")}
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


def test_hard_situations_come_with_their_periods_and_what_is_known(full: ReportData) -> None:
    names = ("situation", "periods", "wape_champion", "wape_moving_average")
    rows = [tuple(row[name] for name in names) for row in situations(full)]
    assert rows == [("ordinary", 900, 0.4, None), ("event", 900, 0.55, None), ("launch", 21, None, None)]


def test_what_promotions_were_worth_is_shown_beside_the_errors_without_drivers(full: ReportData) -> None:
    page = Page(render(full))
    assert "WAPE of the pooled model without drivers" in page.text
    assert "flyer all 15 300" in page.text
    assert [(row["category"], row["uplift"]) for row in uplifts(full)] == [("all", 1.8), ("tea", 2.0), ("cups", 1.2)]
    for words in ("+80.0% 60.0 to 100.0 +70.0%", "+20.0% +30.0%"):
        assert words in page.text, words


def test_without_signals_nothing_is_said_of_drivers(full: ReportData) -> None:
    scores = full.situation_scores[~full.situation_scores["model"].str.endswith("_drivers")]
    page = Page(render(replace(full, situation_scores=scores, promotion_uplift=full.promotion_uplift[:0])))
    assert "without drivers" not in page.text
    assert "Uplift" not in page.text


def test_errors_come_by_how_far_ahead_they_lie(full: ReportData) -> None:
    names = ("first", "last", "windows", "wape_champion", "wape_moving_average")
    rows = [tuple(row[name] for name in names) for row in ahead(full)]
    assert rows == [(1, 8, 5, 0.42, 0.5), (9, 16, 4, 0.47, None)]
    assert "Weeks ahead Windows WAPE of the moving average Bias of the moving average 1 to 8 5 42.0%" in Page(render(full)).text


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
        "The fill-rate targets take a mean stock of 15 units, with safety stock of 12 units.",
        "Mean stock of 15 units expected",
    ]:
        assert expected in page.text, expected
    assert not re.search(r"\b(nan|None|NaT)\b", page.text)


@pytest.mark.parametrize("name", sorted(FRAMES))
def test_any_part_may_be_missing(full: ReportData, name: str) -> None:
    changed: dict[str, Any] = {name: pd.DataFrame(columns=list(FRAMES[name]))}
    page = Page(render(replace(full, **changed)))
    assert not re.search(r"\b(nan|NaT)\b", page.text)


def test_unknown_values_are_dashes(full: ReportData) -> None:
    unknown = replace(
        full,
        kpis=full.kpis.assign(target_fill_rate=None, stock_out_share=None, lost_value=None, tested_share=None, **NO_ENDS),
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
    assert "Mean stock of 96.0k units expected" in text
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
    assert told["Fill rate"] == "95.3% in the last 8 weeks (classical 93.7%): +1.6 points (1.3 to 2.0)"
    assert told["Mean stock"] == "£96.8k (classical £105k): -8.1% (-13.1 to -3.1)"
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


def test_with_too_few_skus_there_is_no_interval(full: ReportData) -> None:
    few = replace(full, kpis=full.kpis.assign(**NO_ENDS))
    told = {line[:12].strip(): line[13:] for line in summary_lines(few)}
    assert told["Fill rate"] == "95.3% in the last 8 weeks (classical 93.7%): +1.6 points (-)"
    text = Page(render(few)).text
    assert "1.6 points more than the classical plan (too few SKUs to say more), with 8.1% less stock." in text
    assert "There are too few SKUs to tell at 10 of 10 locations" in text and "no clear difference" not in text


def test_a_replay_shorter_than_the_lead_times_is_no_proof(full: ReportData) -> None:
    """It says so where the result would stand, in the summary and on the page, and shows no figure of it."""
    short = replace(full, kpis=full.kpis.assign(tested_share=0.2))
    told = {line[:12].strip(): line[13:] for line in summary_lines(short)}
    assert told["Replay"] == "no proof: 8 weeks are shorter than the lead times of 80% of demand (replay.weeks)"
    assert not {"Fill rate", "Mean stock"} & set(told)
    text = Page(render(short)).text
    assert text.count("The last 8 weeks are shorter than the lead times: for 80% of demand") == 2
    assert "95.3% of demand" not in text and "93.7%" not in text and "Fill rate, last 8 weeks" not in text
    partly = Page(render(replace(full, kpis=full.kpis.assign(tested_share=0.88)))).text
    assert "For 12% of demand a lane takes longer than the last 8 weeks: there the replay says little." in partly


def test_without_a_stock_input_nothing_is_said_of_stock_today(full: ReportData) -> None:
    unknown = replace(full, stock_given=False, orders=full.orders[:0], order_totals=full.order_totals[:0])
    told = {line[:12].strip(): line[13:] for line in summary_lines(unknown)}
    assert told["Orders"] == "none: they need the input stock"
    text = Page(render(unknown)).text
    assert "today there is" not in text and "Stock today" not in text and "Nothing to order" not in text
    assert "What is in stock today was not told, so nothing is ordered." in text
    assert "there are levels but no orders and no shortages" in text
    assert re.search(r"today there is £\d+k in stock", Page(render(full)).text) and "Stock today" in Page(render(full)).text


def test_planners_see_the_stock_to_expect_first_and_both_safety_stocks_uncut(full: ReportData) -> None:
    text = Page(render(full)).text
    assert "The fill-rate targets take a mean stock of £125k, with safety stock of £30.6k; today there is" in text
    assert text.index("Mean stock expected, units") < text.index("Safety stock of the point")
    assert "Central warehouse 1 216 24.0k £31.0k £28.4k −£12.4k £25.0k" in text


def test_lanes_that_nothing_is_ordered_on_are_named(full: ReportData) -> None:
    told = Page(render(replace(full, unused_lanes=("Reserve to Hub", "Old <mill> to Hub")))).text
    assert "Lanes that nothing is ordered on: Reserve to Hub and Old <mill> to Hub." in told
    assert "nothing is ordered on" not in Page(render(full)).text


def test_restored_demand_is_told_where_there_is_any(full: ReportData) -> None:
    told = "In 1,204 SKU-location-weeks the location was empty for some of the time: 5,310 units of demand were restored."
    assert told in Page(render(replace(full, censored=1204, restored=5310.0))).text
    assert "were restored" not in Page(render(full)).text


def test_scores_that_are_not_known_are_dashes_and_never_zeros(full: ReportData) -> None:
    none = {name: None for name in ("pinball", "rmsse", "bias", "naive_pinball", "naive_rmsse")}
    scores = {name: None for name in ("pinball", "rmsse", "crps", "wape", "bias", "periods_in_stock")}
    unknown = replace(
        full,
        champions=full.champions.assign(**none),
        candidate_scores=full.candidate_scores.assign(**scores),
        candidate_levels=full.candidate_levels.assign(wape=None, bias=None),
        kpis=full.kpis.assign(fill_rate=None, fill_rate_se=None, target_fill_rate=None, demand=0.0),
    )
    forecast = next(line for line in summary_lines(unknown) if line.startswith("Forecast"))
    assert forecast == "Forecast     pinball loss - (naive -, -), RMSSE - (naive -)"
    page = Page(render(unknown))
    assert "nan" not in page.text.lower().replace("financ", "") and "None" not in page.text
    assert "against – by the seasonal naive; RMSSE – against –" in page.text
    assert "0.000" not in page.text


def test_segments_whose_scores_are_not_known_do_not_count_in_means(full: ReportData) -> None:
    first = full.champions["segment"] == full.champions["segment"].iloc[0]
    champions = full.champions.assign(
        pinball=full.champions["pinball"].where(~first), rmsse=full.champions["rmsse"].where(~first)
    )
    found = accuracy(replace(full, champions=champions))
    kept = full.champions[(full.champions["purpose"] == "plan") & ~first]
    assert found is not None
    assert found.pinball == pytest.approx((kept["pinball"] * kept["series"]).sum() / kept["series"].sum())


def monthly(full: ReportData) -> ReportData:
    """The made-up run as a plan of three months from November on, which held back two."""
    return replace(full, period_days=30, horizon=3, reach=3, replay_start=date(2011, 9, 1), replay_end=date(2011, 10, 31))


def test_a_monthly_plan_speaks_of_months(full: ReportData) -> None:
    page, lines = Page(render(monthly(full))), "\n".join(summary_lines(monthly(full)))
    assert "to 31 Oct 2011, forecast for 3 months, until 31 Jan 2012." in page.text
    assert "in the last 2 months" in lines
    assert "The last 2 months (1 Sep 2011 to 31 Oct 2011)" in page.text
    for text in (page.text, lines):
        assert not re.search(r"30-day|\b61 days|\bweeks?\b(?! of demand)", text)  # of made-up exceptions


def test_a_weekly_plan_speaks_of_weeks(full: ReportData) -> None:
    page = Page(render(replace(full, period_days=7, horizon=8)))
    assert "forecast for 8 weeks, until 26 Dec 2011." in page.text
    assert "the share of weeks whose demand" in page.text


def test_long_and_marked_up_texts_do_not_break_the_page(full: ReportData) -> None:
    long = "Cup " * 1500
    html = render(
        replace(full, name="<script>alert(3)</script>", currency="<b>₺</b>", items=full.items.assign(description=long))
    )
    page = Page(html)
    assert "<b>₺</b>" in page.text and "<b>₺</b>" not in html
    assert "<script>alert" not in html
    assert "Cup Cup" in page.text and "Cup " * 25 not in page.text


ODD_NAMES = json.loads((ROOT / "tests" / "cases" / "17-odd-names" / "names.json").read_text(encoding="utf-8"))


def test_odd_names_are_shown_as_they_are(full: ReportData) -> None:
    orders = pd.concat([full.orders] * len(ODD_NAMES), ignore_index=True).head(len(ODD_NAMES))
    exceptions = pd.concat([full.exceptions] * len(ODD_NAMES), ignore_index=True).head(len(ODD_NAMES))
    kpis = full.kpis.assign(member=full.kpis["member"].replace({"EIRE": "NA"}))
    named = replace(full, orders=orders.assign(sku=ODD_NAMES), exceptions=exceptions.assign(sku=ODD_NAMES), kpis=kpis)
    html = render(named)
    text = Page(html).text
    for name in ODD_NAMES:
        assert text.count(" ".join(name.split())) >= 2, name
    assert "<script>alert" not in html and " NA " in text

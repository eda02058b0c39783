"""The verdicts on Echelon against the classical plan must not flatter."""

import pandas as pd
import pytest
from echelon.report.data import ReportData
from echelon.report.sections import comparison as c
from echelon.report.sections.replay import replay
from support.report import example_report as m


def pair(ours: tuple[float, float], theirs: tuple[float, float], half: float = 0.004, target: float | None = 0.95) -> c.Pair:
    """A pair from (fill rate, stock value) under each plan; half: of the intervals' width, that of the difference is wider."""
    gain, wide = ours[0] - theirs[0], half * 2**0.5
    rows = [
        {
            "fill_rate": fill,
            "fill_rate_low": fill - half,
            "fill_rate_high": fill + half,
            "fill_rate_gain_low": gain - wide,
            "fill_rate_gain_high": gain + wide,
            "stock_change_low": -0.2,
            "stock_change_high": 0.2,
            "stock_value": stock,
            "target_fill_rate": target,
            "demand": 100.0,
            "tested_share": 1.0,
        }
        for fill, stock in (ours, theirs)
    ]
    return c.Pair("Spain", rows[0], rows[1], "stock_value")


@pytest.mark.parametrize(
    ("ours", "theirs", "verdict"),
    [
        ((0.97, 90), (0.95, 100), c.BETTER),
        ((0.95, 90), (0.95, 100), c.BETTER),
        ((0.97, 100), (0.95, 100), c.BETTER),
        ((0.93, 110), (0.95, 100), c.WORSE),
        ((0.93, 100), (0.95, 100), c.WORSE),
        ((0.95, 110), (0.95, 100), c.WORSE),
        ((0.97, 110), (0.95, 100), c.MORE_OF_BOTH),
        ((0.93, 90), (0.95, 100), c.LESS_OF_BOTH),
        ((0.952, 100.2), (0.95, 100), c.UNCLEAR),
    ],
)
def test_verdicts(ours: tuple[float, float], theirs: tuple[float, float], verdict: str) -> None:
    assert pair(ours, theirs).verdict == verdict


def test_a_difference_whose_interval_holds_zero_is_not_one() -> None:
    assert pair((0.955, 100), (0.95, 100), half=0.004).fill_sign == 0  # 0.005 < 0.00566
    assert pair((0.955, 100), (0.95, 100), half=0.002).fill_sign == 1
    assert pair((0.945, 100), (0.95, 100), half=0.002).fill_sign == -1


def test_without_an_interval_no_verdict_is_given() -> None:
    few = pair((0.97, 90), (0.95, 100), half=float("nan"))
    assert (few.fill_sign, few.verdict) == (0, c.TOO_FEW)
    assert not c.below_target(few.echelon) and not c.below_target(few.classical)


def test_headline_says_losses_and_ties_as_plainly_as_wins() -> None:
    assert c.headline(pair((0.97, 90), (0.95, 100)), "8 weeks") == (
        "Replaying the last 8 weeks, Echelon serves 97.0% of demand from stock, "
        "2.0 points more than the classical plan, with 10.0% less stock."
    )
    worse = c.headline(pair((0.93, 110), (0.95, 100)), "8 weeks")
    assert "2.0 points less than the classical plan, with 10.0% more stock" in worse
    tie = c.headline(pair((0.95, 100), (0.95, 100)), "8 weeks")
    assert "no clear difference from the classical plan, with about the same stock" in tie


def test_findings_name_the_places_where_the_classical_plan_wins() -> None:
    sentences = c.findings([pair((0.93, 110), (0.95, 100)), pair((0.97, 90), (0.95, 100))], "location")
    assert "The classical plan does better at 1 of 2 locations: Spain." in sentences


def test_below_target_needs_to_be_clear() -> None:
    assert c.below_target(pair((0.94, 1), (0.9, 1)).echelon)
    assert not c.below_target(pair((0.947, 1), (0.9, 1)).echelon)
    assert not c.below_target(pair((0.94, 1), (0.9, 1), target=None).echelon)


def test_pairs_are_sorted_by_demand_and_need_both_policies() -> None:
    kpis = m.kpis()
    only_ours = kpis[(kpis["member"] != "Spain") | (kpis["policy"] == "echelon")]
    names = [p.member for p in c.pairs(only_ours.sample(frac=1, random_state=1), "location")]
    assert names == [
        "United Kingdom",
        "Germany",
        "France",
        "EIRE",
        "Netherlands",
        "Belgium",
        "Australia",
        "Switzerland",
        "Portugal",
    ]
    assert [p.member for p in c.pairs(kpis, "abc")] == ["A", "B", "C"]


def test_without_costs_stock_is_compared_in_units() -> None:
    kpis = m.kpis().assign(stock_value=0.0)
    assert c.pairs(kpis, "total")[0].stock == (96_800 / 1.3, 105_300 / 1.3)


def test_replay_totals(full: ReportData) -> None:
    section = replay(full)
    assert section is not None
    assert section.duration == "8 weeks"
    lines = {line.name: line for line in section.scorecard}
    assert (lines["Fill rate"].echelon, lines["Fill rate"].classical) == ("95.3%", "93.7%")
    assert (lines["Fill rate"].difference, lines["Fill rate"].between) == ("+1.6 points", "1.3 to 2.0")
    stock = lines["Mean stock at cost"]
    assert (stock.difference, stock.between, stock.good) == ("−8.1%", "−13.1 to −3.1", True)
    assert lines["Periods with demand, not all served"].echelon == "1.9%"
    unknown = replay(_with_kpis(full, full.kpis.assign(stock_out_share=None)))
    assert unknown is not None and unknown.scorecard[1].difference == "–"
    assert section.stock_title == "8.1% less stock in all: less at 8 of 10 locations"


def test_pictures_say_what_they_leave_out(full: ReportData) -> None:
    locations = m.kpis().query("scope == 'location'")
    many = pd.concat([m.kpis(), locations.assign(member=locations["member"] + " 2")])
    section = replay(_with_kpis(full, many))
    assert section is not None and section.undrawn == 6
    drawn = {"United Kingdom", "United Kingdom 2", "Spain", "Spain 2"}
    assert {name for name in drawn if f">{name}<" in section.fill_picture} == drawn
    assert ">Portugal<" not in section.fill_picture


def test_replay_without_customers_has_no_section(full: ReportData) -> None:
    kpis = full.kpis.assign(fill_rate=None)
    assert replay(_with_kpis(full, kpis)) is None


def _with_kpis(data: ReportData, kpis: pd.DataFrame) -> ReportData:
    return ReportData(**{**{k: getattr(data, k) for k in data.__dataclass_fields__}, "kpis": kpis})

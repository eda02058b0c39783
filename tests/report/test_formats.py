"""Numbers as people read them."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from echelon.report import formats as f
from echelon.report.sections.fans import date_ticks
from echelon.report.svg import Scale, element, shorten, ticks
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.524, "0.52"),
        (7, "7"),
        (51.23, "51.2"),
        (412.4, "412"),
        (999.4, "999"),
        (999.6, "1.00k"),
        (4123, "4.12k"),
        (62_000, "62.0k"),
        (999_960, "1.00M"),
        (1_240_000, "1.24M"),
        (2.5e9, "2.50bn"),
        (-4123, "−4.12k"),
        (None, "–"),
        (float("nan"), "–"),
    ],
)
def test_compact(value: float | None, text: str) -> None:
    assert f.compact(value) == text


@given(st.floats(min_value=-9e11, max_value=9e11))
def test_compact_is_within_half_a_percent_or_a_cent(value: float) -> None:
    text = f.compact(value).replace("−", "-")
    scale = {"k": 1e3, "M": 1e6, "n": 1e9}.get(text[-1], 1.0)
    assert float(text.rstrip("kMbn")) * scale == pytest.approx(value, rel=0.0051, abs=0.0051)


@pytest.mark.parametrize(("currency", "text"), [("£", "−£4.12k"), ("GBP", "−4.12k GBP"), ("", "−4.12k")])
def test_money_takes_a_symbol_before_and_a_code_after(currency: str, text: str) -> None:
    assert f.money(-4123, currency) == text


def test_differences_carry_their_sign_and_zero_does_not() -> None:
    assert f.points(0.031) == "+3.1 points"
    assert f.points(-0.031) == "−3.1 points"
    assert f.points(-0.0001) == "0.0 points"
    assert f.change(91, 100) == "−9.0%"
    assert f.change(1, 0) == f.change(None, 1) == "–"
    assert f.percent(0.9523) == "95.2%"


def test_plurals_words_and_times() -> None:
    assert f.plural(1, "SKU") == "1 SKU"
    assert f.plural(1712, "SKU") == "1,712 SKUs"
    assert f.words(["a"]) == "a"
    assert f.words(["a", "b", "c"]) == "a, b and c"
    assert f.words(list("abcdef")) == "a, b, c, d and 2 more"
    assert f.seconds(4.14) == "4.1 s"
    assert f.seconds(124.6) == "2 min 05 s"
    assert f.day(date(2011, 11, 1)) == "1 Nov 2011"


@given(st.floats(min_value=-1e6, max_value=1e6), st.floats(min_value=1e-3, max_value=1e6))
def test_ticks_are_round_even_and_inside(low: float, width: float) -> None:
    found = ticks(low, low + width)
    slack = 1e-6 * max(abs(low), width)
    assert all(low - slack <= value <= low + width + slack for value in found)
    assert 1 <= len(found) <= 6
    steps = {round((b - a) / width, 6) for a, b in pairwise(found)}
    assert len(steps) <= 1


@given(st.dates(date(2000, 1, 1), date(2030, 1, 1)), st.integers(1, 2000))
def test_date_ticks_are_few_and_inside(first: date, days: int) -> None:
    last = first + timedelta(days=days)
    found = date_ticks(first, last)
    assert 2 <= len(found) <= 7
    assert first <= found[0] and found[-1] <= last


def test_scale_hits_its_ends() -> None:
    scale = Scale(10, 20, 100, 0)
    assert (scale(10), scale(20), scale(15)) == (100, 0, 50)


def test_elements_escape_text_and_attributes() -> None:
    assert element("text", "a<b", class_='"x"', text_anchor="end") == (
        '<text class="&#34;x&#34;" text-anchor="end">a&lt;b</text>'
    )


def test_shorten() -> None:
    assert shorten("Central warehouse", 10) == "Central w…"
    assert shorten("short", 10) == "short"

"""Phantom stock: a silence is told by how often the item sold before."""

import datetime as dt
from typing import Any

import pandas as pd
import pytest
from echelon.core.replenish.silence import SilenceRules, chance_of_silence, phantom, silence_detail


def told(sale_days: int, span_days: int, silent_days: int, longest_gap: int = 1, **rules: Any) -> bool:
    row = {"sale_days": sale_days, "span_days": span_days, "silent_days": silent_days, "longest_gap": longest_gap}
    return bool(phantom(pd.DataFrame([row]), SilenceRules(**rules))[0])


def test_the_probability_is_that_of_a_poisson_process_of_unknown_rate() -> None:
    row = pd.DataFrame([{"sale_days": 2, "span_days": 100, "silent_days": 100}])
    assert chance_of_silence(row)[0] == pytest.approx(0.25)


def test_a_fast_item_that_is_silent_for_weeks_is_told_and_a_slow_one_is_not() -> None:
    assert told(300, 365, 15) and told(52, 365, 60, longest_gap=20)
    assert not told(52, 365, 30, longest_gap=20) and not told(4, 365, 90, longest_gap=80) and not told(1, 1, 500, 0)


def test_short_silences_and_those_that_came_before_are_not_told() -> None:
    assert not told(365, 365, 13) and told(365, 365, 14)
    assert not told(300, 400, 60, longest_gap=90)


def test_words_name_stock_days_and_what_was_usual() -> None:
    row = {
        "on_hand": 40.0, "silent_days": 30, "since": dt.date(2026, 9, 25), "sale_days": 300, "span_days": 365,
        "longest_gap": 4,
    }  # fmt: skip
    assert silence_detail(row) == (
        "40 units on the book, but no sale for 30 days (since 2026-09-25); before, it sold on 300 of 365 days and never paused "
        "longer than 4. Look whether it is on the shelf."
    )

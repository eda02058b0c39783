"""How the history is cut, and what a user is told when it is too short."""

from datetime import date, timedelta
from typing import Any

import pytest
from echelon.config import Configuration
from echelon.errors import InputRefused
from echelon.stages.shared.windows import plan_windows

LAST = date(2026, 10, 31)


def configured(frequency: str = "D", **sections: Any) -> Configuration:
    return Configuration.model_validate({"sources": {"sales": {"path": "s.csv"}}, "run": {"frequency": frequency}, **sections})


def days_back(days: int) -> date:
    """First day of a history of so many days."""
    return LAST - timedelta(days=days - 1)


def test_a_year_of_days() -> None:
    windows = plan_windows(configured(), days_back(365), LAST)
    assert (windows.periods, windows.horizon, windows.windows, windows.held_back) == (365, 28, 5, 2)
    assert windows.last_day == LAST
    assert windows.replay_start_date == LAST - timedelta(days=8 * 7 - 1)
    assert [windows.end - cutoff for cutoff in windows.cutoffs] == [140, 112, 84, 56, 28]
    assert windows.shorter_than_a_season is None


def test_weeks_and_months() -> None:
    weeks = plan_windows(configured("W"), date(2024, 11, 4), date(2026, 10, 26))
    assert (weeks.periods, weeks.horizon, weeks.windows, weeks.held_back) == (104, 8, 4, 1)
    assert weeks.replay_start_date == date(2026, 11, 2) - timedelta(weeks=8)
    months = plan_windows(configured("M"), date(2023, 11, 15), date(2026, 10, 31))
    assert (months.periods, months.horizon, months.windows, months.held_back) == (36, 3, 4, 1)
    assert (months.replay_start_date, months.last_day) == (date(2026, 8, 1), date(2026, 10, 31))


def test_the_shortest_history_that_works_and_one_day_less() -> None:
    assert plan_windows(configured(), days_back(140), LAST).windows == 3
    with pytest.raises(InputRefused) as caught:
        plan_windows(configured(), days_back(139), LAST)
    assert caught.value.exit_code == 3
    assert str(caught.value).startswith("sales: the history covers 139 days; at least 140 are needed: 3 windows of 28 ")
    assert str(caught.value).endswith("Give more history, or set backtest.horizon or replay.weeks lower")


def test_the_advice_in_the_message_helps() -> None:
    windows = plan_windows(configured(backtest={"horizon": 7}, replay={"weeks": 2}), days_back(35), LAST)
    assert (windows.horizon, windows.windows, windows.held_back) == (7, 3, 2)


def test_a_replay_as_long_as_the_windows_asks_for_one_more() -> None:
    with pytest.raises(InputRefused, match="at least 224 are needed: 6 windows of 28"):
        plan_windows(configured(replay={"weeks": 20}), days_back(223), LAST)
    assert plan_windows(configured(replay={"weeks": 20}), days_back(224), LAST).held_back == 5


def test_sales_only_after_the_last_complete_period() -> None:
    with pytest.raises(InputRefused, match="the history covers 0 weeks"):
        plan_windows(configured("W"), LAST, LAST - timedelta(days=21))


def test_shorter_than_a_season_is_told() -> None:
    message = plan_windows(configured("W"), date(2026, 1, 5), date(2026, 10, 26)).shorter_than_a_season
    assert message is not None
    assert message.startswith("the history (43 weeks) is shorter than a season (52 weeks)")


def test_configured_windows_are_kept() -> None:
    assert plan_windows(configured(backtest={"windows": 7}), days_back(365), LAST).windows == 7
    with pytest.raises(InputRefused, match="at least 252 are needed: 7 windows"):
        plan_windows(configured(backtest={"windows": 7}), days_back(200), LAST)


def test_cutoffs_may_lie_closer_than_a_horizon() -> None:
    windows = plan_windows(configured(backtest={"step": 14}), days_back(365), LAST)
    assert (windows.windows, windows.held_back) == (7, 2)
    assert [windows.end - cutoff for cutoff in windows.cutoffs] == [112, 98, 84, 70, 56, 42, 28]
    assert windows.replay_cutoffs == windows.cutoffs[:3]  # they end where the held-back weeks begin, or before
    assert windows.replay_cutoffs[-1] + windows.horizon == windows.replay_start


def test_a_gap_comes_out_of_the_history() -> None:
    windows = plan_windows(configured(backtest={"gap": 7}), days_back(365), LAST)
    assert [windows.end - cutoff for cutoff in windows.cutoffs] == [147, 119, 91, 63, 35]
    assert windows.replay_cutoff_date == windows.replay_start_date - timedelta(days=7)
    assert windows.replay_cutoffs == windows.cutoffs[:3]
    with pytest.raises(InputRefused, match="at least 147 are needed: 3 windows"):
        plan_windows(configured(backtest={"gap": 7}), days_back(146), LAST)


@pytest.mark.parametrize("settings", [{}, {"step": 28}, {"step": 7}, {"step": 14, "gap": 3}, {"windows": 3, "step": 7}])
def test_a_window_begins_with_the_held_back_weeks_and_others_end_before(settings: dict[str, int]) -> None:
    windows = plan_windows(configured(backtest=settings), days_back(365), LAST)
    assert windows.replay_start - windows.gap in windows.cutoffs
    assert windows.replay_cutoffs
    assert windows.cutoffs[-1] + windows.gap + windows.horizon == windows.end


def test_a_step_that_misses_the_held_back_weeks_is_refused() -> None:
    with pytest.raises(InputRefused, match=r"step = 20: no window begins with the weeks .* choose a step that divides 28"):
        plan_windows(configured(backtest={"step": 20}), days_back(365), LAST)
    assert plan_windows(configured(backtest={"step": 20}, replay={"weeks": 4}), days_back(365), LAST).step == 20


@pytest.mark.parametrize(
    ("frequency", "sections", "words"),
    [
        ("D", {}, "8 weeks"),
        ("D", {"backtest": {"horizon": 10}}, "60 days"),
        ("W", {}, "8 weeks"),
        ("M", {}, "3 months"),
        ("M", {"backtest": {"horizon": 1}, "replay": {"weeks": 4}}, "1 month"),
    ],
)
def test_what_the_replay_holds_back_is_told_in_the_plans_periods(frequency: str, sections: dict[str, Any], words: str) -> None:
    assert plan_windows(configured(frequency, **sections), days_back(5 * 365), LAST).held_back_words == words

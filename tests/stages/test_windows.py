"""How the history is cut, and what a user is told when it is too short."""

from datetime import date, timedelta
from typing import Any

import pytest
from echelon.config import Configuration
from echelon.errors import InputRefused
from echelon.stages.windows import plan_windows

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

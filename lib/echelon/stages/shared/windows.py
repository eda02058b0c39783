"""How long the history is, and how it is cut: the horizon, the backtest's cutoffs, and the weeks that the replay holds back."""

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta

from echelon.config import Configuration
from echelon.core.demand.periods import PERIOD_DAYS, SEASON_LENGTH, Frequency, period_index, start_date
from echelon.core.forecast.evaluation.backtest import cutoffs
from echelon.errors import InputRefused

HORIZON: dict[Frequency, int] = {"D": 28, "W": 8, "M": 3}
FEWEST_WINDOWS = 3
TRAINING_HORIZONS = 2
WORD: dict[Frequency, str] = {"D": "days", "W": "weeks", "M": "months"}


@dataclass(frozen=True)
class Windows:
    """Periods are numbered as in `core.demand.periods`; `end` is the first period after the history.

    horizon: periods forecast; windows: backtest windows, `step` apart (default: one horizon); held_back: horizons that the
    replay holds back; gap: periods between a cutoff and its window; least_periods: history that a series needs before a
    cutoff to take part in a window.
    """

    freq: Frequency
    first: int
    end: int
    horizon: int
    windows: int
    held_back: int
    step: int | None = None
    gap: int = 0

    @property
    def periods(self) -> int:
        """Periods of history."""
        return self.end - self.first

    @property
    def least_periods(self) -> int:
        """History that a series needs before a cutoff."""
        return TRAINING_HORIZONS * self.horizon

    @property
    def cutoffs(self) -> list[int]:
        """First unseen period of every backtest window, oldest first."""
        return cutoffs(self.end, self.horizon, self.windows, self.step, self.gap)

    @property
    def replay_cutoffs(self) -> list[int]:
        """Those whose windows end before the held-back periods."""
        return [cutoff for cutoff in self.cutoffs if cutoff + self.gap + self.horizon <= self.replay_start]

    @property
    def replay_cutoff_date(self) -> date:
        """First unseen day of the window with which the held-back weeks begin."""
        return start_date(self.replay_start - self.gap, self.freq)

    @property
    def replay_start(self) -> int:
        """First held-back period."""
        return self.end - self.held_back * self.horizon

    @property
    def replay_start_date(self) -> date:
        """First held-back day."""
        return start_date(self.replay_start, self.freq)

    @property
    def first_day(self) -> date:
        """First day of the history."""
        return start_date(self.first, self.freq)

    @property
    def last_day(self) -> date:
        """Last day of the history."""
        return start_date(self.end, self.freq) - timedelta(days=1)

    @property
    def held_back_words(self) -> str:
        """How much the replay holds back: 8 weeks, 60 days, 3 months."""
        number, word = self.held_back * self.horizon, WORD[self.freq]
        if self.freq == "D" and number % 7 == 0:
            number, word = number // 7, WORD["W"]
        return f"{number} {word if number > 1 else word.removesuffix('s')}"

    @property
    def shorter_than_a_season(self) -> str | None:
        """What to tell the user when seasons can't be learned, else None."""
        season = SEASON_LENGTH[self.freq]
        if self.periods >= season:
            return None
        return (
            f"the history ({self.periods} {WORD[self.freq]}) is shorter than a season ({season} {WORD[self.freq]}): "
            "seasonal patterns can't be learned, and the seasonal naive repeats the mean"
        )


def plan_windows(settings: Configuration, first_day: date, last_day: date) -> Windows:
    """Cut the history from `first_day` to the period of `last_day` into windows.

    Raises InputRefused when it is too short for three windows and a history before them.
    """
    freq = settings.run.frequency
    first, end = (int(period_index(day, freq)) for day in (first_day, last_day))
    periods = end + 1 - first
    horizon = settings.backtest.horizon or HORIZON[freq]
    held_back = math.ceil(settings.replay.weeks * 7 / (horizon * PERIOD_DAYS[freq]) - 0.1)
    step, gap = settings.backtest.step or horizon, settings.backtest.gap
    _refuse_step(horizon, step, held_back)
    before = math.ceil(held_back * horizon / step)  # windows that end in the held-back weeks
    possible = (periods - gap - (TRAINING_HORIZONS + 1) * horizon) // step + 1
    windows = max(settings.backtest.windows or min(before + FEWEST_WINDOWS, possible), before + 1)
    windows_of_run = Windows(freq, first, end + 1, horizon, windows, held_back, step, gap)
    _refuse_short_history(periods, replace(windows_of_run, windows=max(windows, FEWEST_WINDOWS)))
    return windows_of_run


def _refuse_step(horizon: int, step: int, held_back: int) -> None:
    """A window must begin with the held-back weeks."""
    if (held_back - 1) * horizon % step:
        raise InputRefused(
            f"backtest.step = {step}: no window begins with the weeks that the replay holds back ({held_back} x {horizon} "
            f"periods); choose a step that divides {horizon}"
        )


def _refuse_short_history(periods: int, least: Windows) -> None:
    """least: the windows that there must be."""
    training, word = TRAINING_HORIZONS * least.horizon, WORD[least.freq]
    needed = training + least.end - least.cutoffs[0]
    if periods < needed:
        raise InputRefused(
            f"sales: the history covers {max(periods, 0)} {word}; at least {needed} are needed: {least.windows} windows of "
            f"{least.horizon} to compare models and hold back the last {least.held_back_words}, and "
            f"{training} before them to learn from. "
            "Give more history, or set backtest.horizon or replay.weeks lower"
        )

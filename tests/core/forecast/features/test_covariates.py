"""Signals on the periods of a panel: against slow readings of the definitions, and nothing before it is published."""

from collections.abc import Callable
from datetime import date, timedelta
from statistics import mean, median

import numpy as np
import pandas as pd
import pytest
from echelon.core.demand.periods import Frequency, period_index, start_date
from echelon.core.forecast.features.covariates import (
    Calendar,
    Signal,
    Signals,
    laid_out,
    own_values,
    periods_ahead,
    shared_values,
)
from echelon.core.forecast.features.events import ANY, MOST_EVENTS, PREFIX, event_signals
from hypothesis import example, given, settings
from hypothesis import strategies as st

FIRST = date(2026, 1, 5)
ROWS = st.lists(st.tuples(st.integers(-5, 25), st.floats(-1e3, 1e3)), max_size=12)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def rows(*lines: tuple[str, str, str, int, float]) -> pd.DataFrame:
    """sku, location, name, day, value."""
    frame = pd.DataFrame(lines, columns=["sku", "location", "name", "day", "value"])
    return frame.assign(date=pd.to_datetime([day(number) for number in frame["day"]])).drop(columns="day")


def slowly(given: list[tuple[int, float]], period: int, signal: Signal) -> float:
    """The value of a period, read off the rows one by one."""
    here = [value for number, value in given if number == period]
    if here:
        ways: dict[str, Callable[[list[float]], float]] = {"mean": mean, "median": median, "sum": sum}
        return float(ways[signal.statistic](here))
    earlier = [number for number, _ in given if number < period]
    if signal.missing == "last" and earlier:
        return slowly(given, max(earlier), signal)
    return np.nan if isinstance(signal.missing, str) else signal.missing


@given(ROWS, st.sampled_from(["unknown", "last", 0.0]), st.sampled_from(["mean", "median", "sum"]))
def test_values_on_a_calendar(lines: list[tuple[int, float]], missing: str, statistic: str) -> None:
    signal = Signal("x", 0, missing, statistic)  # type: ignore[arg-type]
    period = np.array([number for number, _ in lines], np.int64)
    found = laid_out(period, np.array([value for _, value in lines], np.float64), Calendar("D", 0, 20, 20), signal)
    np.testing.assert_allclose(found, [slowly(lines, p, signal) for p in range(20)], atol=1e-9)


@given(st.integers(0, 100), st.sampled_from(["D", "W", "M"]), st.integers(0, 400))
@example(31, "M", 2)
def test_a_late_period_is_known_when_its_last_day_is_published(delay: int, freq: Frequency, later: int) -> None:
    cutoff = int(period_index(FIRST, freq)) + later
    ahead = periods_ahead(delay, False, freq, 8)
    last_day_known = start_date(cutoff, freq) - timedelta(days=1 + delay)
    assert ahead <= 0
    assert start_date(cutoff + ahead, freq) - timedelta(days=1) <= last_day_known


@given(st.integers(1, 100), st.sampled_from(["D", "W", "M"]), st.integers(0, 400))
def test_a_period_ahead_is_known_when_all_its_days_are(days: int, freq: Frequency, later: int) -> None:
    cutoff = int(period_index(FIRST, freq)) + later
    ahead = periods_ahead(0, days, freq, 8)
    assert 0 <= ahead <= 8
    assert start_date(cutoff + ahead, freq) <= start_date(cutoff, freq) + timedelta(days=days)
    assert periods_ahead(0, True, freq, 8) == 8


CHOSEN = (Signal("fuel", -2), Signal("promotion", 4, 0.0), Signal("price", 0, "last", "median"))
CALENDAR = Calendar("D", int(period_index(FIRST, "D")), 24, int(period_index(FIRST, "D")) + 20)
GIVEN = rows(
    ("*", "*", "fuel", 0, 1.0), ("*", "*", "fuel", 17, 1.5), ("*", "*", "fuel", 18, 1.75), ("*", "South", "fuel", 16, 9.0),
    ("A", "*", "promotion", 21, 1.0), ("A", "South", "promotion", 22, 2.0), ("A", "North", "price", 3, 5.0),
    ("A", "North", "price", 3, 6.0), ("A", "North", "price", 12, 4.0),
)  # fmt: skip


def signals_of(given: pd.DataFrame, order: int = 0) -> tuple[Signals, pd.DataFrame]:
    """Signals and the rows of demand that carry them: A at North and South and B at North, 20 days from FIRST on."""
    series = pd.DataFrame({"sku": ["A", "A", "B"], "location": ["North", "South", "North"]})
    dates = pd.DataFrame({"date": pd.to_datetime([day(number) for number in range(20)]), "demand": 1.0})
    own = given[given["sku"] != "*"]
    carried = own_values(pd.concat([own, series]).sample(frac=1, random_state=order), CALENDAR, CHOSEN)
    beside = carried.assign(category=np.array(["Cups", "Cups", None]), region="Coast")
    demand = pd.concat([series.merge(dates, how="cross"), beside]).sample(frac=1, random_state=order)
    return Signals(CALENDAR, CHOSEN, shared_values(given[given["sku"] == "*"], CALENDAR, CHOSEN)), demand


def test_the_most_exact_rows_count() -> None:
    signals, demand = signals_of(GIVEN)
    panel = signals.panel(demand)
    fuel, promotion, price = panel.covariates
    assert panel.attributes is not None
    assert panel.attributes.to_dict("list") == {"category": ["Cups", "Cups", ""], "location": ["North", "South", "North"]}
    assert [c.values.shape for c in (fuel, promotion, price)] == [(3, 18), (3, 24), (3, 20)]
    assert fuel.values[0, [0, 17]].tolist() == fuel.values[2, [0, 17]].tolist() == [1.0, 1.5]
    assert np.isnan(fuel.values[0, 1:17]).all()
    assert np.flatnonzero(fuel.values[1] == 9.0).tolist() == [16]
    assert np.isnan(fuel.values[1, [0, 17]]).all()
    assert promotion.values[:, 20:].tolist() == [[0, 1, 0, 0], [0, 0, 2, 0], [0, 0, 0, 0]]
    assert price.values[0].tolist()[2:] == [pytest.approx(np.nan, nan_ok=True)] + [5.5] * 9 + [4.0] * 8
    assert np.isnan(price.values[1:]).all()


def test_the_order_of_rows_does_not_matter() -> None:
    for a, b in zip(_known(GIVEN, CALENDAR.first + 20, 1), _known(GIVEN, CALENDAR.first + 20, 2), strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=25)
@given(st.integers(3, 20), st.data())
def test_what_is_published_after_a_cutoff_changes_nothing_before(later: int, data: st.DataObject) -> None:
    """Whatever becomes known on the cutoff or later may be anything: the panel of the cutoff stays as it is."""
    cutoff = CALENDAR.first + later
    ahead = GIVEN["name"].map({signal.name: signal.ahead for signal in CHOSEN})
    unseen = period_index(GIVEN["date"], "D") >= cutoff + ahead
    moved = GIVEN.assign(value=GIVEN["value"] + np.where(unseen, data.draw(st.floats(1, 1e6)), 0.0))
    for before, after in zip(_known(GIVEN, cutoff), _known(moved, cutoff), strict=True):
        np.testing.assert_array_equal(before, after)


def _known(given: pd.DataFrame, cutoff: int, order: int = 0) -> list[np.ndarray]:
    signals, demand = signals_of(given, order)
    return [covariate.values for covariate in signals.panel(demand).before(cutoff).covariates]


def test_what_is_the_same_for_all_series_is_in_memory_once() -> None:
    signals, demand = signals_of(GIVEN[GIVEN["location"] == "*"])
    panel = signals.panel(demand)
    some = panel.select(np.array([True, False, True])).before(panel.end - 3)
    assert some.covariates[0].values.shape == (2, 15)
    assert some.covariates[0].values.strides[0] == 0


def test_days_with_events() -> None:
    given = rows(
        ("*", "*", "New Year", 0, 1), ("*", "*", "New Year", 10, 1), ("*", "*", "Fair", 0, 1), ("*", "South", "Fair", 12, 1),
        ("*", "South", "New Year", 10, 1), ("*", "North", "Once", 5, 1),
    )  # fmt: skip
    signals, counted = event_signals(given[["name", "location", "date"]], horizon=4)
    assert [(s.name, s.ahead, s.missing) for s in signals] == [(PREFIX + name, 4, 0.0) for name in ("Fair", "New Year", "any")]
    assert [s.covariate for s in signals] == ["event_Fair", "event_New_Year", "event_any"]
    shared = shared_values(counted, CALENDAR, signals)
    days = {(name[1:], place): np.flatnonzero(line.values).tolist() for (name, place), line in shared.items()}
    assert days[ANY, "*"] == days["New Year", "*"] == days["New Year", "South"] == [0, 10]
    assert (days[ANY, "South"], days[ANY, "North"]) == ([0, 10, 12], [0, 5, 10])
    assert (days["Fair", "*"], days["Fair", "South"]) == ([0], [0, 12])
    assert max(line.values.max() for line in shared.values()) == 1
    weeks = shared_values(counted, Calendar("W", int(period_index(FIRST, "W")), 3, int(period_index(FIRST, "W")) + 3), signals)
    assert weeks[PREFIX + ANY, "South"].values.tolist() == [1, 2, 0]


def test_no_more_events_than_a_model_can_learn() -> None:
    given = rows(*(("*", "*", f"{number:03d}", n, 1) for number in range(50) for n in range(number // 10 + 1)))
    names = [signal.name for signal in event_signals(given[["name", "location", "date"]], 1)[0]]
    assert names == [*(f"{PREFIX}{number:03d}" for number in range(30, 50)), PREFIX + ANY]
    assert len(names) == MOST_EVENTS + 1

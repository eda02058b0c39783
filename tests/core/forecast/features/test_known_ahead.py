"""A plan has a signal as far ahead as its rows reach, and so has every backtest."""

import numpy as np
import pandas as pd
import pytest
from echelon.core.demand.periods import period_start
from echelon.core.forecast.features.covariates import Calendar, Signal, Signals, own_values, shared_values
from echelon.core.forecast.features.history import History
from echelon.core.forecast.features.known_ahead import periods_covered
from echelon.core.forecast.features.pooled_features import feature_names, features
from echelon.core.forecast.panel import Panel

END, REACH = 100, 28
DAYS = np.arange(END)
AHEAD = np.arange(END, END + REACH)
PROMOTIONS = np.arange(5, END, 14)
ALL = np.r_[DAYS, AHEAD]
WORKDAYS = ALL[(ALL + 5) % 7 < 5]  # the history ends with a weekend


@pytest.mark.parametrize(
    ("rows", "said", "known"),
    [
        (DAYS, REACH, 0),
        (ALL, REACH, REACH),
        (ALL, 14, 14),
        (ALL[: END + 14], REACH, 14),
        (np.r_[DAYS, AHEAD[[5, 20]]], REACH, 0),  # two far rows are not all the days before them
        (np.delete(ALL, [40, 41, 110]), REACH, REACH),
        (DAYS[:90], REACH, -10),
        (DAYS[:90], 0, -10),  # said to be known up to the end, and stopped
        (DAYS[:-7], -7, -7),
        (WORKDAYS[WORKDAYS < END], 0, 0),  # Friday's row holds over the weekend
        (WORKDAYS, REACH, REACH),
        (AHEAD, REACH, REACH),
        (DAYS[::30], -45, -45),  # a monthly index: days without a row say nothing
        (PROMOTIONS, 0, 0),
    ],
)
def test_rows_tell_how_far_a_signal_is_known(rows: np.ndarray, said: int, known: int) -> None:
    shuffled = np.random.default_rng(1).permutation(np.repeat(rows, 2))
    assert periods_covered(shuffled, END, said, int(rows.max())) == known


@pytest.mark.parametrize(("last", "known"), [(END + 200, REACH), (END + REACH - 1, REACH), (END + 9, 10), (END - 2, 0)])
def test_rare_promotions_are_known_as_far_as_the_last_row_of_any_of_them(last: int, known: int) -> None:
    assert periods_covered(PROMOTIONS, END, REACH, last) == known
    assert periods_covered(np.array([END + 3]), END, REACH, last) == known


def panel_of(given: dict[tuple[str, str], np.ndarray], signal: Signal) -> Panel:
    """A, B and C at X, 100 days each, with a signal whose value is the number of its day."""
    lines = [
        pd.DataFrame({"sku": sku, "location": place, "name": "s", "date": period_start(days, "D"), "value": days + 1.0})
        for (sku, place), days in given.items()
    ]
    rows = pd.concat(lines).astype({"date": "datetime64[s]"})
    series = pd.DataFrame({"sku": list("ABC"), "location": "X"})
    calendar = Calendar("D", 0, END + REACH, END)
    signals = Signals(calendar, (signal,), shared_values(rows[rows["sku"] == "*"], calendar, (signal,)))
    beside = own_values(pd.concat([rows[rows["sku"] != "*"], series]), calendar, (signal,))
    demand = series.merge(pd.DataFrame({"date": period_start(DAYS, "D"), "demand": DAYS % 5 + 1.0}), how="cross")
    return signals.panel(pd.concat([demand.astype({"date": "datetime64[s]"}), beside.assign(category="", region="")]))


@pytest.mark.parametrize("missing", [0.0, "unknown", "last"])
def test_a_signal_without_rows_ahead_is_hidden_alike_from_the_past(missing: float | str) -> None:
    panel = panel_of({("*", "*"): DAYS}, Signal("s", REACH, missing, last=END - 1))  # type: ignore[arg-type]
    assert [(c.ahead, c.values.shape) for c in panel.covariates] == [(0, (3, END))]
    assert panel.before(60).covariates[0].values.shape == (3, 60)
    table = features(History.of(panel), np.zeros(3, int), np.full(3, END - 1), np.array([1, 7, 28]))
    assert table[:, feature_names(panel).index("signal_s")].tolist() == [END, END, END]


def test_each_series_has_what_its_own_rows_reach() -> None:
    """A for the whole horizon, B for ten days, C not at all, now and at any time before; what comes later changes nothing."""
    given = {("A", "X"): ALL, ("B", "*"): ALL[: END + 10], ("*", "X"): DAYS}
    panel = panel_of(given, Signal("s", REACH, 0.0, last=END + REACH - 1))
    for end in (END, 60):
        known = panel.before(end)
        assert (~np.isnan(known.covariates[0].values)).sum(axis=1).tolist() == [end + REACH, end + 10, end]
    series, step = np.repeat([0, 1, 2], 2), np.tile([5, 20], 3)
    name = feature_names(panel).index("signal_s")
    whole = features(History.of(panel), series, np.full(6, 59), step)
    assert whole[:, name].tolist() == [65, 80, 65, 70, 60, 60]
    np.testing.assert_array_equal(whole, features(History.of(panel.before(60)), series, np.full(6, 59), step))
    some = panel.select(np.array([False, True, True])).covariates[0]
    assert some.late is not None and some.late.tolist() == [18, 28]

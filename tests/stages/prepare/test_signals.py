"""From tables to the panel that candidates see: what is joined how, and that a backtest sees what was published then."""

from datetime import date, timedelta
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from echelon.core.demand.periods import period_index
from echelon.core.forecast.base.candidate import OK, Candidate, Means
from echelon.core.forecast.features.covariates import Signals
from echelon.core.forecast.panel import Panel
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.stages import backtest
from echelon.stages.prepare.signals import with_signals
from echelon.stages.shared.context import Context
from echelon.stages.shared.windows import Windows
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from support.in_memory import Rows, Tables, context, filled

FIRST, DAYS, HORIZON = date(2025, 1, 6), 140, 7
WINDOWS = Windows("D", int(period_index(FIRST, "D")), int(period_index(FIRST, "D")) + DAYS, HORIZON, 3, 1)
SERIES = [("A", "North"), ("A", "South"), ("B", "North")]
Carried = tuple[pd.DataFrame, Signals]
SETTINGS: dict[str, Any] = {
    "fuel": {"delay_days": 9},
    "offer": {"known_ahead": True, "missing": 0},
    "weather": {"known_ahead": 3, "missing": "last"},
    "paid": {"source": "sales"},
    "empty": {"source": "stock_history", "delay_days": 1},
}


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def made(spark: SparkSession, settings: dict[str, Any], moved: int | None = None) -> Context:
    """Three series of 140 days; all signals beside them are others from the day `moved` on."""
    noise = np.random.default_rng(5)

    def value(number: int, usual: float) -> float:
        return usual + (1000.0 if moved is not None and number >= moved else 0.0)

    signals: Rows = [("signal", "fuel", "*", "*", day(n), value(n, 1.0 + n % 11)) for n in range(DAYS + 30)]
    signals += [("signal", "offer", "A", "*", day(n), value(n, 1.0)) for n in range(3, DAYS + 30, 14)]
    signals += [("signal", "offer", "A", "South", day(n), value(n, 2.0)) for n in range(5, DAYS + 30, 14)]
    signals += [("signal", "weather", "*", "North", day(n), value(n, 20.0 - n % 5)) for n in range(0, DAYS + 30, 2)]
    signals += [("event", "Fair", "*", "South", day(n), 1.0) for n in range(10, DAYS + 30, 30)]
    sold = [(*key, day(n), float(noise.poisson(4 + n % 7))) for key in SERIES for n in range(DAYS)]
    tables: dict[str, Rows] = {
        "signals": signals,
        "segments": SERIES,
        "items": [("A", "Cup", "Kitchen", 1.0), ("B", "Coat", "Clothes", 1.0)],
        "locations": [("North", "store", 0.2, "Coast"), ("South", "store", 0.2, "Coast")],
        "demand": [(*row, 0.0, row[3], 0.5 if row[2] == day(8) else 0.0) for row in sold],
        "sales": [("A", "North", day(n), 2.0, 0.0, 2.0, value(n, 2.0 * (3 + n // 50)), 1) for n in range(0, DAYS, 10)],
    }
    tables["sales"].append(("A", "North", day(55), 2.0, 1.0, 1.0, 99.0, 2))
    sources = {name: {"path": name} for name in ("sales", "stock_history", "signals", "events")}
    return context(spark, tables, sources=sources, signals=settings)


def rows_of(made: Context) -> Carried:
    demand, signals = with_signals(made, made.lake.read("demand").select("sku", "location", "date", "demand"), WINDOWS)
    return demand.toPandas().assign(date=lambda rows: pd.to_datetime(rows["date"])), signals


@pytest.fixture(scope="module")
def usual(spark: SparkSession) -> Carried:
    """Demand with signals as candidates get it."""
    return rows_of(made(spark, SETTINGS))


@pytest.fixture(scope="module")
def panel(usual: Carried) -> Panel:
    return usual[1].panel(usual[0])


def signal(panel: Panel, name: str) -> np.ndarray:
    return next(covariate.values for covariate in panel.covariates if covariate.name == name)


def test_each_signal_is_known_as_far_as_it_is_published(panel: Panel) -> None:
    ahead = {covariate.name: covariate.ahead for covariate in panel.covariates}
    assert ahead == {
        "signal_empty": -1, "signal_fuel": -9, "signal_offer": 7, "signal_paid": 0, "signal_weather": 3,
        "event_any": 7, "event_Fair": 7,
    }  # fmt: skip
    assert all(c.values.shape == (3, DAYS + c.ahead) for c in panel.covariates)


def test_signals_are_joined_by_date_location_and_sku(panel: Panel) -> None:
    assert (signal(panel, "signal_fuel") == 1 + np.arange(DAYS - 9) % 11).all()
    starts = [np.flatnonzero(line)[:2].tolist() for line in signal(panel, "signal_offer")]
    assert starts == [[3, 17], [5, 19], []]
    assert signal(panel, "signal_weather")[2, :4].tolist() == [20, 20, 18, 18]
    assert np.isnan(signal(panel, "signal_weather")[1]).all()
    assert [np.flatnonzero(line)[:2].tolist() for line in signal(panel, "event_Fair")] == [[], [10, 40], []]
    assert panel.attributes is not None
    assert panel.attributes["category"].tolist() == ["Kitchen", "Kitchen", "Clothes"]


def test_signals_from_sales_and_stock_history(panel: Panel) -> None:
    """The price of a day with a return is none."""
    paid = signal(panel, "signal_paid")
    assert paid[0, [0, 49, 50, 55, 100, 139]].tolist() == [3, 3, 4, 4, 5, 5]
    assert np.isnan(paid[1:]).all()
    assert np.flatnonzero(signal(panel, "signal_empty")[0]).tolist() == [8]


def _all_known(panel: Panel, horizon: int) -> Means:
    """A candidate that forecasts the sum of everything it knows of signals."""
    known = sum(np.nansum(covariate.values, axis=1) for covariate in panel.covariates)
    return Means(np.repeat(np.reshape(known, (-1, 1)), horizon, axis=1), np.full(len(panel.keys), OK, dtype=object))


def test_a_backtest_sees_what_was_published_at_its_cutoff(spark: SparkSession, usual: Carried) -> None:
    """Signals that differ from the last cutoff on: of the windows before, even the one that knows offers up to then sees no
    change. At that cutoff the north knows the weather of three days more; the south, where there is no offer, nothing new."""
    moved = rows_of(made(spark, SETTINGS, DAYS - HORIZON))
    chosen, terms = [Candidate("all", _all_known, True)], {"cover": 1.0, "ratio": 0.95, "holding": 1.0}
    before, after = (backtest._backtest(rows.assign(**terms), chosen, WINDOWS, s, 1) for rows, s in (usual, moved))
    same = np.array([list(a) == list(b) for a, b in zip(before["forecast"], after["forecast"], strict=True)])
    last = (before["cutoff"] == before["cutoff"].max()).to_numpy()
    assert set(before["status"]) == {OK}
    assert same[~last].all()
    assert same[last].tolist() == [False, True, False]


def test_signals_depend_on_neither_partitions_nor_order(spark: SparkSession) -> None:
    """Prices and temperatures with many digits, several of a day: whatever they are added up in."""
    some = made(spark, SETTINGS)
    digits = np.random.default_rng(3).gamma(2.0, 0.1, 120)
    lines: Rows = [("A", "North", day(n % 40), 2.0, 0.0, 2.0, float(price), 7) for n, price in enumerate(digits)]
    warm: Rows = [("signal", "weather", "*", "North", day(n % 40), float(degrees)) for n, degrees in enumerate(digits)]
    more = {"sales": lines, "signals": warm}
    panels = []
    for partitions, buckets, seed in ((1, 1, 1), (8, 2, 2)):
        frames = {name: some.lake.read(name) for name in ("signals", "segments", "items", "locations", "demand", "sales")}
        for name, added in more.items():
            frames[name] = frames[name].union(spark.createDataFrame(filled(name, added), TABLES[name].ddl))
        shuffled = frames | {name: frames[name].repartition(partitions, F.rand(seed)) for name in more}
        settings = some.settings.model_copy(update={"spark": some.settings.spark.model_copy(update={"buckets": buckets})})
        rows, signals = rows_of(Context(settings, spark, cast(Lake, Tables(shuffled))))
        panels.append(signals.panel(rows))
    one, other = panels
    pd.testing.assert_frame_equal(one.keys, other.keys)
    assert one.attributes is not None and other.attributes is not None
    pd.testing.assert_frame_equal(one.attributes, other.attributes)
    for mine, theirs in zip(one.covariates, other.covariates, strict=True):
        assert (mine.name, mine.ahead) == (theirs.name, theirs.ahead)
        np.testing.assert_array_equal(mine.values, theirs.values, err_msg=mine.name)


def test_a_run_without_signals_reads_none(spark: SparkSession) -> None:
    bare = made(spark, {})
    settings = bare.settings.model_copy(update={"sources": bare.settings.sources.model_copy(update={"events": None})})
    rows, signals = rows_of(Context(settings, spark, bare.lake))
    assert "signals" not in rows
    assert signals.panel(rows).covariates == ()

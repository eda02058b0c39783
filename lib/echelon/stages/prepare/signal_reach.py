"""What is said of signals whose rows end before what is said of them: how much the backtest had, and how much the plan has."""

from dataclasses import dataclass

import pandas as pd
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import Frequency, period_index, start_date
from echelon.core.forecast.features.covariates import Signal
from echelon.core.forecast.features.known_ahead import DENSE
from echelon.stages.prepare.signals import given_signals
from echelon.stages.shared.context import Context
from echelon.stages.shared.windows import WORD, Windows

_UNIT: dict[Frequency, str] = {"D": "day", "W": "week", "M": "month"}
# A plan that has this share of what its backtest had has no less.
ENOUGH = 0.9
_THEREFORE = "Forecasts, backtest and replay use it as far as its rows reach and no further"


@dataclass(frozen=True)
class _Rows:
    """Of one signal: scopes (SKUs and locations that it is given for); had, has: pairs of a scope and a period with a row, in
    the backtest's windows and in the periods ahead that are to be known; dense: most periods of the history have a row."""

    scopes: int
    had: int
    has: int
    dense: bool


def signal_notes(context: Context, windows: Windows) -> list[str]:
    """What to tell the user of every signal that a plan will not have as its backtest could have had it."""
    checked = [signal for signal in given_signals(context, windows) if signal.last is not None]
    if not checked:
        return []
    counted = _counted(context.lake.read("signals").where("kind = 'signal'"), checked, windows).set_index("name")
    notes = (_note(signal, _Rows(*counted.loc[signal.name]), windows) for signal in checked)
    return [line for line in notes if line]


def _counted(rows: DataFrame, checked: list[Signal], windows: Windows) -> pd.DataFrame:
    """name and the columns of `_Rows`."""
    freq, scope, period = windows.freq, F.struct("sku", "location"), F.date_trunc(_UNIT[windows.freq], "date").cast("date")
    first, end = (F.lit(start_date(number, freq)) for number in (windows.cutoffs[0] + windows.gap, windows.end))
    beyond = F.create_map(*(F.lit(x) for s in checked for x in (s.name, start_date(windows.end + max(s.ahead, 0), freq))))
    past = F.col("date") < end
    counted = rows.groupBy("name").agg(
        F.count_distinct(scope).alias("scopes"),
        _pairs(scope, period, past & (F.col("date") >= first)).alias("had"),
        _pairs(scope, period, ~past & (F.col("date") < beyond[F.col("name")])).alias("has"),
        _pairs(scope, period, past).alias("pairs"),
        F.min(F.when(past, F.col("date"))).alias("first"),
        F.max(F.when(past, F.col("date"))).alias("last"),
    ).toPandas()  # fmt: skip
    span = [
        0 if pd.isna(a) else 1 + int(period_index(b, freq) - period_index(a, freq))
        for a, b in counted[["first", "last"]].values
    ]
    return counted[["name", "scopes", "had", "has"]].assign(dense=counted["pairs"] >= DENSE * counted["scopes"] * span)


def _pairs(scope: Column, period: Column, where: Column) -> Column:
    return F.count_distinct(F.when(where, F.struct(scope, period)))


def _note(signal: Signal, rows: _Rows, windows: Windows) -> str | None:
    """One line on a signal, None where the plan has as much as the backtest."""
    assert signal.last is not None
    word, last = WORD[windows.freq], start_date(signal.last, windows.freq)
    if signal.ahead <= 0:
        stale = rows.dense and signal.last + windows.horizon < windows.end + signal.ahead
        return f"{signal.name} has no row after {last}, though the backtest had {rows.had:,}. {_THEREFORE}" if stale else None
    periods, wanted = windows.end - windows.cutoffs[0] - windows.gap, signal.ahead * rows.scopes
    if not rows.dense:
        if signal.last >= windows.end + signal.ahead - 1:
            return None
        return (
            f"{signal.name} is said to be known ahead, and its last row is of {last}. {_THEREFORE}: where nothing changes "
            f"after it, say so by a row on or after {start_date(windows.end + signal.ahead - 1, windows.freq)}"
        )
    total = periods * rows.scopes
    if rows.has * total >= ENOUGH * rows.had * wanted:
        return None
    return (
        f"{signal.name} is said to be known ahead, and {wanted - rows.has:,} of {wanted:,} {word} ahead have no row; "
        f"the backtest had {rows.had:,} of {total:,}. {_THEREFORE}"
    )

"""What is known beside demand: attributes of a panel's series, and signals on its periods, cut to what is known at its end.

A signal that is published `delay_days` late is known for that many whole periods less than demand; one that is known
ahead, for that many more; neither for more than its rows tell (`known_ahead.py`). `Panel.before` moves both with the cutoff,
so a backtest sees what was published then, and no more than the plan has.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from echelon.core.arrays import Vector
from echelon.core.demand.periods import Frequency, period_index
from echelon.core.forecast.features.known_ahead import periods_covered
from echelon.core.forecast.panel import KEYS, Covariate, Panel, make_panel

EVERY = "*"
OWN = ("signals", "known_ahead")
ATTRIBUTES = ["category", "region", "kind", "price_tier"]
LOCATION = "location"
# Attributes of more names than this: the rarer ones are none.
MOST_NAMES = 1_000
# Days in the shortest and in the longest period.
_SHORTEST: dict[Frequency, int] = {"D": 1, "W": 7, "M": 28}
_LONGEST: dict[Frequency, int] = {"D": 1, "W": 7, "M": 31}

Missing = Literal["unknown", "last"] | float
Values = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Signal:
    """ahead: periods for which it is known beyond the last one of demand (negative: published that much late). missing:
    what holds in a period without a row: unknown, the last value before, or a number. statistic: what stands for a period
    that has several rows. kind: begins its name as a covariate, so that it can't be taken for a feature of demand. last: the
    last period with a row for any SKU or location; None: the signal is known as far as is said, whatever its rows."""

    name: str
    ahead: int
    missing: Missing = "unknown"
    statistic: Literal["mean", "median", "sum"] = "mean"
    kind: Literal["signal", "event"] = "signal"
    last: int | None = None

    @property
    def covariate(self) -> str:
        """Kind and name in letters, digits and underscores, which is what models take for a name."""
        return re.sub(r"\W+", "_", f"{self.kind} {self.name}")


@dataclass(frozen=True)
class Calendar:
    """The periods that a signal is laid out on: `length` of them from `first` on, so that they reach as far ahead of
    demand as any signal is known; `end` is the first one after demand."""

    freq: Frequency
    first: int
    length: int
    end: int


@dataclass(frozen=True)
class Line:
    """values: (length,) on the calendar; ahead: for how many periods beyond demand they are known, at most the signal's."""

    values: Values
    ahead: int


@dataclass(frozen=True)
class Signals:
    """All signals of a run. shared: a line per signal name and location (EVERY: for all); those by SKU come with the rows of
    demand, in the columns `signals` and `known_ahead` (see `own_values`). attributes: the names of each attribute that all
    series of the run have, so that they have the same numbers in every bucket; None: those of the rows themselves."""

    calendar: Calendar
    chosen: tuple[Signal, ...] = ()
    shared: Mapping[tuple[str, str], Line] = field(default_factory=dict)
    attributes: Mapping[str, Sequence[str]] | None = None

    def panel(self, rows: pd.DataFrame) -> Panel:
        """A panel with attributes and covariates from rows sku, location, date, demand, in any order, among them one per
        series without a date, which has ATTRIBUTES (those that are given) and, where there are signals, `signals` and
        `known_ahead`. It begins with the calendar.

        Raises ValueError as `make_panel` does.
        """
        carries = rows["date"].isna().to_numpy()
        panel = make_panel(rows[~carries], self.calendar.freq).since(self.calendar.first)
        beside = rows[carries].set_index(KEYS).reindex(pd.MultiIndex.from_frame(panel.keys))
        own = [beside[name].to_list() for name in OWN] if self.chosen else [[], []]
        covariates = (
            self._covariate(panel, signal, [values[i] for values in own[0]], [ahead[i] for ahead in own[1]])
            for i, signal in enumerate(self.chosen)
        )
        return replace(panel, covariates=tuple(covariates), attributes=self._attributes(beside.reset_index()))

    def of_sums(self, panel: Panel) -> Panel:
        """A panel of sums over SKUs, with what is known of their locations alone."""
        full, nothing = panel.since(self.calendar.first), len(panel.keys)
        return replace(full, covariates=tuple(self._covariate(full, s, [None] * nothing, [0] * nothing) for s in self.chosen))

    def _covariate(self, panel: Panel, signal: Signal, own: list[Values | None], own_ahead: list[int]) -> Covariate:
        columns = panel.values.shape[1]
        start = panel.end - columns - self.calendar.first
        lines = [
            self._shared(signal, str(place)) if values is None else Line(values, ahead)
            for values, ahead, place in zip(own, own_ahead, panel.keys["location"], strict=True)
        ]
        known = np.array([line.ahead for line in lines], np.int64)
        late = known.max() - known
        values = _stacked([line.values for line in lines])[:, start:]
        return Covariate(signal.covariate, values, int(known.max()), late if late.any() else None).before(columns)

    def _attributes(self, beside: pd.DataFrame) -> pd.DataFrame | None:
        """Those that tell some series from others."""
        given = beside[[name for name in (*ATTRIBUTES, LOCATION) if name in beside]].fillna("")
        names = self.attributes or {str(name): sorted(set(column)) for name, column in given.items()}
        telling = {name: pd.Categorical(given[name], pd.Index(known)) for name, known in names.items() if len(known) > 1}
        return pd.DataFrame(telling) if telling else None

    def _shared(self, signal: Signal, location: str) -> Line:
        return self.shared.get((signal.name, location), self.shared[signal.name, EVERY])


def _stacked(lines: list[Values]) -> npt.NDArray[np.float64]:
    """(n, length); what is the same for all series is there once, however many they are."""
    if all(line is lines[0] for line in lines):
        return np.broadcast_to(lines[0].astype(np.float64), (len(lines), len(lines[0])))
    return np.stack(lines).astype(np.float64)


def periods_ahead(delay_days: int, known_ahead: bool | int, freq: Frequency, horizon: int) -> int:
    """Whole periods for which a signal is known beyond the last one of demand, at most `horizon`; negative if late."""
    if known_ahead is True:
        return horizon
    if known_ahead:
        return min(known_ahead // _LONGEST[freq], horizon)
    return -math.ceil(delay_days / _SHORTEST[freq])


def laid_out(period: npt.NDArray[np.int64], value: Vector, calendar: Calendar, signal: Signal) -> Vector:
    """Values (length,) on the calendar from rows in any order; NaN where unknown. Nothing is taken from a later period.

    period: number of the period of each row; value: of each row.
    """
    by_period = pd.Series(value).groupby(period).agg(signal.statistic).sort_index()
    wanted = pd.RangeIndex(calendar.first, calendar.first + calendar.length)
    if signal.missing == "last":
        return by_period.reindex(wanted, method="ffill").to_numpy(np.float64)
    filled = by_period.reindex(wanted)
    return (filled if signal.missing == "unknown" else filled.fillna(signal.missing)).to_numpy(np.float64)


def shared_values(rows: pd.DataFrame, calendar: Calendar, chosen: Sequence[Signal]) -> dict[tuple[str, str], Line]:
    """`Signals.shared` from rows name, location, date, value; a signal that has no rows for all has its `missing` there."""
    nothing = np.empty(0, np.int64), np.empty(0, np.float64)
    silent = {
        (signal.name, EVERY): Line(laid_out(*nothing, calendar, signal).astype(np.float32), signal.ahead) for signal in chosen
    }
    return silent | _by_place(rows, calendar, chosen)


def own_values(rows: pd.DataFrame, calendar: Calendar, chosen: Sequence[Signal]) -> pd.DataFrame:
    """sku, location, signals, known_ahead: per series two lists as long as `chosen`, of arrays (length,) and of the periods for
    which they are known beyond demand; both None where the signal has no rows for the SKU. Rows for the SKU at the location
    stand before those for the SKU everywhere.

    rows, of whole SKUs in any order: sku, location, name, date, value; name null: a series that wants its signals.
    """
    wanted = rows["name"].isna()
    series = rows.loc[wanted, KEYS].drop_duplicates().sort_values(KEYS, ignore_index=True)
    given = {str(sku): _by_place(of_sku, calendar, chosen) for sku, of_sku in rows[~wanted].groupby("sku", sort=True)}
    lines = [
        [_most_exact(given.get(str(sku), {}), signal.name, str(location)) for signal in chosen]
        for sku, location in series.itertuples(index=False)
    ]
    values = [[None if line is None else line.values for line in some] for some in lines]
    ahead = [[None if line is None else line.ahead for line in some] for some in lines]
    return series.assign(signals=pd.Series(values, dtype=object), known_ahead=pd.Series(ahead, dtype=object))


def _most_exact(given: Mapping[tuple[str, str], Line], name: str, location: str) -> Line | None:
    return given.get((name, location), given.get((name, EVERY)))


def _by_place(rows: pd.DataFrame, calendar: Calendar, chosen: Sequence[Signal]) -> dict[tuple[str, str], Line]:
    by_name = {signal.name: signal for signal in chosen}
    lines = {}
    for (name, place), of_place in rows.groupby(["name", "location"], sort=True):
        lines[str(name), str(place)] = _line(of_place, calendar, by_name[str(name)])
    return lines


def _line(rows: pd.DataFrame, calendar: Calendar, signal: Signal) -> Line:
    period = period_index(rows["date"], calendar.freq)
    values = laid_out(period, rows["value"].to_numpy(np.float64), calendar, signal).astype(np.float32)
    if signal.last is None:
        return Line(values, signal.ahead)
    return Line(values, periods_covered(period, calendar.end, signal.ahead, signal.last))

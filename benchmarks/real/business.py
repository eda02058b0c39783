"""A real set as a user would have it: files of sales and whatever else is known, and a plan with default settings."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from echelon.core.arrays import Flags, Matrix
from echelon.core.demand.periods import Frequency, period_index, start_date
from echelon.core.forecast.panel import KEYS, series_hash

Levels = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Business:
    """sales: sku, location, date, quantity (price where it is known), to the last day of the set. inputs: the other inputs
    by name; what is dated and not known ahead is cut like sales. signals: their settings. attributes: one row per series,
    sku, location and what `levels` add demand up by."""

    name: str
    freq: Frequency
    horizon: int
    sales: pd.DataFrame
    attributes: pd.DataFrame
    levels: Levels
    inputs: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    signals: Mapping[str, Mapping[str, object]] = field(default_factory=dict)

    def drawn(self, series: int | None) -> "Business":
        """At most so many series, drawn by a hash of their names."""
        if series is None or series >= len(self.attributes):
            return self
        chosen = self.attributes.iloc[np.argsort(series_hash(self.attributes[KEYS]), kind="stable")[:series]]
        inputs = {name: _of(frame, chosen) for name, frame in self.inputs.items()}
        return replace(self, sales=self.sales.merge(chosen[KEYS], on=KEYS), attributes=chosen.sort_values(KEYS), inputs=inputs)

    def write(self, cut: int, folder: Path, output: Path | None = None) -> Path:
        """All that was known before the period `cut` as Parquet files, and plan.yaml; its path. output: of the plan, default:
        out in the folder."""
        day = start_date(cut, self.freq)
        folder.mkdir(parents=True, exist_ok=True)
        sources = {}
        for name, frame in {"sales": self.sales, **self.inputs}.items():
            _to_parquet(frame[self._known(name, frame, day)], folder / f"{name}.parquet")
            sources[name] = {"path": str(folder / f"{name}.parquet")}
        run = {"frequency": self.freq, "run_date": day.isoformat(), "output": str(output or folder / "out")}
        plan = {"run": run, "sources": sources, "signals": {name: dict(signal) for name, signal in self.signals.items()}}
        (folder / "plan.yaml").write_text(yaml.safe_dump(plan))
        return folder / "plan.yaml"

    def _known(self, name: str, frame: pd.DataFrame, day: dt.date) -> Flags:
        if name == "events" or "date" not in frame:
            return np.ones(len(frame), bool)
        past = (frame["date"] < pd.Timestamp(day)).to_numpy(bool)
        ahead = [signal for signal, says in self.signals.items() if says.get("known_ahead")]
        return past | frame["name"].isin(ahead).to_numpy(bool) if name == "signals" else past


@dataclass(frozen=True)
class Demand:
    """What was sold: keys sorted by sku and location, values (n, T) units by period up to `end`, NaN before the first sale;
    known: where demand was not cut off by empty shelves."""

    keys: pd.DataFrame
    values: Matrix
    known: Flags
    end: int

    def before(self, cut: int) -> Matrix:
        """(n, periods) before a cut."""
        return self.values[:, : self.values.shape[1] - (self.end - cut)]

    def after(self, cut: int, periods: int) -> Matrix:
        """(n, periods) from the cut on, 0 before a first sale; NaN where demand is not known, as after the end."""
        first = self.values.shape[1] - (self.end - cut)
        sold = np.where(self.known, np.nan_to_num(self.values), np.nan)[:, first : first + periods]
        return np.pad(sold, ((0, 0), (0, periods - sold.shape[1])), constant_values=np.nan)


def demand_of(business: Business) -> Demand:
    """The demand of all series, in the order of their names."""
    keys, values, first = grid(business.sales, business.freq, "quantity")
    known, history = np.ones(values.shape, bool), business.inputs.get("stock_history")
    if history is not None:
        empty = history[history["stocked_out"]]
        row = pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(empty[KEYS]))
        known[row[row >= 0], (period_index(empty["date"], business.freq) - first)[row >= 0]] = False
    return Demand(keys, _from_first_sale(values), known, first + values.shape[1])


def grid(rows: pd.DataFrame, freq: Frequency, value: str) -> tuple[pd.DataFrame, Matrix, int]:
    """Keys (sorted), (n, T) of `value` added up by period, NaN where there is no row, and the number of the first period."""
    table = rows.assign(period=period_index(rows["date"], freq))
    table = table.pivot_table(index=KEYS, columns="period", values=value, aggfunc="sum")
    first, last = int(table.columns.min()), int(table.columns.max())
    values = table.reindex(columns=range(first, last + 1)).to_numpy(np.float64)
    return table.index.to_frame(index=False), values, first


def _from_first_sale(values: Matrix) -> Matrix:
    """Gaps are periods without demand, returns are none; a series begins with its first sale."""
    sold = np.maximum(np.nan_to_num(values), 0.0)
    return np.where(np.maximum.accumulate(sold > 0, axis=1), sold, np.nan)


def _of(frame: pd.DataFrame, chosen: pd.DataFrame) -> pd.DataFrame:
    """Rows that speak of SKUs and locations of the chosen series, or of all."""
    for key in (key for key in KEYS if key in frame):
        frame = frame[frame[key].isin([*chosen[key], "*"])]
    return frame


def _to_parquet(frame: pd.DataFrame, path: Path) -> None:
    table = pa.Table.from_pandas(frame, preserve_index=False)
    for i, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            table = table.set_column(i, column.name, table[column.name].cast(pa.date32()))
    pq.write_table(table, path)

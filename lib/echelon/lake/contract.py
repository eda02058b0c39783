"""What a table is: its columns, types, units, keys and meaning, declared once and used everywhere."""

from dataclasses import dataclass
from typing import Literal

Stage = Literal["ingest", "prepare", "backtest", "forecast", "stock", "replenish", "replay", "release"]


@dataclass(frozen=True)
class Column:
    """One column. `type` is a Spark SQL type; `check` is a Spark SQL condition enforced by Delta on every write."""

    name: str
    type: str
    meaning: str
    unit: str = ""
    nullable: bool = False
    check: str | None = None
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One published table. `key` identifies a row; `columns` are in the order in which they are written."""

    name: str
    stage: Stage
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> list[str]:
        """The column names, in order."""
        return [column.name for column in self.columns]

    @property
    def ddl(self) -> str:
        """The Spark schema as a DDL string (what `applyInPandas` and `createDataFrame` take)."""
        return ", ".join(f"{c.name} {c.type}" for c in self.columns)

"""What a table is: its columns, types, units, keys and meaning, declared once and used everywhere."""

from dataclasses import dataclass, field
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


# Old versions stay this long: releases of the last month can be brought back and read.
RETENTION_DAYS = 35


@dataclass(frozen=True)
class Table:
    """One published table. `key` identifies a row; `columns` are in the order in which they are written.

    `by_run`: the table is partitioned by `run_id` and a run replaces only its own rows; otherwise a run replaces all rows.
    `retention_days`: how long versions that are no longer the newest can be read, at least.
    `summary`: of raw facts, a query on `{batch}` that adds them up in one pass, `{summary}` to the queries of the suite, which
    then need none of their own. Its column `copies` is above 0 where the key is not unique.
    `quantiles`: columns that a setting names, in ascending order: the values of a row do not cross. Where a run asks for other
    ones than the table has, it is made anew in one commit; earlier versions stay readable.
    """

    name: str
    stage: Stage
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    by_run: bool = False
    retention_days: int = RETENTION_DAYS
    summary: str | None = None
    quantiles: tuple[str, ...] = field(default=(), repr=False)

    @property
    def column_names(self) -> list[str]:
        """The column names, in order."""
        return [column.name for column in self.columns]

    @property
    def ddl(self) -> str:
        """The Spark schema as a DDL string (what `applyInPandas` and `createDataFrame` take)."""
        return ", ".join(f"{c.name} {c.type}" for c in self.columns)

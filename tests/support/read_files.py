"""Read inputs as the stage `ingest` reads them, without what comes after."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from echelon.config import load
from echelon.config.models import Configuration
from echelon.errors import InputRefused

from support.case_plans import configuration

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

HEADER = "sku,location,date,quantity"


class Kept:
    """A lake that keeps what is read in memory."""

    def keep(self, _: str, frame: DataFrame) -> DataFrame:
        return frame.localCheckpoint()


@dataclass
class Read:
    """The rows of an input, and the notes on it."""

    rows: pd.DataFrame
    notes: list[str]

    def good(self, *columns: str) -> list[Any]:
        """Sorted values of the accepted rows."""
        rows = self.rows[self.rows["_rule"].isna()]
        found = rows[list(columns)].itertuples(index=False, name=None)
        return sorted((tuple(v) if len(columns) > 1 else v[0]) for v in found)

    def bad(self) -> list[tuple[str, str]]:
        """Rules and reasons of the others."""
        rows = self.rows[self.rows["_rule"].notna()]
        return sorted(rows[["_rule", "_reason"]].itertuples(index=False, name=None))


def refusal(read: Any, *settings: Any, **source: Any) -> str:
    """The message with which a source is refused, in one line."""
    with pytest.raises(InputRefused) as caught:
        read(*settings, **source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def of(case: str, folder: Path) -> Configuration:
    """The configuration of a case."""
    return load([str(configuration(case, folder))])


def files(folder: Path, **texts: str | bytes) -> Path:
    """Files in a folder of their own; `__` in a name is a slash, `_csv` its ending."""
    for name, text in texts.items():
        file = folder / "in" / name.replace("__", "/").replace("_csv", ".csv")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder / "in"

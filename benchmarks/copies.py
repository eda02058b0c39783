"""The included data several times over: every copy has SKUs of its own, and the network is the same."""

from pathlib import Path

import pandas as pd
from echelon.config import Configuration

# Inputs that name SKUs, by the column that does.
SKU_COLUMN = {"sales": "StockCode", "items": "sku", "stock": "sku", "targets": "sku"}


def copied(settings: Configuration, copies: int, folder: Path) -> Configuration:
    """Write the copies of each input that names SKUs into the folder; returns the settings that read them."""
    found = {}
    for name, column in SKU_COLUMN.items():
        source = getattr(settings.sources, name)
        rows = pd.read_csv(source.path, dtype=str, keep_default_na=False)
        parts = [rows.assign(**{column: _renamed(rows[column], number)}) for number in range(copies)]
        place = folder / f"{name}.csv"
        pd.concat(parts).to_csv(place, index=False)
        found[name] = source.model_copy(update={"path": str(place)})
    return settings.model_copy(update={"sources": settings.sources.model_copy(update=found)})


def _renamed(skus: pd.Series, number: int) -> pd.Series:
    """The first copy keeps its names, and "*" stands for every SKU in all of them."""
    return skus.where((skus == "*") | (number == 0), skus + f"-{number}")

"""The included data several times over: every copy has SKUs of its own, and the network is the same."""

from pathlib import Path

import pandas as pd
from echelon.config import Configuration

EVERY = "*"
# A model that 5,000 series share needs more than the 1500m of a worker that the included data get by with.
LARGER = {"buckets": 64, "python_memory": "5g", "driver_memory": "4g"}
# Inputs that name SKUs, by the column that does.
SKU_COLUMN = {"sales": "StockCode", "items": "sku", "stock": "sku", "targets": "sku"}


def copied(settings: Configuration, copies: int, folder: Path) -> Configuration:
    """Write the copies of each input that names SKUs into the folder; returns the settings that read them."""
    found = {}
    for name, column in SKU_COLUMN.items():
        source = getattr(settings.sources, name)
        rows = pd.read_csv(source.path, dtype=str, keep_default_na=False)
        own = rows[rows[column] != EVERY]  # a rule for every SKU holds for the copies too
        parts = [own.assign(**{column: own[column] + f"-{number}"}) for number in range(1, copies)]
        place = folder / f"{name}.csv"
        pd.concat([rows, *parts]).to_csv(place, index=False)
        found[name] = source.model_copy(update={"path": str(place)})
    sources, spark = settings.sources.model_copy(update=found), settings.spark.model_copy(update=LARGER)
    return settings.model_copy(update={"sources": sources, "spark": spark})

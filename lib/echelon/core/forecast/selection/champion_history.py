"""The memory of champions across runs: who was chosen when, why, and who defends now."""

import datetime as dt

import numpy as np
import pandas as pd

HISTORY_COLUMNS = [
    "number", "run_id", "run_date", "purpose", "segment", "model", "previous", "since", "change",
    "pinball", "inventory_cost", "reason",
]  # fmt: skip


def incumbents(history: pd.DataFrame, known_until: dt.date) -> pd.DataFrame:
    """segment, previous (model), since: the plan's champions of the newest run whose run date is not after `known_until`,
    so that a choice made for a day never remembers what was learned after it. history: HISTORY_COLUMNS in any order."""
    known = history[(history["purpose"] == "plan") & (history["run_date"] <= known_until)]
    newest = known.sort_values(["segment", "number"]).groupby("segment", sort=True).tail(1)
    return newest[["segment", "model", "since"]].rename(columns={"model": "previous"}).reset_index(drop=True)


def next_number(history: pd.DataFrame) -> int:
    """Number of the run that is made now, 1 without a history."""
    return 1 + int(history["number"].max()) if len(history) else 1


def history_rows(
    chosen: pd.DataFrame, defending: pd.DataFrame, known_until: dt.date, number: int, run_id: str, run_date: dt.date
) -> pd.DataFrame:
    """HISTORY_COLUMNS of this run, from `choose_champions` with purpose, and the `incumbents` that it was given."""
    before = dict(zip(defending["segment"], defending["since"], strict=True))
    kept = (chosen["model"] == chosen["previous"]).to_numpy()
    since = [before[segment] if stays else known_until for segment, stays in zip(chosen["segment"], kept, strict=True)]
    change = np.select([kept, chosen["previous"].isna()], ["kept", "new"], "changed")
    rows = chosen.assign(number=number, run_id=run_id, run_date=run_date, since=since, change=change)
    return rows[HISTORY_COLUMNS]

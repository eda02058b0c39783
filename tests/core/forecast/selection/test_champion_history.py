"""The memory of champions: who defends, since when, and that nothing from after a day is remembered."""

from datetime import date

import pandas as pd
from echelon.core.forecast.selection.champion_history import HISTORY_COLUMNS, history_rows, incumbents, next_number

EMPTY = pd.DataFrame(columns=HISTORY_COLUMNS)
MAY, JUNE, JULY = (date(2026, month, 1) for month in (5, 6, 7))


def chosen(models: dict[str, tuple[str, str | None]], purpose: str = "plan") -> pd.DataFrame:
    """By segment the model and the one before, as `choose_champions` gives them."""
    rows = [
        {"purpose": purpose, "segment": segment, "model": model, "previous": before, "pinball": 0.5, "inventory_cost": 9.0,
         "reason": "because"}
        for segment, (model, before) in models.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def run(history: pd.DataFrame, day: date, models: dict[str, str], purpose: str = "plan") -> pd.DataFrame:
    """The history with one run more."""
    defending = incumbents(history, day)
    before = dict(zip(defending["segment"], defending["previous"], strict=True))
    pairs = {segment: (model, before.get(segment)) for segment, model in models.items()}
    rows = history_rows(chosen(pairs, purpose), defending, day, next_number(history), f"run {day}", day)
    return pd.concat([history, rows], ignore_index=True) if len(history) else rows


def three_runs() -> pd.DataFrame:
    first = run(EMPTY, MAY, {"A": "sba", "B": "theta"})
    second = run(first, JUNE, {"A": "sba", "B": "lightgbm"})
    return run(second, JULY, {"A": "lightgbm", "B": "lightgbm", "C": "sba"})


def test_rows_are_added_and_say_what_became_of_the_champion_before() -> None:
    history = three_runs()
    assert list(history.columns) == HISTORY_COLUMNS
    told = history[["number", "segment", "model", "previous", "since", "change"]].astype(object)
    assert told.where(told.notna(), None).to_numpy().tolist() == [
        [1, "A", "sba", None, MAY, "new"],
        [1, "B", "theta", None, MAY, "new"],
        [2, "A", "sba", "sba", MAY, "kept"],
        [2, "B", "lightgbm", "theta", JUNE, "changed"],
        [3, "A", "lightgbm", "sba", JULY, "changed"],
        [3, "B", "lightgbm", "lightgbm", JUNE, "kept"],
        [3, "C", "sba", None, JULY, "new"],
    ]


def test_nobody_remembers_what_was_decided_later() -> None:
    history = three_runs().sample(frac=1, random_state=2)
    assert incumbents(history, date(2026, 4, 30)).empty
    for day in (JUNE, date(2026, 6, 30)):
        found = incumbents(history, day)
        assert found.to_numpy().tolist() == [["A", "sba", MAY], ["B", "lightgbm", JUNE]]
    assert incumbents(history, JULY)["segment"].tolist() == ["A", "B", "C"]


def test_a_segment_that_was_away_is_still_remembered() -> None:
    history = run(three_runs(), date(2026, 8, 1), {"A": "lightgbm"})
    assert dict(incumbents(history, date(2026, 9, 1))[["segment", "previous"]].to_numpy()) == {
        "A": "lightgbm", "B": "lightgbm", "C": "sba",
    }  # fmt: skip


def test_champions_of_a_replay_defend_nothing() -> None:
    history = run(EMPTY, MAY, {"A": "sba"}, purpose="replay")
    assert incumbents(history, JULY).empty
    assert next_number(history) == 2

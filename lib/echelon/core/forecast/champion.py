"""The choice of a model per segment: pinball loss decides, the seasonal naive is the floor, and the reason is said.

The rule. The champion to beat is first the seasonal naive, then challengers come up from the simplest to the least
simple. A challenger takes over if its mean pinball loss is lower by at least `margin`, it is lower in more than half of
the windows, and its total bias is within `bias_limit` of demand. A challenger whose bias is beyond the limit is left
out, unless it is less biased than the champion it beats. So ties, and wins too small to trust, go to the simpler model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

SUMMARY_COLUMNS = ["segment", "model", "cutoff", "series", "rmsse", "pinball", "bias", "demand"]
CHAMPION_COLUMNS = [
    "segment", "model", "series", "windows", "pinball", "rmsse", "bias",
    "naive_pinball", "naive_rmsse", "runner_up", "reason",
]  # fmt: skip


@dataclass(frozen=True)
class ChampionRule:
    """margin: share of the champion's pinball loss by which a challenger must be lower. bias_limit: largest total bias,
    as a share of demand, either way."""

    margin: float = 0.01
    bias_limit: float = 0.30


@dataclass(frozen=True)
class Record:
    """One model in one segment over all windows: means over series-windows, total bias / total demand, the mean pinball
    loss of each window (oldest first), and its place in the order of simplicity."""

    model: str
    series: int
    pinball: float
    rmsse: float
    bias: float
    by_window: tuple[float, ...]
    rank: int


def choose_champions(summary: pd.DataFrame, order: Sequence[str], rule: ChampionRule) -> pd.DataFrame:
    """One row per segment (CHAMPION_COLUMNS; `purpose` is the caller's).

    `summary`, in any order: per segment, model and cutoff the series in the window, mean rmsse, mean pinball, sum of
    bias and sum of demand (units). Means leave out series without a scale. `order`: models from the simplest on; its
    first is the floor. Raises ValueError if models of a segment cover different windows or series.
    """
    rows = [
        _choose(str(segment), _records(str(segment), group, order), rule)
        for segment, group in summary.groupby("segment", sort=True)
    ]
    return pd.DataFrame(rows, columns=CHAMPION_COLUMNS)


def _records(segment: str, group: pd.DataFrame, order: Sequence[str]) -> list[Record]:
    by_model = {str(model): rows.sort_values("cutoff") for model, rows in group.groupby("model")}
    coverage = {tuple(zip(rows["cutoff"], rows["series"], strict=True)) for rows in by_model.values()}
    if len(coverage) != 1 or order[0] not in by_model:
        raise ValueError(f"models of segment {segment} do not cover the same series and windows as {order[0]}")
    return [_record(by_model[model], model, rank) for rank, model in enumerate(order) if model in by_model]


def _record(rows: pd.DataFrame, model: str, rank: int) -> Record:
    demand = float(rows["demand"].sum())
    total_bias = float(rows["bias"].sum())
    return Record(
        model=model,
        series=int(rows["series"].max()),
        pinball=_mean(rows, "pinball"),
        rmsse=_mean(rows, "rmsse"),
        bias=total_bias / demand if demand > 0 else 0.0,
        by_window=tuple(rows["pinball"].fillna(0.0)),
        rank=rank,
    )


def _mean(rows: pd.DataFrame, score: str) -> float:
    """Mean over series-windows; 0 where no series has a scale."""
    known = rows[rows[score].notna()]
    weight = float(known["series"].sum())
    return float((known[score] * known["series"]).sum() / weight) if weight > 0 else 0.0


def _choose(segment: str, records: list[Record], rule: ChampionRule) -> tuple[object, ...]:
    floor = records[0]
    champion = floor
    for challenger in records[1:]:
        if _takes_over(challenger, champion, rule):
            champion = challenger
    runner_up = min((r for r in records if r is not champion), key=lambda r: (r.pinball, r.rank), default=None)
    return (
        segment, champion.model, champion.series, len(champion.by_window), champion.pinball, champion.rmsse,
        champion.bias, floor.pinball, floor.rmsse, runner_up.model if runner_up else None,
        _reason(champion, floor, records, rule),
    )  # fmt: skip


def _windows_won(challenger: Record, champion: Record) -> int:
    return sum(a < b for a, b in zip(challenger.by_window, champion.by_window, strict=True))


def _biased(record: Record, rule: ChampionRule) -> bool:
    return abs(record.bias) > rule.bias_limit


def _takes_over(challenger: Record, champion: Record, rule: ChampionRule) -> bool:
    better = challenger.pinball < champion.pinball * (1.0 - rule.margin)
    most = 2 * _windows_won(challenger, champion) > len(champion.by_window)
    fair = not _biased(challenger, rule) or abs(challenger.bias) < abs(champion.bias)
    return better and most and fair


def _reason(champion: Record, floor: Record, records: list[Record], rule: ChampionRule) -> str:
    windows = len(floor.by_window)
    if champion is floor:
        first = f"No challenger beat {floor.model} (pinball loss {floor.pinball:.4f}, bias {floor.bias:+.1%})"
    else:
        gain = 1.0 - champion.pinball / floor.pinball
        won = _windows_won(champion, floor)
        first = (
            f"{champion.model} has {gain:.1%} less pinball loss than {floor.model} ({champion.pinball:.4f} against "
            f"{floor.pinball:.4f}), lower in {won} of {windows} windows, bias {champion.bias:+.1%}"
        )
    others = [_rejection(r, champion, rule) for r in records if r is not champion and r is not floor]
    return "; ".join([first, *others]) + "."


def _rejection(record: Record, champion: Record, rule: ChampionRule) -> str:
    """Why another challenger is not the champion."""
    gain = 1.0 - record.pinball / champion.pinball if champion.pinball > 0 else 0.0
    if gain <= 0:
        return f"{record.model} loses {-gain:.1%} more"
    if _biased(record, rule):
        return f"{record.model} is biased by {record.bias:+.1%}, over the limit of {rule.bias_limit:.0%}"
    won = _windows_won(record, champion)
    return f"{record.model} loses {gain:.1%} less, lower in {won} of {len(record.by_window)} windows: not enough"

"""The choice of a model per segment: pinball loss and inventory cost decide, the last champion defends, the reason is said.

The rule. A model's loss is the geometric mean of its mean pinball loss (how good the distribution is, each series alike) and
its inventory cost (what the errors cost in stock, each series by its money). The ratio of two losses does not depend on units
or on a third model; percentage errors (MAPE, sMAPE) decide nothing. The champion to beat is the first of the order given, and
challengers come up in that order: combinations, the seasonal naive, then the other models from the simplest on
(`names.order_of_defence`). A challenger takes over if its loss is lower by at least `margin` (than that of a combination
that comes before it: by `OVER_COMBINATION`), its pinball loss is lower in more than half of the windows (of a single window
the cost of a few large orders says too little), of which there are at least `least_windows`, and its total bias is within
`bias_limit` of demand. A challenger whose bias is beyond the limit is left out, unless it is less biased than the champion
it beats. So ties, and wins too small to trust, go to a combination or the simpler model. The model that is best in this way
must then take over from the incumbent, the champion of the last release, by the same rule, unless the incumbent is no
candidate any more or its bias is beyond the limit. So the same data give the same champion again, and a champion falls only
to what beats it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from echelon.core.forecast.selection.names import COMBINATIONS, FLOOR

SUMMARY_COLUMNS = ["segment", "model", "cutoff", "series", "rmsse", "pinball", "bias", "demand", "inventory_cost"]
CHAMPION_COLUMNS = [
    "segment", "model", "series", "windows", "pinball", "rmsse", "bias",
    "naive_pinball", "naive_rmsse", "runner_up", "reason", "inventory_cost", "naive_inventory_cost", "previous",
]  # fmt: skip
# The best of many models in a few windows is so in part by luck, which a combination of them has less of; and in the first
# of the windows weights have no past yet, which they have when they are used.
OVER_COMBINATION = 0.10


@dataclass(frozen=True)
class ChampionRule:
    """margin: share of the champion's loss by which a challenger must be lower. bias_limit: largest total bias, as a share
    of demand, either way. least_windows: with fewer windows nobody takes over."""

    margin: float = 0.01
    bias_limit: float = 0.30
    least_windows: int = 1


@dataclass(frozen=True)
class Record:
    """One model in one segment over all windows: means over series-windows (NaN where no series has a scale), total bias /
    total demand (NaN without demand), total inventory cost, the loss that decides, the mean pinball loss of each window
    (oldest first), and its place in the order in which they come up."""

    model: str
    series: int
    pinball: float
    rmsse: float
    bias: float
    cost: float
    loss: float
    by_window: tuple[float, ...]
    rank: int


def choose_champions(
    summary: pd.DataFrame, order: Sequence[str], rule: ChampionRule, incumbents: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """One row per segment (CHAMPION_COLUMNS; `purpose` is the caller's).

    `summary`, in any order: per segment, model and cutoff the series in the window, mean rmsse, mean pinball, sum of
    bias and sum of demand (units), sum of inventory cost. Means leave out series without a scale; what is not known is NaN.
    `order`: models as they come up; its first is the one to beat, and the floor is among them. `incumbents`: champion of
    the last release by segment.
    Raises ValueError if models of a segment cover different windows or series.
    """
    before = incumbents or {}
    rows = [
        _choose(str(segment), _records(str(segment), group, order), rule, before.get(str(segment)))
        for segment, group in summary.groupby("segment", sort=True)
    ]
    return pd.DataFrame(rows, columns=CHAMPION_COLUMNS)


def _records(segment: str, group: pd.DataFrame, order: Sequence[str]) -> list[Record]:
    by_model = {str(model): rows.sort_values("cutoff") for model, rows in group.groupby("model")}
    coverage = {tuple(zip(rows["cutoff"], rows["series"], strict=True)) for rows in by_model.values()}
    if len(coverage) != 1 or not {FLOOR, order[0]} <= set(by_model):
        raise ValueError(f"models of segment {segment} do not cover the same series and windows as {order[0]}")
    priced = bool(group["inventory_cost"].sum() > 0)
    return [_record(by_model[model], model, rank, priced) for rank, model in enumerate(order) if model in by_model]


def _record(rows: pd.DataFrame, model: str, rank: int, priced: bool) -> Record:
    """priced: some error of some model cost something; where stock costs nothing, pinball loss alone decides."""
    demand, cost, pinball = float(rows["demand"].sum()), float(rows["inventory_cost"].sum()), _mean(rows, "pinball")
    total_bias = float(rows["bias"].sum())
    return Record(
        model=model,
        series=int(rows["series"].max()),
        pinball=pinball,
        rmsse=_mean(rows, "rmsse"),
        bias=total_bias / demand if demand > 0 else math.nan,
        cost=cost,
        loss=_loss(pinball, cost, priced),
        by_window=tuple(rows["pinball"].fillna(0.0)),
        rank=rank,
    )


def _loss(pinball: float, cost: float, priced: bool) -> float:
    """An unknown pinball loss counts as 0, for every model of the segment alike."""
    known = 0.0 if math.isnan(pinball) else pinball
    return math.sqrt(known * cost) if priced else known


def _mean(rows: pd.DataFrame, score: str) -> float:
    """Mean over series-windows; NaN where no series has a scale."""
    known = rows[rows[score].notna()]
    weight = float(known["series"].sum())
    return float((known[score] * known["series"]).sum() / weight) if weight > 0 else math.nan


def _choose(segment: str, records: list[Record], rule: ChampionRule, previous: str | None) -> tuple[object, ...]:
    floor, defender = next(r for r in records if r.model == FLOOR), _defender(records, rule, previous)
    champion = _best(records, rule)
    if champion is not defender and defender.model == previous and not _takes_over(champion, defender, rule):
        champion = defender
    runner_up = min((r for r in records if r is not champion), key=lambda r: (r.loss, r.rank), default=None)
    reason = "; ".join([*_lost_right(records, rule, previous), _reason(champion, defender, previous, records, rule)])
    return (
        segment, champion.model, champion.series, len(champion.by_window), champion.pinball, champion.rmsse,
        champion.bias, floor.pinball, floor.rmsse, runner_up.model if runner_up else None, reason,
        champion.cost, floor.cost, previous,
    )  # fmt: skip


def _best(records: list[Record], rule: ChampionRule) -> Record:
    """The champion if there were none before."""
    champion = records[0]
    for challenger in records[1:]:
        if _takes_over(challenger, champion, rule):
            champion = challenger
    return champion


def _defender(records: list[Record], rule: ChampionRule, previous: str | None) -> Record:
    """The champion to beat."""
    return next((r for r in records if r.model == previous and not _biased(r, rule)), records[0])


def _lost_right(records: list[Record], rule: ChampionRule, previous: str | None) -> list[str]:
    """Why the champion before does not defend, if so."""
    record = next((r for r in records if r.model == previous), None)
    if previous is None or (record and not _biased(record, rule)):
        return []
    if record is None:
        return [f"{previous}, the champion before, is no candidate any more"]
    return [f"{previous}, the champion before, is biased by {record.bias:+.1%}, over the limit of {rule.bias_limit:.0%}"]


def _windows_won(challenger: Record, champion: Record) -> int:
    return sum(a < b for a, b in zip(challenger.by_window, champion.by_window, strict=True))


def _biased(record: Record, rule: ChampionRule) -> bool:
    return abs(record.bias) > rule.bias_limit


def _takes_over(challenger: Record, champion: Record, rule: ChampionRule) -> bool:
    enough = len(champion.by_window) >= rule.least_windows
    from_combination = champion.model in COMBINATIONS and champion.rank < challenger.rank
    margin = max(rule.margin, OVER_COMBINATION) if from_combination else rule.margin
    better = challenger.loss < champion.loss * (1.0 - margin)
    most = 2 * _windows_won(challenger, champion) > len(champion.by_window)
    fair = not _biased(challenger, rule) or abs(challenger.bias) < abs(champion.bias)
    return enough and better and most and fair


def _reason(champion: Record, defender: Record, previous: str | None, records: list[Record], rule: ChampionRule) -> str:
    windows = len(defender.by_window)
    named = f"{defender.model}, the champion before" if defender.model == previous else defender.model
    if champion is defender:
        first = f"No challenger beat {named} ({_figures(champion)}, bias {_or_dash(champion.bias, '+.1%')})"
    else:
        gain = 1.0 - champion.loss / defender.loss
        won = _windows_won(champion, defender)
        first = (
            f"{champion.model} loses {gain:.1%} less than {named} ({_figures(champion)} against {_figures(defender)}), "
            f"less pinball loss in {won} of {windows} windows, bias {_or_dash(champion.bias, '+.1%')}"
        )
    if windows < rule.least_windows:
        return f"{first}: {windows} of the {rule.least_windows} windows that a challenger needs."
    return "; ".join([first, *(_rejection(r, champion, rule) for r in records if r not in (champion, defender))]) + "."


def _figures(record: Record) -> str:
    return f"pinball loss {_or_dash(record.pinball, '.4f')}, inventory cost {record.cost:,.0f}"


def _or_dash(value: float, digits: str) -> str:
    """The value, a dash where it is not known."""
    return "-" if math.isnan(value) else f"{value:{digits}}"


def _rejection(record: Record, champion: Record, rule: ChampionRule) -> str:
    """Why another challenger is not the champion."""
    gain = 1.0 - record.loss / champion.loss if champion.loss > 0 else 0.0
    if gain <= 0:
        return f"{record.model} loses {-gain:.1%} more"
    if _biased(record, rule):
        return f"{record.model} is biased by {record.bias:+.1%}, over the limit of {rule.bias_limit:.0%}"
    won = _windows_won(record, champion)
    return (
        f"{record.model} loses {gain:.1%} less, with less pinball loss in {won} of {len(record.by_window)} windows: not enough"
    )

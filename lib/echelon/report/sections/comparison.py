"""Echelon against the classical plan: pairs of replay results, an honest verdict on each, and the sentences that say it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from echelon.report import formats as f
from echelon.report.data import records

LEAST_TESTED = 0.5  # share of demand whose lanes deliver within the held-back weeks; with less, a replay proves nothing
_WHOLE = 0.995  # share of demand
SAME_STOCK = 0.005  # relative difference in stock below which it is called the same

BETTER = "Echelon better"
WORSE = "classical better"
UNCLEAR = "no clear difference"
MORE_OF_BOTH = "more service, more stock"
LESS_OF_BOTH = "less service, less stock"
TOO_FEW = "too few SKUs to tell"
_VERDICTS = {
    (1, -1): BETTER,
    (1, 0): BETTER,
    (0, -1): BETTER,
    (-1, 1): WORSE,
    (-1, 0): WORSE,
    (0, 1): WORSE,
    (1, 1): MORE_OF_BOTH,
    (-1, -1): LESS_OF_BOTH,
    (0, 0): UNCLEAR,
}


Ends = tuple[float, float]


@dataclass(frozen=True)
class Pair:
    """One member of a scope (all, a location, an ABC class) under both policies: its two rows of `kpis`."""

    member: str
    echelon: dict[str, Any]
    classical: dict[str, Any]
    stock_column: str  # stock_value, or stock_units where nothing has a cost

    @property
    def stock(self) -> tuple[float, float]:
        """Mean stock under Echelon and under the classical plan."""
        return float(self.echelon[self.stock_column]), float(self.classical[self.stock_column])

    @property
    def served_customers(self) -> bool:
        """False for points without customers, which have stock but no fill rate."""
        return not (f.missing(self.echelon["fill_rate"]) or f.missing(self.classical["fill_rate"]))

    @property
    def fill_difference(self) -> float:
        """Fill rate of Echelon - fill rate of the classical plan; 0 without customers."""
        return float(self.echelon["fill_rate"] - self.classical["fill_rate"]) if self.served_customers else 0.0

    @property
    def fill_ends(self) -> Ends | None:
        """95 % interval of the difference over SKUs; None where these are too few to tell."""
        return ends(self.echelon, "fill_rate_gain")

    @property
    def fill_sign(self) -> int:
        """1, 0 or -1: fill rate clearly higher, not clearly different (or too few SKUs to tell), clearly lower."""
        low, high = self.fill_ends or (0.0, 0.0)
        return (low > 0) - (high < 0)

    @property
    def stock_ends(self) -> Ends | None:
        """95 % interval of the relative difference in stock over SKUs, None where these are too few."""
        return ends(self.echelon, "stock_change")

    @property
    def tested(self) -> float:
        """Share of demand whose lanes all deliver within the held-back weeks; 1 where nothing is known of it."""
        share = self.echelon["tested_share"]
        return 1.0 if f.missing(share) else float(share)

    @property
    def stock_sign(self) -> int:
        """1, 0 or -1: more stock, about the same, less."""
        ours, theirs = self.stock
        return _sign(ours - theirs, SAME_STOCK * theirs)

    @property
    def verdict(self) -> str:
        """Which plan did better here, in words."""
        if self.served_customers and self.fill_ends is None:
            return TOO_FEW
        return _VERDICTS[self.fill_sign, self.stock_sign]


def ends(row: dict[str, Any], name: str) -> Ends | None:
    """Both ends of an interval of a row of `kpis`, None where it has none."""
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return None if f.missing(low) or f.missing(high) else (float(low), float(high))


def _sign(difference: float, tolerance: float) -> int:
    return 0 if abs(difference) <= tolerance else (1 if difference > 0 else -1)


def pairs(kpis: pd.DataFrame, scope: str) -> list[Pair]:
    """The members of a scope that have both policies; ABC classes by name, all others by demand, largest first."""
    column = stock_column(kpis)
    pairs: list[Pair] = []
    for member, rows in kpis[kpis["scope"] == scope].groupby("member"):
        by_policy = {row["policy"]: row for row in records(rows)}
        if {"echelon", "classical"} <= set(by_policy):
            pairs.append(Pair(str(member), by_policy["echelon"], by_policy["classical"], column))
    if scope != "abc":
        pairs.sort(key=lambda pair: (-float(pair.echelon["demand"]), pair.member))
    return pairs


def stock_column(kpis: pd.DataFrame) -> str:
    """Stock is compared by value; in units where no unit cost is known."""
    return "stock_value" if kpis["stock_value"].fillna(0).gt(0).any() else "stock_units"


def span(start: date | None, end: date | None, period: str = "day") -> str:
    """The held-back time in words: 8 weeks; of a monthly plan, whose period is a month: 2 months."""
    if start is None or end is None:
        return "held-back periods"
    if period == "month":
        return f.plural((end.year - start.year) * 12 + end.month - start.month + 1, "month")
    days = (end - start).days + 1
    return f.plural(days // 7, "week") if days % 7 == 0 else f.plural(days, "day")


def stock_words(pair: Pair) -> str:
    """9.2% less stock, 3.0% more stock, or the same stock."""
    ours, theirs = pair.stock
    if pair.stock_sign == 0 or theirs == 0:
        return "about the same stock" if pair.stock_sign == 0 else "more stock"
    return f"{f.percent(abs(ours / theirs - 1))} {'less' if ours < theirs else 'more'} stock"


def fill_words(pair: Pair) -> str:
    """How the fill rate compares."""
    gap = f"{abs(pair.fill_difference) * 100:.1f} points"
    if pair.fill_ends is not None and pair.fill_sign == 0:
        return "no clear difference from the classical plan"
    few = "" if pair.fill_ends else " (too few SKUs to say more)"
    if round(pair.fill_difference, 3) == 0:
        return f"as much as the classical plan{few}"
    return f"{gap} {'more' if pair.fill_difference > 0 else 'less'} than the classical plan{few}"


def headline(pair: Pair, duration: str) -> str:
    """The result of the replay in one sentence; where it proves nothing, why."""
    if pair.tested < LEAST_TESTED:
        return no_proof(pair, duration)
    fill = f.percent(pair.echelon["fill_rate"])
    return (
        f"Replaying the last {duration}, Echelon serves {fill} of demand from stock, "
        f"{fill_words(pair)}, with {stock_words(pair)}.{_untested(pair, duration)}"
    )


def no_proof(pair: Pair, duration: str) -> str:
    """Why replaying so short a time says nothing of the plan."""
    share = f.percent(1 - pair.tested, 0)
    return (
        f"The last {duration} are shorter than the lead times: for {share} of demand a lane's mean lead time and review period "
        "take longer. Replaying them proves nothing; hold back more (replay.weeks)."
    )


def _untested(pair: Pair, duration: str) -> str:
    """Which part of the demand the replay says little of."""
    if pair.tested > _WHOLE:
        return ""
    share = f.percent(1 - pair.tested, 0)
    return f" For {share} of demand a lane takes longer than the last {duration}: there the replay says little."


def findings(members: list[Pair], noun: str) -> list[str]:
    """Where Echelon did better, where it traded, where the classical plan did better: one sentence each, losses included."""
    by_verdict: dict[str, list[str]] = {}
    for pair in members:
        by_verdict.setdefault(pair.verdict, []).append(pair.member)
    texts = {
        BETTER: "Echelon does better (more service without more stock, or less stock without less service)",
        WORSE: "The classical plan does better",
        MORE_OF_BOTH: "Echelon serves more and holds more",
        LESS_OF_BOTH: "Echelon serves less and holds less",
        UNCLEAR: "There is no clear difference",
        TOO_FEW: "There are too few SKUs to tell",
    }
    return [
        f"{text} at {f.count(len(by_verdict[verdict]))} of {f.plural(len(members), noun)}: {f.words(by_verdict[verdict], 6)}."
        for verdict, text in texts.items()
        if verdict in by_verdict
    ]


def below_target(row: dict[str, Any]) -> bool:
    """True when a fill rate is clearly below its target: the whole interval is."""
    interval = ends(row, "fill_rate")
    return bool(interval and not f.missing(row["target_fill_rate"]) and interval[1] < row["target_fill_rate"])


def target_finding(members: list[Pair]) -> str:
    """How many members miss their target under each plan."""
    known = [p for p in members if p.served_customers and not f.missing(p.echelon["target_fill_rate"])]
    if not known:
        return ""
    ours = sum(below_target(pair.echelon) for pair in known)
    theirs = sum(below_target(pair.classical) for pair in known)
    return (
        f"Clearly below target: {f.count(ours)} of {f.plural(len(known), 'location')} under Echelon, "
        f"{f.count(theirs)} under the classical plan."
    )

"""Echelon against the classical plan: pairs of replay results, an honest verdict on each, and the sentences that say it."""

from dataclasses import dataclass
from datetime import date
from math import hypot
from typing import Any

import pandas as pd

from echelon.report import formats as f
from echelon.report.data import records

CLEAR = 2.0  # standard errors from which a difference in fill rate counts
SAME_STOCK = 0.005  # relative difference in stock below which it is called the same

BETTER = "Echelon better"
WORSE = "classical better"
UNCLEAR = "no clear difference"
MORE_OF_BOTH = "more service, more stock"
LESS_OF_BOTH = "less service, less stock"
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
    def fill_error(self) -> float:
        """Standard error of the difference, as if the two simulations were independent."""
        return hypot(standard_error(self.echelon), standard_error(self.classical))

    @property
    def fill_sign(self) -> int:
        """1, 0 or -1: fill rate clearly higher, not clearly different, clearly lower."""
        return _sign(self.fill_difference, CLEAR * self.fill_error)

    @property
    def stock_sign(self) -> int:
        """1, 0 or -1: more stock, about the same, less."""
        ours, theirs = self.stock
        return _sign(ours - theirs, SAME_STOCK * theirs)

    @property
    def verdict(self) -> str:
        """Which plan did better here, in words."""
        return _VERDICTS[self.fill_sign, self.stock_sign]


def standard_error(row: dict[str, Any]) -> float:
    """The standard error of a fill rate, 0 where none is given."""
    return 0.0 if f.missing(row["fill_rate_se"]) else float(row["fill_rate_se"])


def _sign(difference: float, tolerance: float) -> int:
    return 0 if abs(difference) <= tolerance else (1 if difference > 0 else -1)


def pairs(kpis: pd.DataFrame, scope: str) -> list[Pair]:
    """The members of a scope that have both policies; ABC classes by name, all others by demand, largest first."""
    column = stock_column(kpis)
    found: list[Pair] = []
    for member, rows in kpis[kpis["scope"] == scope].groupby("member"):
        by_policy = {row["policy"]: row for row in records(rows)}
        if {"echelon", "classical"} <= set(by_policy):
            found.append(Pair(str(member), by_policy["echelon"], by_policy["classical"], column))
    if scope != "abc":
        found.sort(key=lambda pair: (-float(pair.echelon["demand"]), pair.member))
    return found


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
    """How the fill rate compares, with its error."""
    gap = f"{abs(pair.fill_difference) * 100:.1f} points"
    if pair.fill_sign == 0:
        return "no clear difference from the classical plan"
    return f"{gap} {'more' if pair.fill_difference > 0 else 'less'} than the classical plan"


def headline(pair: Pair, duration: str) -> str:
    """The result of the replay in one sentence."""
    fill = f.percent(pair.echelon["fill_rate"])
    return (
        f"Replaying the last {duration}, Echelon serves {fill} of demand from stock, "
        f"{fill_words(pair)}, with {stock_words(pair)}."
    )


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
    }
    return [
        f"{text} at {f.count(len(by_verdict[verdict]))} of {f.plural(len(members), noun)}: {f.words(by_verdict[verdict], 6)}."
        for verdict, text in texts.items()
        if verdict in by_verdict
    ]


def below_target(row: dict[str, Any]) -> bool:
    """True when a fill rate is clearly below its target."""
    if f.missing(row["fill_rate"]) or f.missing(row["target_fill_rate"]):
        return False
    return bool(row["fill_rate"] + CLEAR * standard_error(row) < row["target_fill_rate"])


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

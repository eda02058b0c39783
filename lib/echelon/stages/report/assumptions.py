"""What was assumed because the sources are silent, in sentences for the report."""

from collections.abc import Callable

import pandas as pd

from echelon.config.models import LEAD_TIME_SD_SHARE, Defaults
from echelon.stages.shared.context import Context
from echelon.stages.shared.windows import WORD, Windows


def _deviation(defaults: Defaults) -> float:
    """Standard deviation of the default lead time, days."""
    chosen = defaults.lead_time_sd_days
    return round(defaults.lead_time_days * LEAD_TIME_SD_SHARE, 1) if chosen is None else chosen


_WITHOUT: dict[str, Callable[[Defaults], str]] = {
    "items": lambda d: (
        f"No items were given: unit cost is {d.unit_cost_share:.0%} of the median price, {d.unit_cost:g} without prices."
    ),
    "locations": lambda d: f"No locations were given: holding cost is {d.holding_rate:.0%} of the unit cost a year everywhere.",
    "lanes": lambda d: (
        f"No lanes were given: one outside supplier ({d.supplier}) serves every location in {d.lead_time_days:g} days "
        f"(standard deviation {_deviation(d):g}), ordered every {d.review_period_days} days."
    ),
    "deliveries": lambda _: "No deliveries were given: lead times are the lanes' promises, not learned.",
    "stock": lambda _: "No stock was given: levels are planned, but nothing is ordered, as nobody knows what is there.",
    "stock_history": lambda _: "No stock history was given: sales are taken for demand, also where stock was out.",
    "targets": lambda d: f"No targets were given: every customer is to get {d.fill_rate:.0%} of demand from stock.",
}


def assumptions(context: Context, windows: Windows, lanes: pd.DataFrame) -> tuple[str, ...]:
    """Sentences, the most important first. lanes: those of the table that locations order on."""
    settings = context.settings
    silent = [text(settings.defaults) for name, text in _WITHOUT.items() if getattr(settings.sources, name) is None]
    unmet = "lost" if settings.stock.unmet_demand == "lost" else "owed and served later"
    said = [
        *settings.report.assumptions,
        *silent,
        f"Demand that customers do not get from stock is {unmet} (`stock.unmet_demand`).",
        f"{_sourcing(lanes)} Suppliers always have stock.",
        "Lead times of orders are independent of each other and of demand; orders may overtake.",
        "A period is idle, of the usual kind or one with a large order, as often and as large as in the past; the forecast's "
        f"level is wrong alike for {windows.horizon} {WORD[windows.freq]}, and partly alike at a SKU's locations.",
        f"The replay holds the levels fixed from {windows.replay_start_date} on, for both plans, and starts in steady state; "
        "series with too little history before that day are left out for both.",
        "What a series sold once, or two or three times, unlike anything else of it, counts as a usual sale, also in the "
        "replay (exception `demand_spike`).",
    ]
    if windows.shorter_than_a_season:
        said.append(f"{windows.shorter_than_a_season[0].upper()}{windows.shorter_than_a_season[1:]}.")
    return tuple(said)


def _sourcing(lanes: pd.DataFrame) -> str:
    """On which lanes locations order."""
    others = []
    if lanes["share"].notna().any():
        others.append("lanes with shares split the orders")
    if lanes[["capacity", "days_down"]].notna().any(axis=None):
        others.append("where that lane is at its capacity or interrupted, the others stand in by priority")
    return "; ".join(["Every location orders on its lane with the lowest priority number", *others]) + "."

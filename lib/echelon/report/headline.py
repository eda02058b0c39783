"""The first screen: key figures, and what was planned in a few sentences."""

from dataclasses import dataclass
from datetime import date, timedelta

from echelon.report import formats as f
from echelon.report.data import ReportData, records
from echelon.report.sections import comparison as c
from echelon.report.sections.accuracy import accuracy
from echelon.report.sections.network import valued


@dataclass(frozen=True)
class Tile:
    """One key figure; `change` stands in front of the detail, green or red by `good`, plain where that is None."""

    label: str
    value: str
    detail: str
    change: str = ""
    good: bool | None = None


def tiles(data: ReportData) -> list[Tile]:
    """Four to six key figures: those that the run has."""
    return [*_replay_tiles(data), *_accuracy_tiles(data), _orders_tile(data), _exceptions_tile(data), _checks_tile(data)]


def _replay_tiles(data: ReportData) -> list[Tile]:
    total = c.pairs(data.kpis, "total")
    if not total or not total[0].served_customers:
        return []
    pair = total[0]
    if pair.tested < c.LEAST_TESTED:
        return []
    ours, theirs = pair.stock
    unit = data.currency if pair.stock_column == "stock_value" else ""
    fill_sign, stock_sign = pair.fill_sign, pair.stock_sign
    return [
        Tile(
            f"Fill rate, last {c.span(data.replay_start, data.replay_end, data.period)}",
            f.percent(pair.echelon["fill_rate"]),
            f"against {f.percent(pair.classical['fill_rate'])} by the classical plan",
            f.points(pair.fill_difference),
            None if fill_sign == 0 else fill_sign > 0,
        ),
        Tile(
            "Mean stock meanwhile" if pair.stock_column == "stock_value" else "Mean stock meanwhile, units",
            f.money(ours, unit),
            f"against {f.money(theirs, unit)} by the classical plan",
            f.change(ours, theirs),
            None if stock_sign == 0 else stock_sign < 0,
        ),
    ]


def _accuracy_tiles(data: ReportData) -> list[Tile]:
    compared = accuracy(data)
    if compared is None:
        return []
    return [
        Tile(
            "Forecast pinball loss",
            f.decimal(compared.pinball),
            f"against {f.decimal(compared.naive_pinball)} by the seasonal naive; "
            f"RMSSE {f.decimal(compared.rmsse, 2)} against {f.decimal(compared.naive_rmsse, 2)}",
            f.change(compared.pinball, compared.naive_pinball),
            compared.better,
        )
    ]


def _orders_tile(data: ReportData) -> Tile:
    if not data.stock_given:
        return Tile("Orders for today", f.DASH, "they need a stock input: what is on hand is not known")
    return Tile("Orders for today", f.count(data.order_totals["orders"].sum()), order_kinds(data) or "nothing to order")


def order_kinds(data: ReportData) -> str:
    """Purchases and transfers with their value: 118 purchases (£23.9k) and 402 transfers (£23.6k)."""
    return " and ".join(
        f"{f.plural(row['orders'], str(row['kind']))}{_in_brackets(row['value'], data.currency)}"
        for row in records(data.order_totals.sort_values("kind"))
    )


def _in_brackets(value: float, currency: str) -> str:
    return "" if f.missing(value) or value == 0 else f" ({f.money(value, currency)})"


def _exceptions_tile(data: ReportData) -> Tile:
    totals = data.exception_totals
    high = totals.loc[totals["severity"] == "high", "exceptions"].sum()
    return Tile(
        "Exceptions to look at",
        f.count(totals["exceptions"].sum()),
        f"{f.count(high)} of high severity" if len(totals) else "none",
    )


def _checks_tile(data: ReportData) -> Tile:
    evaluated, passed = data.checks["evaluated"].sum(), data.checks["passed"].sum()
    if not evaluated:
        return Tile("Checks passed", f.DASH, "no table was checked")
    failed = evaluated - passed
    detail = "every expectation on every table" if failed == 0 else f"{f.plural(failed, 'warning')}, nothing critical"
    if failed > data.checks["warnings"].sum():
        detail = f"{f.count(failed)} failed"
    return Tile("Checks passed", f"{f.count(passed)} of {f.count(evaluated)}", detail)


def planned(data: ReportData) -> list[str]:
    """What was planned, in sentences."""
    until = last_day(data)
    return [
        f"{f.plural(data.skus, 'SKU')} {_points_words(data)}; {f.plural(data.series, 'SKU-location')} with demand.",
        f"Demand per {data.period} from {f.day(data.history_start)} to {f.day(data.history_end)}, forecast for "
        f"{f.plural(data.reach, data.period)}, until {f.day(until)}.",
        *_stock_sentences(data),
        *([f"Orders for {f.day(data.run_date)}: {order_kinds(data)}."] if order_kinds(data) else []),
    ]


def last_day(data: ReportData) -> date:
    """The last day that is forecast."""
    first = data.history_end + timedelta(days=1)
    if data.period != "month":
        return first + timedelta(days=data.reach * data.period_days - 1)
    months = first.year * 12 + first.month - 1 + data.reach
    return date(months // 12, months % 12 + 1, 1) - timedelta(days=1)


def _points_words(data: ReportData) -> str:
    suppliers = len(set(data.lanes["source"]) - set(data.lanes["destination"]))
    supplied = f", supplied by {f.plural(suppliers, 'outside supplier')}" if suppliers else ""
    echelons = data.points["echelon"].nunique()
    echelons_word = f" in {f.plural(echelons, 'echelon')}" if echelons > 1 else ""
    return f"at {f.plural(len(data.points), 'stocking point')}{echelons_word}{supplied}"


def _stock_sentences(data: ReportData) -> list[str]:
    """Mean stock to expect, the safety stock in it, and stock today where it was told and there are costs to add it up by."""
    if data.points.empty:
        return []
    kind = "value" if valued(data) else "units"
    expected, safety = (data.points[f"{name}_{kind}"].sum() for name in ("expected_stock", "safety_stock"))
    sentence = "The fill-rate targets take a mean stock of {}, with safety stock of {}".format(
        *(f.money(amount, data.currency) if valued(data) else f"{f.compact(amount)} units" for amount in (expected, safety))
    )
    if not data.stock_given:
        return [f"{sentence}. What is in stock today was not told, so nothing is ordered."]
    today = f.money(data.points["stock_today_value"].sum(), data.currency)
    return [f"{sentence}; today there is {today} in stock." if valued(data) else f"{sentence}."]

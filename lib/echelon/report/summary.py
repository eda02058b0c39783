"""The few lines that end a run on the terminal."""

from echelon.report import comparison as c
from echelon.report import formats as f
from echelon.report.accuracy import accuracy
from echelon.report.data import ReportData
from echelon.report.headline import order_kinds
from echelon.report.readiness import readiness


def query(data: ReportData) -> str:
    """A command that asks the published tables something."""
    output = data.tables_path.removesuffix("/tables")
    elsewhere = "" if output == "out" else f" --set run.output={output}"
    return f'.venv/bin/echelon sql{elsewhere} "select * from stock_levels order by safety_stock desc limit 10"'


def summary_lines(data: ReportData) -> list[str]:
    """What was planned and how good it is, at most 14 aligned lines, plain ASCII apart from names and currency."""
    entries = [
        ("Planned", f"{f.plural(data.skus, 'SKU')}, {f.plural(len(data.points), 'stocking point')}, {_series(data)}"),
        *_accuracy(data),
        *_replay(data),
        ("Orders", order_kinds(data) or "none"),
        ("Exceptions", _exceptions(data)),
        ("Readiness", "; ".join(readiness(data))),
        ("Quarantined", _quarantined(data)),
        ("Checks", _checks(data)),
        ("Tables", f"{data.tables_path} (release {data.release})"),
        ("Report", data.report_path),
        ("Try", query(data)),
    ]
    return [f"{name:<12} {text}".replace(f.MINUS, "-").replace(f.DASH, "-") for name, text in entries]


def _series(data: ReportData) -> str:
    return f"{f.plural(data.series, 'SKU-location')} for {f.day(data.run_date)}"


def _accuracy(data: ReportData) -> list[tuple[str, str]]:
    found = accuracy(data)
    if found is None:
        return []
    text = (
        f"pinball loss {f.decimal(found.pinball)} (naive {f.decimal(found.naive_pinball)}, "
        f"{f.change(found.pinball, found.naive_pinball)}), "
        f"RMSSE {f.decimal(found.rmsse)} (naive {f.decimal(found.naive_rmsse)})"
    )
    return [("Forecast", text)]


def _replay(data: ReportData) -> list[tuple[str, str]]:
    total = c.pairs(data.kpis, "total")
    if not total or not total[0].served_customers:
        return [("Replay", "not compared with the classical plan")]
    pair = total[0]
    ours, theirs = pair.stock
    unit = data.currency if pair.stock_column == "stock_value" else "units"
    error = f"+/- {c.CLEAR * pair.fill_error * 100:.1f}"
    return [
        (
            "Fill rate",
            f"{f.percent(pair.echelon['fill_rate'])} (classical {f.percent(pair.classical['fill_rate'])}, "
            f"{f.points(pair.fill_difference)} {error}) in the last {c.span(data.replay_start, data.replay_end)}",
        ),
        (
            "Mean stock",
            f"{_amount(ours, unit)} (classical {_amount(theirs, unit)}, {f.change(ours, theirs)})",
        ),
    ]


def _amount(value: float, unit: str) -> str:
    return f"{f.compact(value)} units" if unit == "units" else f.money(value, unit)


def _exceptions(data: ReportData) -> str:
    totals = data.exception_totals.groupby("kind")["exceptions"].sum().sort_values(ascending=False, kind="stable")
    if totals.empty:
        return "none"
    kinds = [f"{f.count(number)} {kind}" for kind, number in totals.items()]
    return f"{f.count(totals.sum())}: {f.words(kinds, 3)}"


def _quarantined(data: ReportData) -> str:
    read, held = data.inputs["rows_read"].sum(), data.inputs["rows_quarantined"].sum()
    if not held:
        return f"none of {f.plural(read, 'row')} read"
    rules = data.quarantine_rules.groupby("rule")["rows"].sum().sort_values(ascending=False, kind="stable")
    names = [f"{f.count(number)} {rule}" for rule, number in rules.items()]
    return f"{f.count(held)} of {f.plural(read, 'row')} read: {f.words(names, 3)}"


def _checks(data: ReportData) -> str:
    evaluated, passed = data.checks["evaluated"].sum(), data.checks["passed"].sum()
    warnings = data.checks["warnings"].sum()
    tail = f", {f.plural(warnings, 'warning')}" if warnings else ""
    return f"{f.count(passed)} of {f.count(evaluated)} passed on {f.plural(len(data.checks), 'table')}{tail}"

"""The few lines that end a run on the terminal."""

from echelon.report import formats as f
from echelon.report.data import ReportData
from echelon.report.headline import order_kinds
from echelon.report.sections import comparison as c
from echelon.report.sections.accuracy import accuracy
from echelon.report.sections.readiness import readiness


def query(data: ReportData) -> str:
    """A command that asks the published tables something."""
    output = data.tables_path.removesuffix("/tables")
    elsewhere = "" if output == "out" else f" --set run.output={output}"
    return f'.venv/bin/echelon sql{elsewhere} "select * from stock_levels order by on_hand desc limit 10"'


def summary_lines(data: ReportData) -> list[str]:
    """What was planned and how good it is, at most 14 aligned lines, plain ASCII apart from names and currency."""
    entries = [
        ("Planned", f"{f.plural(data.skus, 'SKU')}, {f.plural(len(data.points), 'stocking point')}, {_series(data)}"),
        *_accuracy(data),
        *_replay(data),
        ("Orders", order_kinds(data) or ("none" if data.stock_given else "none: they need the input stock")),
        ("Exceptions", _exceptions(data)),
        *_data(data),
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
    compared = accuracy(data)
    if compared is None:
        return []
    text = (
        f"pinball loss {f.decimal(compared.pinball)} (naive {f.decimal(compared.naive_pinball)}, "
        f"{f.change(compared.pinball, compared.naive_pinball)}), "
        f"RMSSE {f.decimal(compared.rmsse)} (naive {f.decimal(compared.naive_rmsse)})"
    )
    return [("Forecast", text)]


def _replay(data: ReportData) -> list[tuple[str, str]]:
    total = c.pairs(data.kpis, "total")
    if not total or not total[0].served_customers:
        return [("Replay", "not compared with the classical plan")]
    pair = total[0]
    span = c.span(data.replay_start, data.replay_end, data.period)
    if pair.tested < c.LEAST_TESTED:
        late = f.percent(1 - pair.tested, 0)
        return [("Replay", f"no proof: {span} are shorter than the lead times of {late} of demand (replay.weeks)")]
    ours, theirs = pair.stock
    unit = data.currency if pair.stock_column == "stock_value" else "units"
    return [
        (
            "Fill rate",
            f"{f.percent(pair.echelon['fill_rate'])} in the last {span} (classical {f.percent(pair.classical['fill_rate'])}): "
            f"{f.points(pair.fill_difference)} ({f.between(pair.fill_ends)})",
        ),
        (
            "Mean stock",
            f"{_amount(ours, unit)} (classical {_amount(theirs, unit)}): {f.change(ours, theirs)} "
            f"({f.between(pair.stock_ends)})",
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


def _data(data: ReportData) -> list[tuple[str, str]]:
    """What of the data a planner must know: stock outside the plan, and refused rows of what decides it."""
    totals = data.exception_totals.groupby("kind")[["exceptions", "value"]].sum()
    sentences = []
    if "stock_not_planned" in totals.index:
        number, value = totals.loc["stock_not_planned", ["exceptions", "value"]]
        where = f.plural(number, "SKU-location")
        sentences.append(
            f"stock of {where} that {'is' if number == 1 else 'are'} not planned, worth {f.money(value, data.currency)}"
        )
    if "record_refused" in totals.index:
        refused = f.count(totals.loc["record_refused", "exceptions"])
        sentences.append(f"{refused} of items, locations, stock or targets with refused rows")
    return [("Look at", "; ".join(sentences))] if sentences else []


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

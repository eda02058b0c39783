"""Lead times and suppliers: what is promised and what the deliveries say."""

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from echelon.report import formats as f
from echelon.report import svg
from echelon.report.data import ReportData, records

MOST = 15
MOST_SUPPLIERS = 10
BASIS = {"deliveries": "own deliveries", "supplier": "supplier's deliveries", "promise": "promise"}
WIDTH, HEIGHT = 150, 30


@dataclass(frozen=True)
class Lane:
    """One lane: its learned row of `lead_times`, the promised days and a small picture of the distribution."""

    learned: dict[str, Any]
    promised: float
    drawing: Markup

    @property
    def learned_from(self) -> str:
        """The basis of the distribution in words."""
        return BASIS[self.learned["basis"]]


@dataclass(frozen=True)
class LeadTimes:
    """The section: a finding, the lanes furthest from their promise, the least reliable suppliers, and how many of both
    are not shown."""

    title: str
    lanes: list[Lane]
    left_out: int
    suppliers: list[dict[str, Any]]
    suppliers_left_out: int


def lead_times(data: ReportData) -> LeadTimes | None:
    """The section, or None where no lane is planned."""
    promised = {(r["source"], r["destination"]): float(r["lead_time_days"]) for r in records(data.lanes)}
    rows = [r for r in records(data.lead_times) if (r["source"], r["destination"]) in promised]
    if not rows:
        return None
    rows.sort(key=lambda r: (-abs(float(r["mean_days"]) - promised[r["source"], r["destination"]]), r["destination"]))
    longest = max(int(max(r["days"])) for r in rows[:MOST])
    lanes = [
        Lane(r, promised[r["source"], r["destination"]], _spark(r, promised[r["source"], r["destination"]], longest))
        for r in rows[:MOST]
    ]
    sources = _worst_first(records(data.suppliers))
    shown = sources[:MOST_SUPPLIERS]
    return LeadTimes(_finding(rows, promised), lanes, len(rows) - len(lanes), shown, len(sources) - len(shown))


def _worst_first(suppliers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Least reliable first; those of which nothing is known last."""
    unknown = [f.missing(row["reliability"]) for row in suppliers]
    keys = [(none, 0.0 if none else row["reliability"], row["source"]) for none, row in zip(unknown, suppliers, strict=True)]
    return [row for _, row in sorted(zip(keys, suppliers, strict=True), key=lambda pair: pair[0])]


def _finding(rows: list[dict[str, Any]], promised: dict[tuple[str, str], float]) -> str:
    learned = [r for r in rows if r["basis"] == "deliveries"]
    pooled = sum(r["basis"] == "supplier" for r in rows)
    borrowed = f"{f.plural(pooled, 'lane')} with too few {'borrows' if pooled == 1 else 'borrow'} from the supplier"
    if not learned:
        return f"No lane has enough deliveries to learn from: {borrowed if pooled else 'all lead times are as promised'}"
    late = [r for r in learned if float(r["mean_days"]) > promised[r["source"], r["destination"]]]
    slip = sum(float(r["mean_days"]) - promised[r["source"], r["destination"]] for r in learned) / len(learned)
    return (
        f"{len(late)} of {f.plural(len(learned), 'lane')} with deliveries take longer than promised, "
        f"{f.compact(abs(slip))} days {'more' if slip >= 0 else 'less'} on average" + (f"; {borrowed}" if pooled else "")
    )


def _spark(row: dict[str, Any], promise: float, longest: int) -> Markup:
    """The distribution as bars, one per day, and a line at the promise; all lanes on the same axis of days."""
    across = svg.Scale(0, max(longest, promise) + 1, 0, WIDTH)
    up = svg.Scale(0, max(float(p) for p in row["probability"]), HEIGHT - 2, 3)
    width = max(across(1) - 0.6, 0.8)
    marks = [
        svg.bar(
            across(int(d)),
            up(float(p)),
            width,
            HEIGHT - 2 - up(float(p)),
            "late" if int(d) > promise else "ours",
            f"{f.plural(d, 'day')}: {f.percent(p)}",
        )
        for d, p in zip(row["days"], row["probability"], strict=True)
    ]
    x = across(promise + 1)
    marks.append(svg.line(0, HEIGHT - 1.5, WIDTH, HEIGHT - 1.5, "rule"))
    marks.append(svg.line(x, 0, x, HEIGHT, "target"))
    return svg.drawing(WIDTH, HEIGHT, f"Lead times to {row['destination']}", marks, "spark")

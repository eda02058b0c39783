"""How ready the data are for a plan: what of history, deliveries and stock is there, against what is wanted."""

from echelon.report import formats as f
from echelon.report.data import ReportData

# A season is seen twice in 24 months, and once and a half in 18.
WANTED = (18, 24)
_DAYS_PER_MONTH = 365.25 / 12


def readiness(data: ReportData) -> list[str]:
    """Short phrases, in plain words; those of nothing missing are left out, but for the months of history."""
    return [_history(data), *_young(data), *_lanes(data), *_stock(data), *_stock_history(data)]


def _history(data: ReportData) -> str:
    months = ((data.history_end - data.history_start).days + data.period_days) / _DAYS_PER_MONTH
    wanted = "" if months >= WANTED[0] else f" ({WANTED[0]} to {WANTED[1]} wanted)"
    return f"{f.plural(int(months + 0.1), 'month')} of history{wanted}"


def _young(data: ReportData) -> list[str]:
    counts = data.class_counts[data.class_counts["property"] == "Life cycle"]
    young = int(counts.loc[counts["kind"] == "new", "series"].sum())
    return [f"{f.percent(young / data.series, 0)} of SKU-locations too young for their own pattern"] if young else []


def _lanes(data: ReportData) -> list[str]:
    promised = int((data.lead_times["basis"] == "promise").sum())
    return [f"{f.count(promised)} of {f.plural(len(data.lead_times), 'lane')} without deliveries"] if promised else []


def _stock(data: ReportData) -> list[str]:
    totals = data.exception_totals
    unknown = int(totals.loc[totals["kind"] == "no_stock_record", "exceptions"].sum())
    return [f"{f.plural(unknown, 'SKU-location')} without stock record"] if unknown else []


def _stock_history(data: ReportData) -> list[str]:
    known = data.stock_known
    return [] if known is None or known >= 1 else [f"stock history of {f.percent(known, 0)} of SKU-location-{data.period}s"]

"""Forecast accuracy of the champions against the seasonal naive, and the segments."""

from dataclasses import dataclass
from math import floor
from typing import Any

import pandas as pd
from markupsafe import Markup

from echelon.report import formats as f
from echelon.report.data import ReportData, records
from echelon.report.rows import Axis, Row, dumbbells

MEANS = ("pinball", "crps", "rmsse", "coverage_50", "coverage_80", "coverage_90", "coverage_95")
LEVELS = ("sku", "location", "category", "total")
TOTALS = ("wape", "bias", "periods_in_stock")


@dataclass(frozen=True)
class Accuracy:
    """Means over all series: each segment weighs as many series as it has. None where no segment has the score."""

    pinball: float | None
    naive_pinball: float | None
    rmsse: float | None
    naive_rmsse: float | None
    windows: int

    @property
    def better(self) -> bool | None:
        """Whether the pinball loss is below that of the seasonal naive; None where they are not known."""
        return None if self.pinball is None or self.naive_pinball is None else self.pinball < self.naive_pinball


@dataclass(frozen=True)
class Candidate:
    """One model over all segments, the plan's windows: means over forecasts, totals over total demand."""

    model: str
    segments: int  # of which it is champion
    failed: int
    scores: dict[str, float | None]  # by MEANS, TOTALS and LEVELS (WAPE of sums); None where unknown


@dataclass(frozen=True)
class Champions:
    """The section: champions of the plan, accuracy in all, all candidates side by side, what changed since the last
    release, and pictures."""

    rows: pd.DataFrame
    accuracy: Accuracy
    candidates: list[Candidate]
    changed: str
    pictures: list[tuple[str, Markup]]  # title and drawing: pinball loss, RMSSE


def plan_champions(data: ReportData) -> pd.DataFrame:
    """The champions that the plan uses, by segment."""
    return data.champions[data.champions["purpose"] == "plan"].sort_values("segment")


def accuracy(data: ReportData) -> Accuracy | None:
    """Accuracy in the backtest, or None without one."""
    rows = plan_champions(data)
    if rows["series"].astype(float).sum() == 0:
        return None
    means = {name: _weighted(rows, name, "series") for name in ("pinball", "naive_pinball", "rmsse", "naive_rmsse")}
    return Accuracy(**means, windows=int(rows["windows"].max()))


def champions(data: ReportData) -> Champions | None:
    """The section, or None without a backtest."""
    compared = accuracy(data)
    if compared is None:
        return None
    rows = plan_champions(data)
    pinball = _title(rows, "pinball", "Pinball loss", compared.pinball, compared.naive_pinball)
    rmsse = _title(rows, "rmsse", "RMSSE", compared.rmsse, compared.naive_rmsse)
    drawn = [
        (pinball, _picture(rows, "pinball", "Mean pinball loss over mean demand (lower is better)", pinball)),
        (rmsse, _picture(rows, "rmsse", "Mean RMSSE (lower is better)", rmsse)),
    ]
    pictures = [(title, picture) for title, picture in drawn if picture is not None]
    return Champions(rows, compared, candidates(data), changes(rows), pictures)


def candidates(data: ReportData) -> list[Candidate]:
    """Every candidate of the plan's backtest, the cheapest in stock first."""
    rows = data.candidate_scores[data.candidate_scores["purpose"] == "plan"]
    levels = data.candidate_levels
    scored = [
        _candidate(str(model), of_model, levels[levels["model"] == model])
        for model, of_model in rows.groupby("model", sort=True)
    ]
    return sorted(scored, key=lambda one: one.scores["inventory_cost"] or 0.0)


def _candidate(model: str, rows: pd.DataFrame, levels: pd.DataFrame) -> Candidate:
    weights = {name: "forecasts" for name in MEANS} | {name: "demand" for name in TOTALS}
    scores = {name: _weighted(rows, name, weight) for name, weight in weights.items()}
    scores |= dict.fromkeys(LEVELS) | dict(zip(levels["level"], levels["wape"].astype(float), strict=True))
    cost = float(rows["inventory_cost"].astype(float).sum())
    return Candidate(
        model, int(rows["champion"].astype(bool).sum()), int(rows["failed"].sum()), {**scores, "inventory_cost": cost}
    )


def _weighted(rows: pd.DataFrame, name: str, weight: str) -> float | None:
    known = rows[rows[name].notna()]
    weights = known[weight].astype(float)
    return float((known[name].astype(float) * weights).sum() / weights.sum()) if weights.sum() > 0 else None


def changes(rows: pd.DataFrame) -> str:
    """What became of the champions of the last release, in words."""
    before = rows[rows["previous"].notna()]
    if before.empty:
        return "There were no champions before."
    changed = before[before["model"] != before["previous"]]
    named = [f"{row['segment']} ({row['previous']} to {row['model']})" for row in records(changed)]
    kept = f"{f.plural(len(before) - len(changed), 'champion')} of the last release stayed"
    return f"{kept}, {len(changed)} changed{': ' if named else ''}{f.words(named)}."


def _title(rows: pd.DataFrame, column: str, name: str, ours: float | None, naive: float | None) -> str:
    won = int((rows[column].astype(float) < rows[f"naive_{column}"].astype(float)).sum())
    return f"{name} {f.decimal(ours)} against {f.decimal(naive)}: lower in {won} of {f.plural(len(rows), 'segment')}"


def _picture(rows: pd.DataFrame, column: str, axis_title: str, label: str) -> Markup | None:
    """The segments whose scores are known; None without any."""
    known = rows[rows[column].notna() & rows[f"naive_{column}"].notna()]
    if known.empty:
        return None
    marks = [Row(str(row["segment"]), float(row[column]), float(row[f"naive_{column}"])) for row in records(known)]
    values = [value for mark in marks for value in (mark.ours, mark.other)]
    step = max(values) / 10 or 1.0
    axis = Axis(
        axis_title,
        f.decimal,
        f.tick,
        floor(min(values) / step) * step if min(values) < max(values) else 0.0,
        (max(values) or 1.0) * 1.02,
    )
    return dumbbells(marks, axis, label)


def levels(data: ReportData) -> pd.DataFrame | None:
    """Errors per level of the hierarchy from the total down, or None without any."""
    rows = data.level_scores
    return None if rows.empty or rows["windows"].max() == 0 else rows.sort_values("groups", kind="stable")


def biases(data: ReportData) -> list[dict[str, Any]]:
    """Bias in all, then the locations and categories that stray by most units."""
    rows = data.forecast_bias[data.forecast_bias["bias"].notna()]
    units = (rows["bias"].astype(float) * rows["demand"].astype(float)).abs()
    return records(rows.assign(_first=rows["level"] != "total", _units=-units).sort_values(["_first", "_units"], kind="stable"))


def situations(data: ReportData) -> list[dict[str, Any]]:
    """Per situation, the easiest first: its periods, and wape and bias of each model as `wape_champion`, ...; None where the
    model did not compete. In the newest window alone: with_drivers, without_drivers."""
    if data.situation_scores.empty:
        return []
    models = ("champion", "moving_average", "seasonal_naive", "with_drivers", "without_drivers")
    wide = _side_by_side(data.situation_scores, "situation", models)
    rows = wide.sort_values("wape_champion", kind="stable").reset_index()
    periods = data.situation_scores.groupby("situation")["periods"].max()
    known = rows.assign(periods=rows["situation"].map(periods)).astype(object)
    return records(known.where(known.notna(), None))


def uplifts(data: ReportData) -> list[dict[str, Any]]:
    """What promotions were worth: in all, then by category, those with most demand first."""
    rows = data.promotion_uplift
    return records(rows.assign(_first=rows["level"] != "total").sort_values(["_first", "demand"], ascending=[True, False]))


def ahead(data: ReportData) -> list[dict[str, Any]]:
    """Per horizon after the cutoff, the first one first: its first and last period, counted from the cutoff, its windows, and
    wape and bias of each model as in `situations`."""
    scores = data.ahead_scores
    if scores.empty:
        return []
    rows = _side_by_side(scores, "ahead", ("champion", "moving_average")).sort_index().reset_index()
    last = rows["ahead"] * data.horizon
    windows = rows["ahead"].map(scores.groupby("ahead")["windows"].max())
    known = rows.assign(first=last - data.horizon + 1, last=last, windows=windows).astype(object)
    return records(known.where(known.notna(), None))


def _side_by_side(scores: pd.DataFrame, index: str, models: tuple[str, ...]) -> pd.DataFrame:
    """wape and bias of each model in columns as `wape_champion`, ..."""
    wide = scores.pivot_table(index=index, columns="model", values=["wape", "bias"], dropna=False)
    wide.columns = wide.columns.map("_".join)
    return wide.reindex(columns=[f"{score}_{model}" for score in ("wape", "bias") for model in models])

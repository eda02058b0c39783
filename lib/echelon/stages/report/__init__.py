"""Stage `report`: the pages and the summary, from the newest published tables. Only aggregates are collected."""

from dataclasses import dataclass
from importlib.metadata import version
from platform import python_version

from pyspark.sql import functions as F

from echelon.core.demand.periods import PERIOD_DAYS
from echelon.engine.decimal_sums import exact_sum
from echelon.errors import EchelonError
from echelon.lake.files import is_local, local_path
from echelon.lake.visible import newest_release
from echelon.report.data import ReportData
from echelon.report.page import write_pages
from echelon.report.summary import summary_lines
from echelon.stages.report import frames as report_frames
from echelon.stages.report.assumptions import assumptions
from echelon.stages.report.checks import check_list
from echelon.stages.shared.context import Context
from echelon.stages.shared.forecast_reach import forecast_reach
from echelon.stages.shared.stock_known import share_of_periods
from echelon.stages.shared.used_lanes import used_and_others


@dataclass(frozen=True)
class Summary:
    """Where the page lies, and the lines for the terminal."""

    place: str
    lines: list[str]


def run(context: Context) -> Summary:
    """Write the pages beside the tables, where these lie on this machine, and return the summary."""
    output = context.settings.run.output
    if not is_local(output):
        no_page = f"no page: {output} is no folder of this machine"
        return Summary(no_page, summary_lines(collect(context, no_page)))
    place = local_path(output) / "report" / "index.html"
    data = collect(context, str(place))
    write_pages(data, place)
    return Summary(str(place), summary_lines(data))


def collect(context: Context, place: str) -> ReportData:
    """Everything that the page shows."""
    settings, windows = context.settings, context.windows
    newest = newest_release(context.spark, context.lake.output)
    if newest is None:
        raise EchelonError("there is no release yet: run `echelon plan` first")
    used, others = used_and_others(context)
    frames = report_frames.all_frames(context, used)
    censored, restored = _lost_sales(context)
    return ReportData(
        name=settings.report.title,
        run_id=newest["run_id"],
        run_date=newest["run_date"],
        release=newest["release"],
        configuration=newest["configuration"],
        code=newest["code"],
        currency=settings.run.currency,
        period_days=round(PERIOD_DAYS[windows.freq]),
        horizon=windows.horizon,
        reach=forecast_reach(context, windows),
        history_start=windows.first_day,
        history_end=windows.last_day,
        skus=context.lake.read("segments").select("sku").distinct().count(),
        series=context.lake.read("segments").count(),
        stock_given=settings.sources.stock is not None,
        unused_lanes=tuple(f"{lane.source} to {lane.destination}" for lane in others),
        tables_path=f"{settings.run.output}/tables",
        report_path=place,
        replay_start=windows.replay_start_date,
        replay_end=windows.last_day,
        censored=censored,
        restored=restored,
        stock_known=share_of_periods(context),
        assumptions=assumptions(context, windows, frames["lanes"]),
        check_list=check_list(context, newest["run_id"]),
        versions={"python": python_version()}
        | {name: version(name) for name in ("pyspark", "delta-spark", "great-expectations")},
        **frames,
    )


def _lost_sales(context: Context) -> tuple[int, float]:
    """Periods with an empty location, and the units restored in them."""
    if context.settings.sources.stock_history is None:
        return 0, 0.0
    lost = exact_sum(F.col("demand") - F.col("observed") + F.coalesce("spike", F.lit(0.0)))
    row = context.lake.read("demand").where("censored > 0").agg(F.count("*"), lost).collect()[0]
    return int(row[0]), float(row[1] or 0.0)

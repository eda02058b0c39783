"""Run stages one after another: one line each, restartable, and a release at the end."""

import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from echelon import interrupt
from echelon.config import Configuration, fingerprint
from echelon.engine.progress import progress
from echelon.engine.session import start
from echelon.errors import CheckBlocked, ConfigurationError
from echelon.lake.checks.guard import load_ahead
from echelon.lake.lake import Lake
from echelon.lake.lock import exclusive
from echelon.lake.places import refuse_foreign
from echelon.lake.releases.release import record_checks, release
from echelon.lake.releases.run_dates import released_run_date
from echelon.lake.run_state import RunState, new_run, unfinished_run
from echelon.lake.visible import all_releases
from echelon.stages import backtest, forecast, ingest, prepare, replay, replenish, report, stock
from echelon.stages.shared.context import Context
from echelon.stages.shared.plain_errors import plain_errors

Stage = Callable[[Context], str]
STAGES: dict[str, Stage] = {
    "ingest": ingest.run,
    "prepare": prepare.run,
    "backtest": backtest.run,
    "forecast": forecast.run,
    "stock": stock.run,
    "replenish": replenish.run,
    "replay": replay.run,
}


def run(settings: Configuration, names: Sequence[str], resume: bool = False) -> None:
    """Run the named stages, release their tables, make the report and print the summary.

    Raises EchelonError (its subclasses say which exit code) for everything that a user can mend.
    """
    with exclusive(settings.run.output):
        state = _state(settings, resume)
        began = time.perf_counter()
        load_ahead()
        spark = start(settings.spark)
        _say("start", f"Spark {spark.version} on {spark.conf.get('spark.master')}", time.perf_counter() - began)
        try:
            run_stages(Context(settings, spark, Lake(spark, settings.run.output, Path(settings.run.suites), state)), names)
        finally:
            spark.stop()


def _state(settings: Configuration, resume: bool) -> RunState:
    configuration = fingerprint(settings)
    if not resume:
        return new_run(configuration)
    unfinished = unfinished_run(settings.run.output, configuration)
    if unfinished is None:
        print("Nothing to resume: no unfinished run of this configuration and code. Starting a new run.")
    return unfinished or new_run(configuration)


def run_stages(context: Context, names: Sequence[str]) -> None:
    """The named stages in a session that is there, their release, and the report if it is named."""
    with plain_errors("start"):
        refuse_foreign(context.lake.output)
    well = False
    try:
        _run_stages(context, names)
        well = True
    finally:
        with plain_errors("stage 'publishing'"):
            context.lake.tidy(well)


def _run_stages(context: Context, names: Sequence[str]) -> None:
    state = context.lake.run
    if "ingest" not in names:
        state.run_date = _released_run_date(context, names[0])
    if "report" in names and "replay" not in names:
        context.lake.read("kpis")  # what the page lacks is told now, not after all other stages
    for name in names:
        if name in state.stages:
            _say(name, "done before", 0.0)
        elif name in STAGES:
            _run_stage(context, name)
    if any(name in STAGES for name in names):
        _release(context)
    if "report" in names:
        interrupt.advise("the tables are there; `echelon report` makes the report anew")
        _report(context)


def _released_run_date(context: Context, first: str) -> date | None:
    """A stage alone plans for the day of the tables that it takes over. The backtest may be an older day's; and when orders
    were made can't be told from versions, as Delta keeps none for no orders after no orders."""
    order = [*STAGES, "report"]
    needed = {name for name in order[: order.index(first)] if name not in ("backtest", "replenish", "replay")}
    releases, began = all_releases(context.spark, context.lake.output), context.lake.run.run_date
    day = released_run_date(releases, context.settings.run.run_date, needed)
    if began not in (None, day):
        raise ConfigurationError(f"the run to go on with is for {began}, the tables are of {day} now: leave --resume out")
    return day


def _run_stage(context: Context, name: str) -> None:
    began, well = time.perf_counter(), False
    try:
        with progress(context.spark, f"{name:<10}"), plain_errors(f"stage '{name}'"):
            outcome = STAGES[name](context)
        well = True
    except CheckBlocked as error:
        record_checks(context.lake)
        raise CheckBlocked(f"{error}\n(all results: table check_results, run_id {context.lake.run.run_id})") from None
    finally:
        context.lake.end_stage(well)
    seconds = time.perf_counter() - began
    context.lake.close_stage(name, {"outcome": outcome, "seconds": round(seconds, 2)})
    _say(name, outcome, seconds)


def _release(context: Context) -> None:
    began = time.perf_counter()
    with plain_errors("stage 'release'"):
        number = release(context.lake)
    checks = sum(check.table not in ("check_results", "releases") for check in context.lake.run.checks)
    _say("release", f"number {number}: {checks} checks", time.perf_counter() - began)


def _report(context: Context) -> None:
    began = time.perf_counter()
    with plain_errors("stage 'report'"):
        summary = report.run(context)
    _say("report", summary.place, time.perf_counter() - began)
    print("\n" + "\n".join(summary.lines), flush=True)


def _say(name: str, outcome: str, seconds: float) -> None:
    print(f"{name:<10} {outcome:<88} {seconds:6.1f} s", flush=True)

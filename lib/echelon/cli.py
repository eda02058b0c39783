"""The command line: `echelon plan` runs all stages, `echelon STAGE` one; exit codes say what went wrong."""

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeAlias

from echelon import __version__, interrupt
from echelon.config import Configuration, load
from echelon.errors import ConfigurationError, EchelonError

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
DEFAULT_CONFIGURATION = "conf/base.yaml"
ABOUT = {
    "ingest": "sources to typed tables; refused rows to quarantine",
    "prepare": "demand on a complete calendar, segments, lead times",
    "backtest": "walk-forward scores of every candidate, champions",
    "forecast": "means, quantiles and distributions of demand",
    "stock": "base-stock levels by simulation of every SKU's network",
    "replenish": "purchase orders, transfers, exceptions",
    "replay": "the held-back weeks under this plan and the classical one",
    "report": "the page for planners, from the newest tables",
}
FREE = ("replay", "report")  # whose tables no other stage needs
UPKEEP = {
    "sql": "one query on the tables of the newest release",
    "releases": "the releases, newest first",
    "rollback": "bring back an earlier release",
    "data-docs": "Great Expectations' own pages for the newest release: out/data-docs/index.html",
    "vacuum": "remove files of versions past their retention",
}
EPILOG = (
    "exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 input refused, 4 a check blocked publishing, "
    "130 interrupted by Ctrl-C (143 by SIGTERM)"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. A user's mistake is told in words, without a traceback."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except EchelonError as error:
        print(f"echelon: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(interrupt.message(), file=sys.stderr)
        return interrupt.EXIT_CODES[signal.SIGINT]
    return 0


def _run(options: argparse.Namespace) -> None:
    if options.command == "settings":
        _show_settings(options.word)
        return
    settings = load(options.config or [DEFAULT_CONFIGURATION], _overrides(options))
    # Imported late: the mistakes above are told at once, without waiting for Spark.
    if options.command in UPKEEP:
        _keep_up(settings, options)
        return
    interrupt.advise("the same command with --resume goes on")
    from echelon.stages.runner import run

    run(settings, _stages(options) if options.command == "plan" else [options.command], options.resume)


def _stages(options: argparse.Namespace) -> list[str]:
    """The stages of a plan from the first to the last that is asked for, without those left out."""
    order = list(ABOUT)
    first, last = (order.index(name) for name in (options.first, options.last))
    chosen = [name for name in order[first : last + 1] if name not in options.skip]
    if not chosen:
        raise ConfigurationError(f"--from {options.first} --to {options.last}: no stage is left of {', '.join(order)}")
    return chosen


def _show_settings(word: str) -> None:
    from echelon.config.document import settings

    matching = settings(word)
    if not matching:
        raise ConfigurationError(f"no setting has {word!r} in its name or meaning: `echelon settings` lists them all")
    for each in matching:
        print(f"{each.path}  ({each.kind}; default {each.default.strip('`')})\n    {each.meaning}")


def _keep_up(settings: Configuration, options: argparse.Namespace) -> None:
    from echelon.commands import data_docs, query, upkeep

    actions: dict[str, Callable[[], None]] = {
        "sql": lambda: query.show(settings, options.query),
        "releases": lambda: upkeep.show_releases(settings),
        "rollback": lambda: upkeep.roll_back(settings, options.release),
        "data-docs": lambda: data_docs.build(settings),
        "vacuum": lambda: upkeep.clean(settings),
    }
    actions[options.command]()


def _overrides(options: argparse.Namespace) -> list[str]:
    dated = [f"run.run_date={options.run_date}"] if getattr(options, "run_date", None) else []
    return [*options.set, *dated]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="echelon", description="Plan stock for supply networks: forecasts, safety stock, orders.", epilog=EPILOG
    )
    parser.add_argument("--version", action="version", version=f"echelon {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_range(_add_run(commands, "plan", "all stages below, one after another"))
    for name, about in ABOUT.items():
        _add_run(commands, name, about)
    listed = commands.add_parser("settings", help="every setting with its default and meaning", epilog=EPILOG)
    listed.add_argument("word", metavar="WORD", nargs="?", default="", help="only settings that this word is in")
    added = {name: _add(commands, name, about) for name, about in UPKEEP.items()}
    example = 'for example "select * from orders order by value desc limit 10"'
    added["sql"].add_argument("query", metavar="QUERY", help=example)
    added["rollback"].add_argument("release", metavar="RUN", help="run id or number of the release, as `releases` shows them")
    return parser


def _add(commands: Commands, name: str, about: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=about, description=f"{name}: {about}", epilog=EPILOG)
    files = f"settings, later files over earlier (default {DEFAULT_CONFIGURATION})"
    command.add_argument("--config", action="append", metavar="FILE", help=files)
    command.add_argument("--set", action="append", default=[], metavar="A.B=C", help="one setting over the files")
    return command


def _add_run(commands: Commands, name: str, about: str) -> argparse.ArgumentParser:
    command = _add(commands, name, about)
    command.add_argument("--run-date", type=_date, metavar="YYYY-MM-DD", help="day that is planned for")
    command.add_argument("--resume", action="store_true", help="go on with the newest unfinished run")
    return command


def _add_range(command: argparse.ArgumentParser) -> None:
    order = list(ABOUT)
    command.add_argument("--from", dest="first", choices=order, default=order[0], help="first stage (default ingest)")
    command.add_argument("--to", dest="last", choices=order, default=order[-1], help="last stage (default report)")
    command.add_argument(
        "--skip",
        type=_left_out,
        action="extend",
        default=[],
        metavar="STAGE[,STAGE]",
        help="leave out replay or report, which no other stage needs",
    )


def _left_out(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    if wrong := [name for name in names if name not in FREE]:
        raise argparse.ArgumentTypeError(f"{wrong[0]!r} can't be left out, only {' and '.join(FREE)}: see --from and --to")
    return names


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2026-01-31") from None

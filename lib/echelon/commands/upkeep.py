"""`echelon releases`, `rollback` and `vacuum`: what a data engineer does between runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from echelon.config import Configuration
from echelon.engine.session import start
from echelon.lake.lake import Lake
from echelon.lake.lock import exclusive
from echelon.lake.releases.rollback import rollback
from echelon.lake.releases.vacuum import vacuum
from echelon.lake.run_state import new_run
from echelon.lake.visible import Row, all_releases, refuse_unreleased, visible_release
from echelon.stages.shared.plain_errors import plain_errors

_TITLE = f"{'release':>7}  {'published (UTC)':<19}  {'planned for':<11}  {'run':<20}  {'checks':>6}  {'warnings':>8}  code"


def show_releases(settings: Configuration) -> None:
    """Print the releases, newest first."""
    with _lake(settings, "releases") as lake:
        visible_release(lake.spark, lake.output)
        print("\n".join([_TITLE, *map(_line, reversed(all_releases(lake.spark, lake.output)))]))


def roll_back(settings: Configuration, wanted: str) -> None:
    """Bring back a release and say so."""
    with _writing(settings, "rollback") as lake:
        row = rollback(lake, wanted)
    print(f"Release {row['release']} brings back release {row['restores']} of run {row['run_id']}: readers see it now.")


def clean(settings: Configuration) -> None:
    """Vacuum every table and say what was done."""
    with _writing(settings, "vacuum") as lake:
        for name, outcome in vacuum(lake).items():
            print(f"{name:<22} {outcome}")


def _line(row: Row) -> str:
    restored = f", brings back release {row['restores']}" if row["restores"] else ""
    return (
        f"{row['release']:>7}  {row['published_at']:%Y-%m-%d %H:%M:%S}  {row['run_date']!s:<11}  {row['run_id']:<20}  "
        f"{row['checks']:>6}  {row['warnings']:>8}  {row['code']}{restored}"
    )


@contextmanager
def _writing(settings: Configuration, command: str) -> Iterator[Lake]:
    """The lake, held alone; nothing stays staged. Nothing is made where there is no release."""
    with plain_errors(command):
        refuse_unreleased(settings.run.output)
        with exclusive(settings.run.output), _lake(settings, command) as lake:
            try:
                yield lake
            finally:
                lake.discard()


@contextmanager
def _lake(settings: Configuration, command: str) -> Iterator[Lake]:
    """The lake in a session of its own; what Spark or the system can't do is one line."""
    with plain_errors(command):
        refuse_unreleased(settings.run.output)
        spark = start(settings.spark)
        try:
            yield Lake(spark, settings.run.output, Path(settings.run.suites), new_run(""))
        finally:
            spark.stop()

"""The day that the tables of the newest release were made for: a stage alone plans for that day and no other."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from echelon.errors import ConfigurationError
from echelon.lake.contracts import TABLES
from echelon.lake.visible import Row


def released_run_date(releases: Sequence[Row], wanted: date | None, needed: Collection[str]) -> date | None:
    """The day that a stage plans for whose run does not ingest, None before the first release.

    releases: rows, oldest first. wanted: the day that was asked for, if one was. needed: the stages whose tables the run
    takes over. Raises ConfigurationError when another day was asked for, or one of these stages was made for another.
    """
    if not releases:
        return None
    day: date = releases[-1]["run_date"]
    if wanted not in (None, day):
        raise ConfigurationError(
            f"run.run_date (--run-date) is {wanted}, and the tables were made for {day}: run from the stage 'ingest' on "
            "(`echelon plan`), or leave the date out"
        )
    for stage, made in made_for(releases).items():
        if stage in needed and made != day:
            raise ConfigurationError(
                f"the tables of the stage '{stage}' were made for {made}, and the sales were ingested for {day}: run from "
                f"the stage '{stage}' on"
            )
    return day


def made_for(releases: Sequence[Row]) -> dict[str, date]:
    """Day that each stage's tables were made for when last one of them changed, in the order of the stages' first run."""
    run_dates: dict[str, date] = {}
    before: Mapping[str, int] = {}
    for row in releases:
        changed = [name for name, version in row["tables"].items() if before.get(name) != version]
        run_dates |= {TABLES[name].stage: row["run_date"] for name in changed if name in TABLES}
        before = row["tables"]
    return run_dates

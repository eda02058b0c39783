"""The tables of one output folder: read, and publish through staging, guard and one commit per table."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from echelon.errors import CheckBlocked, EchelonError
from echelon.lake import delta
from echelon.lake.checks.guard import Check, check, prepare
from echelon.lake.checks.suites import RELEASED
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.contract import Table
from echelon.lake.contracts.quantiles import as_published
from echelon.lake.files import absolute, delete_folder, delete_if_empty, is_local, list_files
from echelon.lake.run_state import RunState
from echelon.lake.schema import conform, spark_schema
from echelon.lake.visible import newest_release, table_path

T = TypeVar("T")
# Small tables take Spark little work but many round trips: a few of them side by side.
_AT_ONCE = 4
# Rows that one task checks sooner than Spark has planned to spread them.
_FEW_ROWS = 50_000


class Lake:
    """Reads what the current run has published, and before that what the newest release holds.

    What was published here is read from the staged files, which stay until `tidy`: the same rows as the commit, without
    Delta working out the new version's state for each reader. Rows that were never released, or that somebody wrote past
    the guard, are not seen.
    """

    def __init__(self, spark: SparkSession, output: str, suites: Path, run: RunState) -> None:
        self.spark = spark
        self.output = absolute(output)
        self.run = run
        self._suites = suites
        self._published: dict[str, DataFrame] = {}
        self._rows: dict[str, int] = {}
        self._pool = ThreadPoolExecutor(max_workers=_AT_ONCE)
        self._closer = ThreadPoolExecutor(max_workers=1)
        self._commits: dict[str, Future[int]] = {}
        self._closed: Future[None] | None = None

    def path(self, name: str) -> str:
        """Where a table lies."""
        return table_path(self.output, name)

    @cached_property
    def released(self) -> dict[str, int]:
        """Version of each table in the release that was the newest when this run began."""
        newest = newest_release(self.spark, self.output)
        return dict(newest["tables"]) if newest else {}

    def read(self, name: str) -> DataFrame:
        """A table; raises EchelonError when no run has published it yet."""
        if name in self._published:
            return self._published[name]
        versions = self.released | self.run.tables
        if name not in versions:
            stage = TABLES[name].stage
            raise EchelonError(f"{self.path(name)}: there is no table '{name}' yet: run the stage '{stage}' first")
        return self._at(name, versions[name])

    def read_released(self, name: str) -> DataFrame:
        """A table as the last release had it; without rows when it did not have it."""
        if name in self.released:
            return self._at(name, self.released[name])
        return self.spark.createDataFrame([], spark_schema(TABLES[name]))

    def _at(self, name: str, version: int) -> DataFrame:
        """A table at a version; columns that its contract did not have then are null."""
        frame = delta.read(self.spark, self.path(name), version)
        new = [column for column in _contract(name, frame).columns if column.name not in frame.columns]
        return frame.withColumns({column.name: F.lit(None).cast(column.type) for column in new})

    def publish(self, frames: Mapping[str, DataFrame]) -> dict[str, int]:
        """Stage all frames, check each, and only then publish them; returns the rows of each table.

        The commits go on while the next stage computes, up to `settle`. Raises CheckBlocked, with nothing published, when a
        critical expectation fails.
        """
        for name in frames:
            self._published.pop(name, None)  # its staged files are about to be overwritten
        staged = dict(zip(frames, self._side_by_side(lambda name: self._stage(name, frames[name]), frames), strict=True))
        checks = self._check(staged)
        self.run.checks = [c for c in self.run.checks if c.table not in staged] + checks
        _refuse_blocked(checks)
        self.settle()
        self._commits = {name: self._pool.submit(self._commit, name, frame) for name, frame in staged.items()}
        self._published |= staged
        self.run.rows |= {name: self._rows[name] for name in staged}
        return {name: self._rows[name] for name in staged}

    def append(self, name: str, frame: DataFrame) -> None:
        """Check the rows and append them in one commit, after everything that was published before."""
        self.settle()
        staged = self._stage(name, frame)
        _refuse_blocked(self._check({name: staged}))
        delta.ensure_table(self.spark, TABLES[name], self.path(name))
        self.run.tables[name] = delta.append(staged, self.path(name), self.run.run_id)

    def settle(self) -> None:
        """Wait until all that was published is committed; what could not be is raised once."""
        closed, self._closed = self._closed, None
        if closed:
            closed.result()
        self._note_versions()

    def close_stage(self, name: str, record: dict[str, Any]) -> None:
        """Note a stage as finished as soon as its tables are committed; `settle` waits for that too."""
        self._closed = self._closer.submit(self._close, name, record)

    def _close(self, name: str, record: dict[str, Any]) -> None:
        self._note_versions()
        self.run.stages[name] = record
        self.run.save(self.output)

    def _note_versions(self) -> None:
        commits, self._commits = self._commits, {}
        wait(commits.values())
        self.run.tables |= {name: commit.result() for name, commit in commits.items()}

    def keep(self, name: str, frame: DataFrame) -> DataFrame:
        """Compute a frame once and keep it in scratch files until the stage ends; later steps read them."""
        place = f"{self._staging()}/scratch/{name}"
        frame.write.mode("overwrite").parquet(place)
        return self._written([place], frame)

    def keep_parts(self, name: str, parts: Mapping[str, DataFrame]) -> DataFrame:
        """Like `keep`, in parts that are finished one by one: those that were finished before the run was interrupted are
        not computed again. They are kept until the stage has ended well."""
        places = {part: f"{self._staging()}/parts/{name}/{part}" for part in parts}
        missing = [part for part, place in places.items() if "_SUCCESS" not in list_files(place)]
        with ThreadPoolExecutor(max_workers=len(parts)) as pool:
            list(pool.map(lambda part: parts[part].write.mode("overwrite").parquet(places[part]), missing))
        return self._written(list(places.values()), next(iter(parts.values())))

    def end_stage(self, well: bool) -> None:
        """Remove what was kept; finished parts only if the stage has ended well."""
        delete_folder(f"{self._staging()}/scratch")
        if well:
            delete_folder(f"{self._staging()}/parts")

    def tidy(self, well: bool) -> None:
        """Remove what was staged. After a run that ended well nothing is left, also not of runs that were given up: on a
        local disk no other run can be under way."""
        try:
            self.settle()
        finally:
            self._published.clear()
            everything = f"{self.output}/staging" if is_local(self.output) else self._staging()
            delete_folder(everything if well else f"{self._staging()}/tables")

    def discard(self) -> None:
        """Remove what was staged by this run alone."""
        self._published.clear()
        delete_folder(self._staging())
        delete_if_empty(f"{self.output}/staging")

    def _staging(self) -> str:
        return f"{self.output}/staging/{self.run.run_id}"

    def _stage(self, name: str, frame: DataFrame) -> DataFrame:
        # Plain Parquet: a folder that only this run writes to is as exact a version as a Delta commit, and cheaper.
        place = f"{self._staging()}/tables/{name}"
        rows = Observation()
        counted = conform(frame, _contract(name, frame)).observe(rows, F.count(F.lit(1)).alias("rows"))
        counted.write.mode("overwrite").parquet(place)
        self._rows[name] = int(rows.get["rows"])
        return self._written([place], counted)

    def _written(self, places: list[str], frame: DataFrame) -> DataFrame:
        """Files that hold the rows of a frame. Its schema is known: Spark would start a job to read it from the files."""
        return self.spark.read.schema(frame.schema).parquet(*places)

    def _check(self, staged: Mapping[str, DataFrame]) -> list[Check]:
        """The queries of the suites run side by side; Great Expectations itself takes one table after the other."""
        find = partial(self._find, staged=staged)
        frames = {name: self._in_few_tasks(name, frame) for name, frame in staged.items()}
        tables = {name: _contract(name, frame) for name, frame in frames.items()}
        ready = self._side_by_side(lambda name: prepare(frames[name], tables[name], self._suites, find, self.keep), frames)
        return [r for name, prepared in zip(frames, ready, strict=True) for r in check(frames[name], tables[name], prepared)]

    def _in_few_tasks(self, name: str, frame: DataFrame) -> DataFrame:
        """The frame in one partition where it is small: then Spark plans no exchange of its rows."""
        return frame.coalesce(1) if self._rows.get(name, _FEW_ROWS) < _FEW_ROWS else frame

    def _side_by_side(self, work: Callable[[str], T], names: Iterable[str]) -> list[T]:
        """The work on each table. An error is raised only when none is under way any more: a run ends after an error, and
        what still waits for a Spark that has stopped may wait without end."""
        under_way = [self._pool.submit(work, name) for name in names]
        wait(under_way)
        return [each.result() for each in under_way]

    def _find(self, name: str, staged: Mapping[str, DataFrame]) -> DataFrame:
        """A table that a check refers to: staged beside it, published before, or as the last release had it."""
        if not name.startswith(RELEASED):
            return self._in_few_tasks(name, staged[name] if name in staged else self.read(name))
        return self.read_released(name.removeprefix(RELEASED))

    def _commit(self, name: str, staged: DataFrame) -> int:
        table = _contract(name, staged)
        created = delta.ensure_table(self.spark, table, self.path(name))
        write = delta.fill if created else delta.replace
        return write(staged, table, self.path(name), self.run.run_id)


def _contract(name: str, frame: DataFrame) -> Table:
    """The table's contract, with the quantiles that the frame has."""
    return as_published(TABLES[name], frame.columns)


def _refuse_blocked(checks: list[Check]) -> None:
    blocking = [result.describe() for result in checks if result.blocks]
    if blocking:
        raise CheckBlocked("nothing was published, because critical checks failed:\n  " + "\n  ".join(blocking))

"""The tables of one output folder: read, and publish through staging, guard and one commit per table."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from echelon.errors import CheckBlocked, EchelonError
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.lake.files import delete_folder
from echelon.lake.guard import Check, check
from echelon.lake.run_state import RunState
from echelon.lake.schema import conform

# Small tables take Spark little work but many round trips: a few of them side by side.
_AT_ONCE = 4


class Lake:
    """Reads what the current run has published, and before that what the newest run left.

    What was published here is read from the staged files, which stay until `tidy`: the same rows as the commit, without
    Delta working out the new version's state for each reader.
    """

    def __init__(self, spark: SparkSession, output: str, suites: Path, run: RunState) -> None:
        self.spark = spark
        self.output = str(Path(output).absolute()) if "://" not in output else output.rstrip("/")
        self.run = run
        self._suites = suites
        self._published: dict[str, DataFrame] = {}

    def path(self, name: str) -> str:
        """Where a table lies."""
        return f"{self.output}/tables/{name}"

    def read(self, name: str) -> DataFrame:
        """A table; raises EchelonError when no run has published it yet."""
        if name in self._published:
            return self._published[name]
        path = self.path(name)
        if not delta.exists(self.spark, path):
            stage = TABLES[name].stage
            raise EchelonError(f"{path}: there is no table '{name}' yet: run the stage '{stage}' first")
        return delta.read(self.spark, path, self.run.tables.get(name))

    def publish(self, frames: Mapping[str, DataFrame]) -> dict[str, int]:
        """Stage all frames, check each, and only then publish them; returns the rows of each table.

        Raises CheckBlocked, with nothing published, when a critical expectation fails.
        """
        for name in frames:
            self._published.pop(name, None)  # its staged files are about to be overwritten
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            staged = dict(zip(frames, pool.map(self._stage, frames, frames.values()), strict=True))
        checks = [result for name, frame in staged.items() for result in self._check(name, frame)]
        self.run.checks = [c for c in self.run.checks if c.table not in staged] + checks
        _refuse_blocked(checks)
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            versions = list(pool.map(self._commit, staged, staged.values()))
        self.run.tables |= dict(zip(staged, versions, strict=True))
        self._published |= staged
        rows = {name: frame.count() for name, frame in staged.items()}
        self.run.rows |= rows
        return rows

    def append(self, name: str, frame: DataFrame) -> None:
        """Check the rows and append them in one commit."""
        staged = self._stage(name, frame)
        _refuse_blocked(self._check(name, staged))
        delta.ensure_table(self.spark, TABLES[name], self.path(name))
        self.run.tables[name] = delta.append(staged, self.path(name), self.run.run_id)

    def keep(self, name: str, frame: DataFrame) -> DataFrame:
        """Compute a frame once and keep it in scratch files until the stage ends; later steps read them."""
        place = f"{self._scratch()}/{name}"
        frame.write.mode("overwrite").parquet(place)
        return self.spark.read.parquet(place)

    def end_stage(self) -> None:
        """Remove what was kept."""
        delete_folder(self._scratch())

    def tidy(self) -> None:
        """Remove what was staged and kept by this run."""
        self._published.clear()
        delete_folder(self._staging())

    def _scratch(self) -> str:
        return f"{self._staging()}/scratch"

    def _staging(self) -> str:
        return f"{self.output}/staging/{self.run.run_id}"

    def _stage(self, name: str, frame: DataFrame) -> DataFrame:
        # Plain Parquet: a folder that only this run writes to is as exact a version as a Delta commit, and cheaper.
        place = f"{self._staging()}/{name}"
        conform(frame, TABLES[name]).write.mode("overwrite").parquet(place)
        return self.spark.read.parquet(place)

    def _check(self, name: str, staged: DataFrame) -> list[Check]:
        return check(staged, TABLES[name], self._suites)

    def _commit(self, name: str, staged: DataFrame) -> int:
        delta.ensure_table(self.spark, TABLES[name], self.path(name))
        return delta.replace(staged, self.path(name), self.run.run_id)


def _refuse_blocked(checks: list[Check]) -> None:
    blocking = [result.describe() for result in checks if result.blocks]
    if blocking:
        raise CheckBlocked("nothing was published, because critical checks failed:\n  " + "\n  ".join(blocking))

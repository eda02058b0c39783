"""Small plans made through the command line, as a user makes them, and their tables as other readers see them."""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import deltalake
import pandas as pd
import yaml

from support import INCLUDED, ROOT

if TYPE_CHECKING:
    import pytest
    from pyspark.sql import SparkSession

# Fast and slow, old and new, all-year and seasonal ones; one with a target of its own, one that is often returned.
SKUS = ("85123A", "22469", "23245", "22776", "23236", "22385", "21055", "23354")
# Refused rows must be there too: a product in another spelling, and some fees.
DIRT = ("85123a", "AMAZONFEE", "BANK CHARGES", "DCGSSGIRL")
# On so few rows Spark takes longer to compile a query than to interpret it; the cluster compiles, as in production.
INTERPRETED = {"spark.sql.codegen.wholeStage": "false", "spark.sql.codegen.factoryMode": "NO_CODEGEN"}
# Little simulation: these tests are about the whole, and every assertion holds for any number of replications.
SMALL = {
    "spark": {"buckets": 8, "shuffle_partitions": 2, "driver_memory": "1g", "settings": INTERPRETED},
    "stock": {"replications": 128, "certification_replications": 256},
    "replay": {"replications": 128},
}
# What a run writes about itself differs from run to run.
OF_THE_RUN = ["run_id", "checked_by"]
SECONDS = 600


@dataclass(frozen=True)
class Plan:
    """A finished command: where its tables lie, what it said, and its exit code."""

    output: Path
    text: str
    code: int

    def table(self, name: str) -> pd.DataFrame:
        """A table by delta-rs, rows in the order of all columns."""
        return read(self.output, name)


def read(output: Path, name: str) -> pd.DataFrame:
    """A table by delta-rs, rows in a fixed order."""
    frame = deltalake.DeltaTable(output / "tables" / name).to_pandas()
    return frame.sort_values(list(frame.columns), key=lambda column: column.map(repr), ignore_index=True)


def tables(output: Path) -> dict[str, pd.DataFrame]:
    """Every table without what a run writes about itself."""
    names = sorted(path.name for path in (output / "tables").iterdir())
    frames = {name: read(output, name) for name in names if name != "releases"}
    results = frames["check_results"]
    newest = results[results["run_id"] == results["run_id"].max()]
    frames |= {"check_results": newest.drop(columns=OF_THE_RUN).reset_index(drop=True)}
    return frames | {name: _without_memory(frames[name]) for name in ("champions", "champion_history") if name in frames}


def _without_memory(frame: pd.DataFrame) -> pd.DataFrame:
    """The newest choice of champions without what it says of the champions before it, which depends on earlier releases."""
    newest = frame[frame["number"] == frame["number"].max()] if "number" in frame else frame
    return newest.drop(columns=["number", "run_id", "previous", "change", "reason"], errors="ignore").reset_index(drop=True)


def assert_same(output: Path, other: Path) -> None:
    """Every column of every table is exactly equal."""
    mine, theirs = tables(output), tables(other)
    assert list(mine) == list(theirs)
    for name, frame in mine.items():
        pd.testing.assert_frame_equal(frame, theirs[name], check_exact=True, obj=name)


def small_cut(folder: Path) -> Path:
    """Configuration of a cut of the included data: few SKUs, the whole network, and still some dirt."""
    folder.mkdir(parents=True)
    sales = pd.read_csv(INCLUDED / "sales.csv.gz", dtype=str, keep_default_na=False)
    sales[sales["StockCode"].isin([*SKUS, *DIRT])].to_csv(folder / "sales.csv", index=False)
    for name in ("items", "stock", "targets"):
        rows = pd.read_csv(INCLUDED / f"{name}.csv", dtype=str, keep_default_na=False)
        rows[rows["sku"].isin([*SKUS, "*"])].to_csv(folder / f"{name}.csv", index=False)
    settings = yaml.safe_load((ROOT / "conf" / "base.yaml").read_text())
    for name, source in settings["sources"].items():
        place = folder if name in ("sales", "items", "stock", "targets") else INCLUDED
        source["path"] = str(place / f"{name}.csv")
    return write_settings(folder, settings | SMALL)


def write_settings(folder: Path, settings: dict[str, object]) -> Path:
    """The settings as a file in the folder, which becomes the place of the output too unless they name one."""
    run = {"output": str(folder / "out"), "suites": str(ROOT / "expectations")} | dict(settings.get("run", {}))  # type: ignore[call-overload]
    file = folder / "plan.yaml"
    file.write_text(yaml.safe_dump(settings | {"run": run}, allow_unicode=True))
    return file


def arguments(config: Path, output: Path, master: str = "local[2]") -> list[str]:
    """What a command needs to know."""
    return ["--config", str(config), "--set", f"run.output={output}", "--set", f"spark.master={master}"]


def command(config: Path, output: Path, *more: str, job: str = "plan", master: str = "local[2]") -> list[str]:
    """How a user runs a job of the checkout."""
    return [sys.executable, str(ROOT / "jobs" / f"{job}.py"), *arguments(config, output, master), *more]


def environment() -> dict[str, str]:
    """The machine's environment, with the checkout's package and without a session of this process."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYSPARK_", "SPARK_"))}
    return kept | {"PYTHONPATH": str(ROOT / "lib")}


def run(config: Path, output: Path, *more: str, job: str = "plan", master: str = "local[2]") -> Plan:
    """Run a job to its end."""
    words = command(config, output, *more, job=job, master=master)
    done = subprocess.run(
        words, cwd=ROOT, env=environment(), text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS
    )
    return Plan(output, done.stdout, done.returncode)


def run_here(spark: SparkSession, config: Path, output: Path, last: str = "report") -> Plan:
    """The plan up to a stage in this process: Spark is started once for several data sets."""
    from echelon.config import fingerprint, load
    from echelon.lake.lake import Lake
    from echelon.lake.run_state import new_run
    from echelon.stages.runner import STAGES, run_stages
    from echelon.stages.shared.context import Context

    settings = load([str(config)], [f"run.output={output}"])
    lake = Lake(spark, str(output), ROOT / settings.run.suites, new_run(fingerprint(settings)))
    with contextlib.redirect_stdout(io.StringIO()) as text:
        names = [*STAGES, "report"]
        run_stages(Context(settings, spark, lake), names[: names.index(last) + 1])
    return Plan(output, text.getvalue(), 0)


def run_until(words: Sequence[str], log: Path, reached: Callable[[str], bool]) -> subprocess.Popen[bytes]:
    """Start a command and return when what it has printed satisfies `reached`; the caller ends it."""
    with log.open("wb") as file:
        process = subprocess.Popen(words, cwd=ROOT, env=environment(), stdout=file, stderr=file, start_new_session=True)
    end = time.monotonic() + SECONDS
    while not reached(log.read_text(errors="replace")):
        assert process.poll() is None, log.read_text(errors="replace")
        assert time.monotonic() < end, "took too long:\n" + log.read_text(errors="replace")
        time.sleep(0.1)
    return process


@cache
def small_plan(root: Path) -> tuple[Path, Plan]:
    """The small cut and its plan by local[2], made once for all processes of a test session; root: a folder they share."""
    folder = root / "small"
    with (root / "small.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "said").exists():
            plan = run(small_cut(folder), folder / "out")
            assert plan.code == 0, plan.text
            (folder / "said").write_text(plan.text)
    return folder / "plan.yaml", Plan(folder / "out", (folder / "said").read_text(), 0)


def shared_root(factory: pytest.TempPathFactory) -> Path:
    """The folder of the test session; under it, each of several processes has its own."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

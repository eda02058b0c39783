"""A command as its process: interrupted at any moment, gone on with, and read from by other accounts on odd machines."""

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from echelon.engine.delta import fetched_jars
from support import ROOT
from support.case_plans import configuration
from support.plans import SECONDS, environment, run_until

CASE = "b8-operations"
# Generous, as the machine may be busy; Java is asked to end for five seconds, then it is made to.
SECONDS_TO_END = 20


@dataclass
class Interrupted:
    """A command after the signal: its exit code, all that it said, and how long it took to end."""

    code: int
    said: str
    seconds: float


def command(config: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "echelon", *words, "--config", str(config)]


def interrupt(process: subprocess.Popen[bytes], log: Path, number: int) -> Interrupted:
    """Send the signal to all processes of the terminal, as Ctrl-C does, and wait for the end."""
    children = [pid for pid in processes_of(process.pid) if pid != process.pid]
    began = time.monotonic()
    os.killpg(process.pid, number)
    code = process.wait(SECONDS)
    seconds = time.monotonic() - began
    assert not set(children) & set(processes_of(process.pid)), "something goes on in the background"
    return Interrupted(code, log.read_text(errors="replace"), seconds)


def processes_of(group: int) -> list[int]:
    """All that run in a process group."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(file.parent.name))
    return found


@pytest.mark.parametrize(
    ("seconds", "number", "code"),
    [(0.2, signal.SIGINT, 130), (1.0, signal.SIGTERM, 143), (3.0, signal.SIGINT, 130), (4.5, signal.SIGINT, 130)],
)
def test_a_command_that_has_hardly_begun_ends_with_one_line(tmp_path: Path, seconds: float, number: int, code: int) -> None:
    """While modules are imported, while Java and Spark start."""
    config, log = configuration(CASE, tmp_path), tmp_path / "log"
    process = run_until(command(config, "plan"), log, lambda _: True)
    time.sleep(seconds)
    end = interrupt(process, log, number)
    assert end.code == code, end.said
    *before, last = end.said.splitlines()
    assert last.startswith("echelon: interrupted; nothing half-done is visible"), end.said
    assert all(line.startswith("start ") for line in before), end.said
    assert end.seconds < SECONDS_TO_END


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that every account can read."""
    place = Path(tempfile.mkdtemp(prefix="operations-"))
    place.chmod(0o755)
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def interrupted(folder: Path) -> Interrupted:
    """A plan that was interrupted right after a stage's line, while its tables are committed and the next stage begins."""
    log = folder / "log"
    process = run_until(
        command(configuration(CASE, folder), "plan"), log, lambda text: "\ningest  " in text and " SKUs" in text
    )
    return interrupt(process, log, signal.SIGINT)


@pytest.fixture(scope="module")
def resumed(folder: Path, interrupted: Interrupted) -> str:  # noqa: ARG001
    """What the first stage says that goes on with it."""
    words = command(folder / "case.yaml", "ingest", "--resume")
    done = subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_a_plan_that_is_interrupted_between_two_stages_ends_within_seconds(interrupted: Interrupted) -> None:
    assert interrupted.code == 130, interrupted.said
    *_, last = interrupted.said.splitlines()
    assert last == "echelon: interrupted; nothing half-done is visible: the same command with --resume goes on"
    assert "Traceback" not in interrupted.said and "Exception" not in interrupted.said
    assert interrupted.seconds < SECONDS_TO_END


@pytest.mark.slow
def test_it_is_gone_on_with_and_released(resumed: str) -> None:
    assert "number 1: " in resumed


@pytest.mark.slow
def test_a_stage_alone_refuses_another_run_date(folder: Path, resumed: str) -> None:  # noqa: ARG001
    words = [*command(folder / "case.yaml", "prepare"), "--run-date", "2026-11-09"]
    done = subprocess.run(words, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("echelon: run.run_date (--run-date) is 2026-11-09, and the tables were made for 2026-11-02")
    assert done.stderr.count("\n") == 1


def another_account() -> list[str]:
    """The beginning of a command that another account runs with the packages of this one; skips where that can't be."""
    paths = f"{ROOT / 'lib'}:{sysconfig.get_path('purelib')}"
    words = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", "-u", "HOME", f"PYTHONPATH={paths}"]
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            subprocess.run([*words, python, "-c", "import echelon.cli, pyspark"], check=True, capture_output=True, timeout=60)
        except (OSError, subprocess.CalledProcessError):
            continue
        return [*words, python]
    pytest.skip("no other account can run this Python here")


@pytest.mark.slow
def test_an_account_that_may_write_nothing_reads_releases_from_a_cache_with_a_comma_in_its_path(
    folder: Path,
    resumed: str,  # noqa: ARG001
) -> None:
    """And what is said to be UTC is."""
    cache = folder / "a,b [2026] 100% #1"
    shutil.copytree(fetched_jars()[0].parents[1], cache / fetched_jars()[0].parts[-3], ignore=shutil.ignore_patterns("cache"))
    surroundings = environment() | {"ECHELON_CACHE": str(cache), "TZ": "Pacific/Kiritimati"}
    words = [*another_account(), "-m", "echelon", "releases", "--config", str(folder / "case.yaml")]
    done = subprocess.run(words, cwd=ROOT, env=surroundings, capture_output=True, text=True, timeout=SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    title, line = done.stdout.splitlines()
    assert title.split()[1:3] == ["published", "(UTC)"]
    published = datetime.strptime(" ".join(line.split()[1:3]), "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    assert timedelta(0) <= datetime.now(UTC) - published < timedelta(hours=1)

"""A second run that is killed in every stage, on a machine of another language and time zone, and goes on: readers see the
first release until the end, nothing that was finished is done again, and the tables are those of an undisturbed run."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from echelon.stages.runner import STAGES
from support import ROOT
from support.plans import SECONDS, Plan, arguments, assert_same, command, environment, read, run, run_until

pytestmark = pytest.mark.slow

ELSEWHERE = {
    "JAVA_TOOL_OPTIONS": "-Duser.language=tr -Duser.country=TR -Duser.timezone=Asia/Kathmandu",
    "LC_ALL": "C",
    "TZ": "America/St_Johns",
}
# When the process is killed (as the commit of a table or of a release begins, or as soon as a file is there and a stage is
# recorded), and how many stages the next one finds done: what a stage publishes waits for the commits of the stage before.
COMMIT, RELEASE = "echelon.lake.lake:Lake._commit", "echelon.lake.releases.release:append_release"
EARLY = (
    (f"{COMMIT} quarantine", "ingest, between two tables", 0),  # the last of many, a few at a time
    (f"{COMMIT} demand", "prepare, between staging and publishing", 1),
    ("staging/*/parts/scores/1-of-*/_SUCCESS prepare", "backtest, in its middle", 2),
    (f"{COMMIT} champions", "backtest, between staging and publishing", 2),
    (f"{COMMIT} forecasts", "forecast, between staging and publishing", 3),
)
LATE = (
    ("staging/*/parts/levels/*/_SUCCESS forecast", "stock, in its middle", 4),
    (f"{COMMIT} orders", "replenish, between staging and publishing", 5),
    (f"{COMMIT} kpis", "replay, between staging and publishing", 6),
    (RELEASE, "before the row of the release", 7),
)


@dataclass
class Chain:
    """One run in many processes: what each said, the parts of the backtest before and after it went on, and the end."""

    said: list[str]
    releases: list[int]
    parts: list[dict[str, int]]
    end: Plan
    beside: Plan


def done_before(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if "done before" in line]


@pytest.fixture(scope="class")
def chain(request: pytest.FixtureRequest, small: tuple[Path, Plan], tmp_path_factory: pytest.TempPathFactory) -> Chain:
    """The chain of kills of a test class."""
    config, plan = small
    output = tmp_path_factory.mktemp("again") / "out"
    shutil.copytree(plan.output, output)
    said, releases, parts = [], [], []
    for point, *_ in request.cls.kills:
        done = killed(config, output, point)
        assert done.returncode == -9, f"{point}: {done.stdout}{done.stderr}"
        said.append(done.stdout)
        releases.append(len(read(output, "releases")))
        parts.append({str(file): file.stat().st_ino for file in output.glob("staging/*/parts/scores/*/_SUCCESS")})
    return Chain(said, releases, parts, *finish(config, output))


class Killed:
    """What holds of every chain of kills; two chains, so that they can run side by side."""

    kills: tuple[tuple[str, str, int], ...]

    def test_no_kill_shows_anything_half_done(self, chain: Chain) -> None:
        assert chain.releases == [1] * len(self.kills)

    def test_the_next_process_takes_up_what_was_finished(self, chain: Chain) -> None:
        for (_, name, finished), said in zip(self.kills, [*chain.said[1:], chain.end.text], strict=True):
            assert done_before(said) == list(STAGES)[:finished], name

    def test_the_end_is_that_of_an_undisturbed_run(self, chain: Chain, small: tuple[Path, Plan]) -> None:
        assert chain.end.code == 0, chain.end.text
        assert_same(chain.end.output, small[1].output)
        assert not (chain.end.output / "staging").exists()

    def test_a_run_beside_another_is_refused(self, chain: Chain) -> None:
        assert chain.beside.code == 1
        assert "another run (process" in chain.beside.text

    def test_the_run_adds_one_release_of_the_same_inputs(self, chain: Chain) -> None:
        rows = chain.end.table("releases").sort_values("release")
        assert list(rows["release"]) == [1, 2]
        assert rows["run_id"].nunique() == 2
        first, second = (dict(entry) for entry in rows["inputs"])
        assert first == second
        assert len(first) >= 5
        before, after = (dict(entry) for entry in rows["tables"])
        assert set(before) == set(after)
        # Delta writes no commit where nothing was and nothing comes.
        assert all(after[name] > before[name] for name in before if len(chain.end.table(name)))


class TestKilledEarly(Killed):
    """While demand is read and forecast."""

    kills = EARLY

    def test_finished_parts_of_a_stage_are_not_done_again(self, chain: Chain) -> None:
        before, after = chain.parts[2], chain.parts[3]
        assert before
        assert before.items() <= after.items()


class TestKilledLate(Killed):
    """While stock is planned and the run ends."""

    kills = LATE


def killed(config: Path, output: Path, point: str) -> subprocess.CompletedProcess[str]:
    """A process of the run that is killed at a point."""
    words = [sys.executable, str(ROOT / "tests/support/killing.py"), point, str(output), "plan"]
    return subprocess.run(
        [*words, *arguments(config, output), "--resume"],
        cwd=ROOT,
        env=environment() | ELSEWHERE,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )


def finish(config: Path, output: Path) -> tuple[Plan, Plan]:
    """The last process, on one core instead of two, and another run that was started beside it."""
    log = output.parent / "log"
    words = command(config, output, "--resume", master="local[1]")
    process = run_until(words, log, lambda text: "done before" in text)
    beside = run(config, output)
    code = process.wait(SECONDS)
    return Plan(output, log.read_text(), code), beside

"""Runs again, runs that were killed and go on, other numbers of cores, and stages alone: always the same tables."""

import os
import re
import shutil
import signal
from pathlib import Path

import pandas as pd
import pytest
from plans import Plan, assert_same, command, read, run, run_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def killed(small: tuple[Path, Plan], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output of the small plan, into which a second run of it wrote until it was killed after the backtest."""
    config, plan = small
    output = tmp_path_factory.mktemp("again") / "out"
    shutil.copytree(plan.output, output)
    finished = re.compile(r"^backtest .* \d+\.\d s$", re.MULTILINE)
    process = run_until(command(config, output), output.parent / "log", lambda text: finished.search(text) is not None)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return output


@pytest.fixture(scope="module")
def resumed(killed: Path, small: tuple[Path, Plan]) -> Plan:
    """The killed run after it went on, on one core instead of two."""
    assert len(read(killed, "releases")) == 1, "a half-finished run was released"
    second = run(small[0], killed, "--resume", master="local[1]")
    assert second.code == 0, second.text
    return second


def test_a_killed_run_goes_on_where_it_stopped(resumed: Plan, small: tuple[Path, Plan]) -> None:
    skipped = [line.split()[0] for line in resumed.text.splitlines() if "done before" in line]
    assert skipped == ["ingest", "prepare", "backtest"]
    assert_same(resumed.output, small[1].output)
    assert list((resumed.output / "staging").iterdir()) == []


def test_a_second_run_adds_a_release_and_changes_nothing(resumed: Plan) -> None:
    releases = resumed.table("releases")
    assert sorted(releases["release"]) == [1, 2]
    assert releases["run_id"].nunique() == 2
    first, second = (dict(releases.set_index("release").loc[number, "tables"]) for number in (1, 2))
    assert set(first) == set(second)
    # Delta writes no commit where nothing was and nothing comes.
    filled = [name for name in first if len(resumed.table(name))]
    assert all(second[name] > first[name] for name in filled)
    assert "release 2" in resumed.text


def test_a_stage_alone_works_on_what_is_there(resumed: Plan, small: tuple[Path, Plan]) -> None:
    alone = run(small[0], resumed.output, job="replenish")
    assert alone.code == 0, alone.text
    stages = dict.fromkeys(line.split()[0] for line in alone.text.splitlines())  # slow stages tell their progress too
    assert list(stages) == ["start", "replenish", "release"]
    assert "number 3" in alone.text
    for name in ("orders", "exceptions"):
        pd.testing.assert_frame_equal(alone.table(name), small[1].table(name), check_exact=True)
    assert set(alone.table("check_results")["table"]) == set(small[1].table("check_results")["table"])

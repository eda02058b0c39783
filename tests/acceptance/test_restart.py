"""Runs again, runs on other cores, runs that were killed, and stages alone: always the same tables."""

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
def again(small: tuple[Path, Plan], tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The same plan once more into the same tables, on one core instead of two."""
    config, plan = small
    output = tmp_path_factory.mktemp("again") / "out"
    shutil.copytree(plan.output, output)
    second = run(config, output, master="local[1]")
    assert second.code == 0, second.text
    return second


def test_a_second_run_adds_a_release_and_changes_nothing(again: Plan, small: tuple[Path, Plan]) -> None:
    releases = again.table("releases")
    assert sorted(releases["release"]) == [1, 2]
    assert releases["run_id"].nunique() == 2
    first, second = (dict(releases.set_index("release").loc[number, "tables"]) for number in (1, 2))
    assert set(first) == set(second)
    # Delta writes no commit where nothing was and nothing comes.
    filled = [name for name in first if len(again.table(name))]
    assert all(second[name] > first[name] for name in filled)
    assert "release 2" in again.text
    assert_same(again.output, small[1].output)


def test_a_stage_alone_works_on_what_is_there(again: Plan, small: tuple[Path, Plan]) -> None:
    alone = run(small[0], again.output, job="replenish")
    assert alone.code == 0, alone.text
    assert "number 3" in alone.text
    for name in ("orders", "exceptions"):
        pd.testing.assert_frame_equal(alone.table(name), small[1].table(name), check_exact=True)


def test_a_killed_run_goes_on_where_it_stopped(small: tuple[Path, Plan], tmp_path: Path) -> None:
    config, plan = small
    output = tmp_path / "out"
    log = tmp_path / "log"
    finished = re.compile(r"^backtest .* \d+\.\d s$", re.MULTILINE)
    process = run_until(command(config, output), log, lambda text: finished.search(text) is not None)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert not (output / "tables" / "releases").exists(), "a half-finished run was released"
    resumed = run(config, output, "--resume")
    assert resumed.code == 0, resumed.text
    skipped = [line.split()[0] for line in resumed.text.splitlines() if "done before" in line]
    assert skipped == ["ingest", "prepare", "backtest"]
    assert_same(output, plan.output)
    assert len(read(output, "releases")) == 1
    assert list((output / "staging").iterdir()) == []

"""The whole plan on a standalone cluster: the same tables as on one machine, also when a machine is lost."""

import shutil
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest
from support import ROOT
from support.plans import SECONDS, Plan, assert_same, read
from support.standalone import Cluster, kill

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def planned(cluster: Cluster, small: tuple[Path, Plan], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Output of the small plan made by spark-submit on the cluster."""
    config, _ = small
    output = tmp_path_factory.mktemp("planned") / "out"
    words = cluster.submit(config, output)
    done = subprocess.run(words, cwd=ROOT, env=cluster.environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Spark 4.1.4 on spark://" in done.stdout
    return output


def test_the_tables_equal_those_of_one_machine(planned: Path, small: tuple[Path, Plan]) -> None:
    assert_same(planned, small[1].output)


def test_too_little_memory_for_the_cores_of_an_executor_is_refused(
    cluster: Cluster, small: tuple[Path, Plan], tmp_path: Path
) -> None:
    words = cluster.submit(small[0], tmp_path / "out", memory="2500m")
    done = subprocess.run(words, cwd=ROOT, env=cluster.environment, capture_output=True, text=True, timeout=SECONDS)
    said = done.stdout + done.stderr  # spark-submit passes on both by its own output
    assert done.returncode == 2, said
    assert "shared by the 2 workers of an executor (spark.executor.cores), 1250m for each" in said
    assert "Traceback" not in said


def test_a_lost_worker_changes_nothing(planned: Path, cluster: Cluster, small: tuple[Path, Plan], tmp_path: Path) -> None:
    """One of two workers is killed while networks are being simulated on both."""
    output, log = tmp_path / "out", tmp_path / "log"
    shutil.copytree(planned, output)
    with log.open("wb") as file:
        words = cluster.submit(small[0], output, "stock")
        job = subprocess.Popen(words, cwd=ROOT, env=cluster.environment, stdout=file, stderr=file, start_new_session=True)
    try:
        end = time.monotonic() + SECONDS
        while not any(output.glob("staging/*/parts/levels/*/_temporary")):
            assert job.poll() is None and time.monotonic() < end, log.read_text(errors="replace")
            time.sleep(0.05)
        time.sleep(1)  # let the tasks begin
        assert job.poll() is None and not any(output.glob("staging/*/parts/levels/*/_SUCCESS"))
        cluster.kill_worker()
        assert job.wait(SECONDS) == 0, log.read_text(errors="replace")
    finally:
        kill(job)
    said = log.read_text(errors="replace")
    assert "ExecutorLostFailure" in said or "Lost executor" in said
    pd.testing.assert_frame_equal(read(output, "stock_levels"), read(planned, "stock_levels"), check_exact=True)
    assert "number 2" in said
    assert_stands_for_all_tables(output)


def assert_stands_for_all_tables(output: Path) -> None:
    """The release of one stage alone has the check results of every table."""
    results, newest = read(output, "check_results"), read(output, "releases").sort_values("release")["run_id"].iloc[-1]
    assert set(results.loc[results["run_id"] == newest, "table"]) == set(results["table"])

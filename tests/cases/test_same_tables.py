"""The same input gives the same tables: in another place of the world, and in other buckets."""

import os
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from pyspark.sql import SparkSession
from support import ROOT
from support.case_plans import configuration, planned
from support.plans import SECONDS, assert_same, command, environment, tables

CASE = "b8-operations"
ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
JAVA_ELSEWHERE = "-Duser.timezone=America/St_Johns -Duser.language=tr -Duser.country=TR"
DIGITS = 1e-9  # as README says


@pytest.fixture(scope="module")
def output(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case's tables with its own four buckets."""
    return planned(spark, CASE, tmp_path_factory.mktemp("four"), "report").output


@pytest.mark.slow
def test_time_zone_language_and_hash_seed_do_not_matter(output: Path, tmp_path: Path) -> None:
    config = configuration(CASE, tmp_path)
    java = f"{os.environ.get('JAVA_TOOL_OPTIONS', '')} {JAVA_ELSEWHERE}".strip()
    words = command(config, tmp_path / "out", master="local[1]")
    done = subprocess.run(
        words,
        cwd=ROOT,
        env=environment() | ELSEWHERE | {"JAVA_TOOL_OPTIONS": java},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert_same(output, tmp_path / "out")


@pytest.mark.slow
def test_buckets_change_nothing_but_the_last_digits(output: Path, spark: SparkSession, tmp_path: Path) -> None:
    other = planned(spark, CASE, tmp_path, "report", ("buckets: 4", "buckets: 9")).output
    mine, theirs = tables(output), tables(other)
    assert list(mine) == list(theirs)
    for name, frame in mine.items():
        pd.testing.assert_frame_equal(frame, theirs[name], rtol=DIGITS, atol=DIGITS, obj=name)

"""What the runner tells and takes up again, what counts as too many fallbacks, what is said of silent sources."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from echelon.config import Configuration, fingerprint
from echelon.config.models import Sources
from echelon.errors import EchelonError
from echelon.lake.run_state import new_run
from echelon.stages import runner
from echelon.stages.backtest.candidates import FAILED
from echelon.stages.forecast.distributions import with_champions
from echelon.stages.report.assumptions import assumptions
from echelon.stages.shared.failures import count_failures
from echelon.stages.shared.plain_errors import cause
from echelon.stages.shared.windows import Windows
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession
from support.in_memory import Rows, context

WINDOWS = Windows("D", 15000, 15365, 28, 5, 2)


def statuses(spark: SparkSession, *texts: str):  # type: ignore[no-untyped-def]
    return spark.createDataFrame([(text,) for text in texts], "status string")


def test_few_fallbacks_are_counted(spark: SparkSession) -> None:
    made = context(spark, run={"max_failed_share": 0.5})
    assert count_failures(made, statuses(spark, "ok", "ok", "too short", "ok"), "series") == 1
    assert count_failures(made, statuses(spark), "series") == 0


def test_too_many_fallbacks_stop_the_run_with_their_most_frequent_reason(spark: SparkSession) -> None:
    frame = statuses(spark, "ok", "too short", "no data", "too short")
    with pytest.raises(EchelonError, match=r"3 of 4 series needed a fallback, .* = 5% allows; .* \(2\): too short"):
        count_failures(context(spark), frame, "series")


def test_a_segment_without_champion_is_forecast_by_the_seasonal_naive(spark: SparkSession) -> None:
    champion = ("sba", 5, 3, 0.1, 0.1, 0.0, 0.2, 0.2, None, "best")
    segments = spark.createDataFrame(
        [("A", "North", "A-smooth"), ("B", "North", "C-lumpy")], "sku string, location string, segment string"
    )
    champions: Rows = [("plan", "A-smooth", *champion), ("replay", "C-lumpy", *champion)]
    made = context(spark, {"champions": champions})
    found = with_champions(segments, made.lake.read("champions"), "plan").collect()
    assert {row["sku"]: row["model"] for row in found} == {"A": "sba", "B": "seasonal_naive"}


def settings(tmp_path: Path, **sections: object) -> Configuration:
    run = {"output": str(tmp_path)}
    return Configuration.model_validate({"sources": {"sales": {"path": "s.csv"}}, "run": run, **sections})


def test_only_an_unfinished_run_of_the_same_configuration_is_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine, other = settings(tmp_path), settings(tmp_path, replay={"weeks": 4})
    started = new_run(fingerprint(mine))
    started.stages["ingest"] = {"outcome": "done", "seconds": 1.0}
    started.save(str(tmp_path))
    assert runner._state(mine, resume=True) == started
    assert runner._state(mine, resume=False).run_id != started.run_id
    assert runner._state(other, resume=True).stages == {}
    assert "Nothing to resume" in capsys.readouterr().out
    started.finished = True
    started.save(str(tmp_path))
    assert runner._state(mine, resume=True).run_id != started.run_id


def test_the_cause_of_a_failure_in_a_worker_is_one_line() -> None:
    raised = PySparkException("job aborted\n  File worker.py\nTraceback\n  ValueError: no such segment\n  at java.lang\n")
    assert cause(raised) == "ValueError: no such segment"
    assert cause(PySparkException("[PATH_NOT_FOUND] no such path\n at java")).startswith("[PATH_NOT_FOUND]")
    nested = "TASK_WRITE_FAILED: task 3\n at java\nCaused by: IOException: disk\n at java\nCaused by: No space left\n at java"
    assert cause(PySparkException(nested)) == "TASK_WRITE_FAILED: task 3 (No space left)"
    died = PySparkException(
        "Job aborted: Lost task 2.0\nCaused by: Python worker exited unexpectedly (crashed).\nCaused by: EOF"
    )
    assert "raise spark.python_memory" in cause(died)


PLAIN_LANES = pd.DataFrame({"share": [np.nan], "capacity": [np.nan], "days_down": [np.nan]})


def test_what_the_sources_do_not_say_is_told(spark: SparkSession) -> None:
    silent = assumptions(context(spark, defaults={"lead_time_days": 9, "supplier": "Mill"}), WINDOWS, PLAIN_LANES)
    assert any("(Mill) serves every location in 9 days (standard deviation 2.6)" in text for text in silent)
    assert any(text.startswith("No stock was given") for text in silent)
    given = {name: {"path": f"{name}.csv"} for name in Sources.model_fields}
    told = assumptions(context(spark, sources=given, report={"assumptions": ["Costs are guessed."]}), WINDOWS, PLAIN_LANES)
    assert told[0] == "Costs are guessed."
    assert not any("were given" in text or "was given" in text for text in told)


def test_what_is_said_of_sources_follows_the_lanes(spark: SparkSession) -> None:
    def said(**terms: float) -> str:
        told = assumptions(context(spark), WINDOWS, PLAIN_LANES.assign(**terms))
        return next(text for text in told if text.startswith("Every location orders"))

    assert said() == "Every location orders on its lane with the lowest priority number. Suppliers always have stock."
    assert "lanes with shares split the orders" in said(share=0.5)
    assert "the others stand in" in said(days_down=3.0)


def test_too_little_history_is_no_failure(spark: SparkSession) -> None:
    frame = statuses(spark, "ok", "too little history: fewer than 300 rows to train on", "MemoryError: full")
    assert count_failures(context(spark, run={"max_failed_share": 0.5}), frame, "series", FAILED) == 1

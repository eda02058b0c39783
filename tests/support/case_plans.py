"""Plans of the cases, as far as a test needs them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from echelon.errors import EchelonError

from support import ROOT
from support.plans import Plan, run_here

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CASES = ROOT / "tests" / "cases"


def configuration(case: str, folder: Path, *replacements: tuple[str, str]) -> Path:
    """The case's `plan.yaml` with its places filled in and texts replaced, in `folder`, which gets the output too."""
    text = (CASES / case / "plan.yaml").read_text(encoding="utf-8")
    for old, new in (
        ("@CASES@", str(CASES)),
        ("@CASE@", str(CASES / case)),
        ("@OUT@", str(folder / "out")),
        ("suites: expectations", f"suites: {ROOT / 'expectations'}"),
        *replacements,
    ):
        assert old in text or old.startswith("@"), f"{case}: plan.yaml has no {old!r}"
        text = text.replace(old, new)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "case.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def planned(spark: SparkSession, case: str, folder: Path, last: str = "ingest", *replacements: tuple[str, str]) -> Plan:
    """The case's plan up to a stage, in this process."""
    return run_here(spark, configuration(case, folder, *replacements), folder / "out", last)


def refused(spark: SparkSession, case: str, folder: Path, last: str = "ingest", *replacements: tuple[str, str]) -> str:
    """The message with which the case is refused, in one line or few, and no table is published before."""
    try:
        plan = planned(spark, case, folder, last, *replacements)
    except EchelonError as error:
        assert error.exit_code in (2, 3), error
        assert not re.search(r"Traceback|Py4J|Exception", str(error)), error
        return str(error)
    raise AssertionError(f"{case}: not refused:\n{plan.text}")

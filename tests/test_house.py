"""Rules of the house that a reviewer would otherwise have to check by hand."""

import ast
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from echelon.config.document import page, settings, with_candidates
from echelon.core.forecast.selection.names import COMBINATIONS, SINGLE
from echelon.lake.checks.suites import load_suite
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.contract import Column, Table
from echelon.lake.document import suite_text, tables_page
from support import ROOT

LIBRARY = ROOT / "lib" / "echelon"
# A layer imports its own level and lower ones.
LEVEL = {
    "errors": 0,
    "code": 0,
    "interrupt": 0,
    "core": 0,
    "textbook": 1,
    "config": 1,
    "reading": 1,
    "api": 2,
    "engine": 2,
    "lake": 2,
    "report": 3,
    "stages": 4,
    "commands": 4,
    "cli": 5,
    "__main__": 6,
}
SPARK_INTERNALS = {"rdd", "sparkContext", "_jvm", "_jsc", "_jdf", "_sc"}


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (LIBRARY / folder).rglob("*.py"))


def imports(file: Path) -> Iterator[str]:
    """Full names of all that a file imports, also inside functions."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer(name: str) -> str:
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else ""


def test_lower_layers_never_import_higher_ones() -> None:
    wrong = []
    for file in modules("."):
        own = file.relative_to(LIBRARY).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        wanted = [layer(name) for name in imports(file) if name.startswith("echelon.")]
        wrong += [f"{own} imports {name}: {file.name}" for name in wanted if LEVEL.get(name, 0) > LEVEL[own]]
        wrong += [f"core imports {name}: {file.name}" for name in wanted if own == "core" and name != "core"]
    assert wrong == []


def test_core_runs_without_spark() -> None:
    names = [".".join(file.relative_to(ROOT / "lib").with_suffix("").parts) for file in modules("core")]
    names = [name.removesuffix(".__init__") for name in names]
    assert len(names) > 30
    # A name that is None in sys.modules can't be imported: as on a machine without Spark.
    code = (
        "import importlib, sys\n"
        "for name in ('pyspark', 'delta', 'great_expectations'): sys.modules[name] = None\n"
        f"for name in {names!r}: importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("file", modules("stages", "lake"), ids=lambda file: file.name)
def test_stages_use_dataframes_only(file: Path) -> None:
    """No RDD, no context, no gateway: the same code runs on Spark Connect."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    assert {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)} & SPARK_INTERNALS == set()


def test_jobs_are_thin() -> None:
    jobs = sorted((ROOT / "jobs").glob("*.py"))
    from echelon.cli import ABOUT

    assert {job.stem for job in jobs} == {"plan", *ABOUT}
    for job in jobs:
        code = job.read_text().partition('"""\n')[2].split()
        assert code == ["from", "echelon.__main__", "import", "job", f'job("{job.stem}")']


def test_benchmarks_can_be_started() -> None:
    """They are not run here; a name that has moved shows when they are imported."""
    names = [f"benchmarks.{file.stem}" for file in (ROOT / "benchmarks").glob("*.py") if file.stem != "__main__"]
    done = subprocess.run([sys.executable, "-c", f"import {', '.join(names)}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_page_of_tables_is_made_from_the_contracts() -> None:
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == tables_page(), "run `make docs`"


def test_the_page_of_settings_is_made_from_the_models() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == page(), "run `make docs`"
    assert all(each.meaning for each in settings()), [each.path for each in settings() if not each.meaning]


def test_the_page_of_candidates_has_those_that_there_are() -> None:
    candidates = (ROOT / "docs" / "candidates.md").read_text(encoding="utf-8")
    assert candidates == with_candidates(candidates), "run `make docs`"
    assert all(f"| `{name}` |" in candidates for name in (*SINGLE, *COMBINATIONS))


@pytest.mark.parametrize("name", TABLES)
def test_every_table_has_a_suite_that_holds_its_contract(name: str) -> None:
    file = ROOT / "expectations" / f"{name}.json"
    text = file.read_text(encoding="utf-8")
    assert text == suite_text(TABLES[name], text), "run `make docs`"
    entries = json.loads(text)["expectations"]
    assert len(load_suite(ROOT / "expectations", TABLES[name])) == len(entries) >= len(TABLES[name].columns) // 2


def test_no_suite_is_left_over() -> None:
    assert {file.stem for file in (ROOT / "expectations").glob("*.json")} == set(TABLES)


def not_null(table: Table, column: Column) -> bool:
    """By contract; or where only rows of earlier releases may be null, by a check of all that is published."""
    checks = json.loads((ROOT / "expectations" / f"{table.name}.json").read_text())["expectations"]
    refused = [check["kwargs"] for check in checks if check["type"] == "expect_column_values_to_not_be_null"]
    return not column.nullable or {"column": column.name} in refused


def test_keys_are_columns_and_columns_are_explained() -> None:
    for table in TABLES.values():
        assert set(table.key) <= set(table.column_names), table.name
        assert all(not_null(table, column) for column in table.columns if column.name in table.key), table.name
        assert all(column.meaning for column in table.columns), table.name
        assert len(set(table.column_names)) == len(table.columns), table.name


def test_no_two_files_of_tests_have_one_name() -> None:
    """pytest imports them by it, and refuses the second."""
    names = Counter(file.name for file in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, files in names.items() if files > 1] == []

"""What a data engineer does between runs: every mistake is one line with the right exit code, and nothing is left behind."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from echelon.cli import main
from echelon.commands import data_docs, query, upkeep
from echelon.config.models import Spark
from echelon.errors import EchelonError
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.places import refuse_foreign
from echelon.lake.releases.release import release
from echelon.stages import runner
from echelon.stages.shared.context import Context
from pyspark.sql import SparkSession

COMMANDS = (["releases"], ["rollback", "1"], ["vacuum"], ["data-docs"], ["sql", "select * from targets"])


@pytest.fixture(autouse=True)
def shared(spark: SparkSession, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands take this process's session, and leave it running."""

    class Kept:
        def __getattr__(self, name: str) -> object:
            return (lambda: None) if name == "stop" else getattr(spark, name)

    def start(_: Spark) -> SparkSession:
        return Kept()  # type: ignore[return-value]

    for module in (data_docs, query, upkeep):
        monkeypatch.setattr(module, "start", start)
    monkeypatch.setattr(upkeep, "Lake", lambda _, *rest: Lake(spark, *rest))


@pytest.fixture(scope="module")
def made(open_lake: Callable[..., Lake], tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Two releases of one table, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("upkeep")
    (folder / "suites").mkdir()
    for name in ("targets", "check_results", "releases"):
        suite = json.loads((root / "expectations" / f"{name}.json").read_text())
        (folder / "suites" / f"{name}.json").write_text(json.dumps(suite | {"expectations": suite["expectations"][:2]}))
    for day in (1, 2):
        lake = open_lake(folder / "out", folder / "suites")
        lake.run.run_date = date(2026, 2, day)
        lake.publish({"targets": lake.spark.createDataFrame([("A", "*", day / 10)], TABLES["targets"].ddl)})
        release(lake)
        lake.tidy(well=True)
    return folder


@pytest.fixture
def output(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "here")
    return tmp_path / "here" / "out"


@pytest.fixture
def told(output: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Exit code, what is printed and what is complained of, of a command on an output folder."""
    config = output.parent / "mine.yaml"
    config.write_text("sources: {sales: {path: sales.csv}}\n")

    def run(*command: str, at: Path = output) -> tuple[int, str, str]:
        places = ["--set", f"run.output={at}", "--set", f"run.suites={output.parent / 'suites'}"]
        code = main([command[0], "--config", str(config), *places, *command[1:]])
        out, err = capsys.readouterr()
        return code, out, err

    return run


Told = Callable[..., tuple[int, str, str]]


def one_line(code: int, out: str, err: str) -> str:
    assert code == 1, (code, out, err)
    assert err.startswith("echelon: ") and err.count("\n") == 1, err
    assert not any(word in err for word in ("Traceback", "Py4J", "java.lang")), err
    return err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_without_a_release_every_command_says_so_and_makes_nothing(told: Told, tmp_path: Path, command: list[str]) -> None:
    nowhere = tmp_path / "nowhere"
    assert one_line(*told(*command, at=nowhere)) == f"echelon: {nowhere}: there is no release yet: run `echelon plan` first\n"
    assert not nowhere.exists()
    (tmp_path / "file").write_text("no folder")
    assert "there is no release yet" in one_line(*told(*command, at=tmp_path / "file"))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_damage_is_told_in_one_line(told: Told, output: Path, command: list[str]) -> None:
    log = output / "tables" / "releases" / "_delta_log"
    whole = {file: file.read_bytes() for file in log.iterdir() if file.is_file()}
    for file in log.glob("*.crc"):
        file.unlink()
    for file in whole:
        if file.suffix == ".json":
            file.write_text("{damaged")
    one_line(*told(*command))
    shutil.rmtree(log)
    log.mkdir()
    one_line(*told(*command))
    shutil.rmtree(log.parent)
    log.parent.write_text("a file")
    assert "is a file, and a table belongs there: move it away" in one_line(*told(*command))


@pytest.mark.parametrize(
    "command", [command for command in COMMANDS if command[0] != "releases"], ids=lambda command: command[0]
)
def test_a_table_that_is_gone_is_told_in_one_line(told: Told, output: Path, command: list[str]) -> None:
    shutil.rmtree(output / "tables" / "targets")
    one_line(*told(*command))


def test_files_that_are_gone_are_told_in_one_line(told: Told, output: Path) -> None:
    for file in (output / "tables" / "targets").glob("*.parquet"):
        file.unlink()
    one_line(*told("rollback", "1"))
    one_line(*told("data-docs"))
    assert one_line(*told("sql", "select * from targets")).startswith("echelon: sql: ")
    assert not (output / "staging").exists()


def test_a_release_that_is_not_there_is_wrong_usage(told: Told) -> None:
    for wanted in ("9", "", "-1", "1.0", "20260101T000000-abcd"):
        code, _, err = told("rollback", wanted) if not wanted.startswith("-") else told("rollback", "--", wanted)
        assert (code, err.count("\n")) == (2, 1)
        assert f"there is no release {wanted!r}; the newest ones are 1 (" in err
    assert told("rollback", "2")[0] == 2


def test_a_rollback_leaves_nothing_staged_and_another_runs_parts_alone(told: Told, output: Path) -> None:
    assert told("rollback", "1")[0] == 0
    assert not (output / "staging").exists()
    parts = output / "staging" / "another" / "parts"
    parts.mkdir(parents=True)
    assert told("rollback", "2")[0] == 0
    assert [folder.name for folder in (output / "staging").iterdir()] == ["another"]
    assert parts.is_dir()
    code, out, _ = told("releases")
    assert code == 0 and "brings back release 2" in out.splitlines()[1]


def test_commands_on_a_good_folder(told: Told) -> None:
    code, out, err = told("sql", "select fill_rate from targets")
    assert (code, err) == (0, "") and "0.2" in out
    assert told("vacuum")[0] == 0
    code, _, err = told("sql", "select 1 / 0 from targets")
    assert (code, err.count("\n")) == (2, 1)
    code, _, err = told("sql", "delete from targets")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.parametrize("place", ["tables/orders", "tables/sales", "tables", "staging", "runs", "report"])
def test_a_file_in_the_place_of_a_folder_is_told_at_start(tmp_path: Path, place: str) -> None:
    file = tmp_path / "out" / place
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(EchelonError, match=f"^{file} is a file, and .* move it away, or choose another folder"):
        refuse_foreign(str(tmp_path / "out"))
    assert file.read_text() == "mine"


def test_a_folder_that_is_no_table_is_told_at_start(tmp_path: Path) -> None:
    refuse_foreign(str(tmp_path / "none"))
    folder = tmp_path / "out" / "tables" / "orders"
    folder.mkdir(parents=True)
    refuse_foreign(str(tmp_path / "out"))
    (folder / "orders.xlsx").write_text("mine")
    with pytest.raises(EchelonError, match=f"^{folder} holds something else than a Delta table"):
        refuse_foreign(str(tmp_path / "out"))


def test_a_plan_looks_at_the_places_before_its_first_stage(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    from echelon.config import Configuration

    monkeypatch.setattr(runner, "STAGES", {"ingest": lambda _: pytest.fail("worked first")})
    Path(lake.path("orders")).parent.mkdir(parents=True)
    Path(lake.path("orders")).write_text("mine")
    settings = Configuration.model_validate({"sources": {"sales": {"path": "sales.csv"}}, "run": {"output": lake.output}})
    with pytest.raises(EchelonError, match="orders is a file"):
        runner.run_stages(Context(settings, lake.spark, lake), ["ingest"])

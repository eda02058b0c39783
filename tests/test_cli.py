"""The command line as a user meets it: help, exit codes, and words instead of tracebacks."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from echelon.cli import ABOUT, main
from echelon.errors import CheckBlocked, ConfigurationError, EchelonError, InputRefused
from support import ROOT

SALES = "sku,location,date,quantity\n" + "".join(f"A,Shop,2026-01-{day:02},{day % 4 + 1}\n" for day in range(1, 29))


def echelon(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m echelon` in a folder, as a user does."""
    command = [sys.executable, "-m", "echelon", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "lib")}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder: sales alone and the configuration that names them."""
    (tmp_path / "sales.csv").write_text(SALES)
    spark = "{master: 'local[2]', driver_memory: 1g, shuffle_partitions: 2}"
    text = f"run: {{output: out, suites: {ROOT / 'expectations'}}}\nspark: {spark}\nsources: {{sales: {{path: sales.csv}}}}\n"
    (tmp_path / "mine.yaml").write_text(text)
    return tmp_path


def test_help_lists_every_stage(capsys: pytest.CaptureFixture[str]) -> None:
    from echelon.stages.runner import STAGES

    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    told = capsys.readouterr().out
    assert set(ABOUT) == {*STAGES, "report"}
    for name, about in ABOUT.items():
        assert re.search(rf"^ +{name}\s+{about[:30]}", told, re.MULTILINE), name
    assert "3 input refused, 4 a check blocked publishing" in " ".join(told.split())


def test_help_of_a_stage_lists_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["stock", "--help"])
    told = capsys.readouterr().out
    assert all(option in told for option in ("--config FILE", "--set A.B=C", "--run-date YYYY-MM-DD", "--resume"))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "required: COMMAND"),
        (["plann"], "invalid choice: 'plann'"),
        (["plan", "--fast"], "unrecognized arguments: --fast"),
        (["plan", "--run-date", "31.01.2026"], "'31.01.2026' is not a date like 2026-01-31"),
        (["plan", "--skip", "stock"], "'stock' can't be left out, only replay and report: see --from and --to"),
    ],
)
def test_wrong_usage(capsys: pytest.CaptureFixture[str], arguments: list[str], words: str) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert words in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ["--config", "none.yaml"],
            "echelon: none.yaml: can't be read (No such file or directory). Name a file with --config.\n",
        ),
        (
            ["--from", "stock", "--to", "prepare", "--set", "sources.sales.path=x"],
            "--from stock --to prepare: no stage is left",
        ),
        (["--set", "run.sed=1"], "unknown setting 'run.sed'. Did you mean 'seed'?"),
        (["--config", "mine.yaml", "--set", "run.seed"], "--set run.seed: expected NAME=VALUE"),
    ],
)
def test_wrong_configuration(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, folder: Path, arguments: list[str], words: str
) -> None:
    monkeypatch.chdir(folder)
    arguments = arguments if "--config" in arguments else ["--config", "mine.yaml", *arguments]
    assert main(["plan", *arguments]) == 2
    assert words in capsys.readouterr().err


def test_the_exit_codes() -> None:
    errors = (EchelonError, ConfigurationError, InputRefused, CheckBlocked)
    assert [error.exit_code for error in errors] == [1, 2, 3, 4]


def test_the_default_configuration_is_named_when_it_is_not_there(tmp_path: Path) -> None:
    done = echelon(tmp_path, "plan")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "echelon: conf/base.yaml: can't be read (No such file or directory). Name a file with --config.\n"


@pytest.mark.slow
def test_refused_input(folder: Path) -> None:
    (folder / "sales.csv.gz").write_bytes(SALES.encode())
    done = echelon(folder, "ingest", "--config", "mine.yaml", "--set", "sources.sales.path=sales.csv.gz")
    assert done.returncode == 3, done.stderr
    assert done.stderr.startswith("echelon: sales: sales.csv.gz: can't be read")
    assert "Traceback" not in done.stderr
    assert not (folder / "out" / "tables").exists()


@pytest.mark.slow
def test_a_stage_out_of_order(folder: Path) -> None:
    early = echelon(folder, "stock", "--config", "mine.yaml")
    assert early.returncode == 1, early.stdout
    assert re.fullmatch(r"echelon: .*: there is no table '\w+' yet: run the stage '\w+' first\n", early.stderr), early.stderr

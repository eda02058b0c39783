"""Kernels are compiled once per source version, not once per process, also from a zip in another place."""

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from support import ROOT

LIBRARY = ROOT / "lib"
CALL = """
import numpy as np
from echelon.core.inventory.kernels.drawing import draw
out = np.empty((1, 64))
draw.deal_strata(np.arange(64.0), np.uint64(1), out)
stats = draw.deal_strata.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()), out.sum(), draw.__file__)
"""


def zipped(place: Path, extra: str = "") -> Path:
    """The mathematics as a zip; `extra` is added to a helper's source."""
    place.mkdir()
    with ZipFile(place / "echelon.zip", "w") as archive:
        archive.write(LIBRARY / "echelon" / "__init__.py", "echelon/__init__.py")
        for file in sorted((LIBRARY / "echelon" / "core").rglob("*.py")):
            text = file.read_text() + (extra if file.name == "layout.py" else "")
            archive.writestr(file.relative_to(LIBRARY).as_posix(), text)
    return place / "echelon.zip"


def start(archive: Path, home: Path, **named: str) -> subprocess.Popen[str]:
    """A process that imports from the zip and calls one kernel, with variables of its own."""
    hidden = ("NUMBA_CACHE_DIR", "XDG_CACHE_HOME")
    kept = {name: value for name, value in os.environ.items() if name not in hidden}
    environment = kept | {"PYTHONPATH": str(archive), "HOME": str(home), "TMPDIR": str(home)} | named
    command = [sys.executable, "-c", CALL]
    return subprocess.Popen(command, env=environment, cwd=home, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(process: subprocess.Popen[str]) -> tuple[int, int]:
    """(Cache hits, compilations) of a process that worked."""
    said, complaints = process.communicate(timeout=120)
    assert process.returncode == 0, complaints
    hits, compiled, total, file = said.split()
    assert float(total) == 64 * 63 / 2
    assert ".zip" in file
    return int(hits), int(compiled)


def test_processes_share_what_one_has_compiled(tmp_path: Path) -> None:
    first, second = (zipped(tmp_path / name) for name in ("one", "two"))
    at_once = [start(first, tmp_path), start(second, tmp_path)]
    assert all(sum(answer(process)) == 1 for process in at_once)
    assert answer(start(second, tmp_path)) == (1, 0)
    changed = zipped(tmp_path / "changed", "\nFURTHER = 1\n")
    assert answer(start(changed, tmp_path)) == (0, 1)
    (folder,) = [place.parent for place in tmp_path.rglob("*.nbc")][:1]
    assert not list(folder.glob("*.part"))


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="about file permissions")
def test_code_that_others_could_have_put_there_is_not_run(tmp_path: Path) -> None:
    folder = tmp_path / ".cache" / "echelon"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    assert answer(start(zipped(tmp_path / "zip"), tmp_path)) == (0, 1)
    assert not list(folder.iterdir())
    assert list(tmp_path.glob(f"echelon-{os.getuid()}/*.nbc"))


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="about file permissions")
@pytest.mark.parametrize("variable", ["NUMBA_CACHE_DIR", "XDG_CACHE_HOME"])
def test_no_variable_makes_a_folder_of_others_trusted(tmp_path: Path, variable: str) -> None:
    (shared := tmp_path / "shared").mkdir()
    shared.chmod(0o777)
    assert answer(start(zipped(tmp_path / "zip"), tmp_path, **{variable: str(shared)})) == (0, 1)
    assert not list(shared.rglob("*.nbc"))
    assert list(tmp_path.rglob("*.nbc")), "the next place is taken"


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="about file permissions")
def test_nothing_is_loaded_from_a_file_that_others_can_write(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "zip")
    assert answer(start(archive, tmp_path)) == (0, 1)
    for file in tmp_path.rglob("*.nbc"):
        file.chmod(0o666)
    assert answer(start(archive, tmp_path)) == (0, 1)


def test_a_numba_that_is_made_otherwise_inside_costs_a_compilation_and_no_run(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "one")
    without = f"import numba.core.caching as inside\ndel inside._CacheLocator\n{CALL}"
    environment = os.environ | {"PYTHONPATH": str(archive), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", without], env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[2]) == 64 * 63 / 2 and not list(tmp_path.rglob("*.nbc"))

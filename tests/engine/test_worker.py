"""Workers between two tasks: nothing is read anew, and everything can still be imported."""

import gc
import importlib
import platform
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from zipimport import zipimporter

import pytest
from echelon.engine.grouped.worker import spare_next_task


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def test_a_zips_finders_are_forgotten_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as file:
        file.writestr("zipped_here/__init__.py", "")
        file.writestr("zipped_here/first.py", "VALUE = 1")
        file.writestr("zipped_here/second.py", "VALUE = 2")
    monkeypatch.syspath_prepend(str(tmp_path / "some.zip"))
    assert importlib.import_module("zipped_here.first").VALUE == 1
    spare_next_task()
    assert not any(isinstance(finder, zipimporter) for finder in sys.path_importer_cache.values())
    assert importlib.import_module("zipped_here.second").VALUE == 2


def test_only_what_is_new_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("echelon.engine.grouped.worker._modules", 0)
    spare_next_task()
    assert gc.get_freeze_count() > len(gc.get_objects())
    kept = gc.get_freeze_count()
    new: list[list[int]] = [[] for _ in range(100_000)]
    spare_next_task()
    assert gc.get_freeze_count() < kept + len(new)


_SECOND_USE = """
import resource, sys
import numpy as np
from echelon.engine.grouped.worker import keep_freed_memory
if sys.argv[1] == "kept":
    keep_freed_memory()
for _ in range(2):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    np.ones(3 << 20, np.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries keep what is freed, or can't be told")
@pytest.mark.parametrize("how", ["given back", "kept"])
def test_freed_memory_is_used_again(how: str) -> None:
    found = subprocess.run([sys.executable, "-c", _SECOND_USE, how], capture_output=True, text=True, check=True)
    pages = 3 * 256
    assert (int(found.stdout) < pages / 10) == (how == "kept")

"""Folders from which code is loaded: nobody else may be able to put anything there, also not by exchanging a folder above."""

import os
from pathlib import Path

import pytest
from echelon.core.compiled.trusted import is_trusted

pytestmark = pytest.mark.skipif(not hasattr(os, "getuid"), reason="about owners and permissions")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of this account in another one."""
    (tmp_path / "above" / "own").mkdir(parents=True, mode=0o755)
    (tmp_path / "above").chmod(0o755)
    return tmp_path / "above" / "own"


def test_a_folder_of_ones_own_is_trusted(folder: Path) -> None:
    assert is_trusted(folder)


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757, 0o1777])
def test_a_folder_that_others_may_write_to_is_not(folder: Path, mode: int) -> None:
    folder.chmod(mode)
    assert not is_trusted(folder)


def test_nor_one_that_others_could_exchange(folder: Path) -> None:
    folder.parent.chmod(0o777)
    assert not is_trusted(folder)
    folder.parent.chmod(0o1777)  # like /tmp: others may add, not exchange
    assert is_trusted(folder)


def test_nor_one_behind_a_link_into_such_a_folder(folder: Path, tmp_path: Path) -> None:
    (link := tmp_path / "link").symlink_to(folder)
    assert is_trusted(link)
    folder.chmod(0o777)
    assert not is_trusted(link)


@pytest.mark.skipif(hasattr(os, "getuid") and os.getuid() != 0, reason="only root can give folders away")
def test_nor_one_of_another_account(folder: Path) -> None:
    os.chown(folder, 65534, 65534)
    assert not is_trusted(folder)

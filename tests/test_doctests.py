"""Examples in docstrings do what they show."""

import doctest
import importlib

import pytest
from support import ROOT

LIB = ROOT / "lib"
FILES = [file for file in sorted((LIB / "echelon").rglob("*.py")) if ">>> " in file.read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", [".".join(file.relative_to(LIB).with_suffix("").parts) for file in FILES])
def test_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name))
    assert result.attempted > 0 and result.failed == 0, result

"""The rooms of the library: few files each, no circles, and what each layer may know."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from support import ROOT

LIB = ROOT / "lib"
LIBRARY = LIB / "echelon"
FILES_IN_A_ROOM = 12
ARROWS_IN_CORE = 10
# What the mathematics is built on (docs/design.md).
OF_THE_CORE = {"numpy", "pandas", "scipy", "numba", "statsforecast", "lightgbm", "keras", "holidays"}
# What no command reaches yet: it waits for plans with budgets, costs of shortage and other measures of service.
WAITING = {
    "core.inventory.kernels.network.time_window_fill_rate",
    "core.inventory.optimisation.service.bracket",
    "core.inventory.optimisation.service.nearby",
    "core.inventory.optimisation.service.no_stock_out",
    *(
        f"core.inventory.optimisation.cost.{name}"
        for name in ("budget", "continuous_review", "costs", "pairs", "penalty", "polish", "starts")
    ),
    "core.inventory.optimisation.cost",
}
ENTRANCES = ["__main__", "api", "reading", "lake.document", "engine.warm"]


def name_of(file: Path) -> str:
    """Full name of a module, for example "core.demand.periods"."""
    return ".".join(file.relative_to(LIBRARY).with_suffix("").parts).removesuffix("__init__").rstrip(".")


FILES = {name_of(file): file for file in LIBRARY.rglob("*.py")}
ROOMS = sorted({name.rpartition(".")[0] for name in FILES})


@cache
def imported(name: str) -> frozenset[str]:
    """Modules of the library that a module imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.partition(".")[0] == "echelon":
            package = node.module.removeprefix("echelon").lstrip(".")
            found |= {whole if (whole := f"{package}.{part.name}".lstrip(".")) in FILES else package for part in node.names}
    return frozenset(found)


def arrows(room: str) -> set[tuple[str, str]]:
    """Who imports whom among what lies in a room: its files and its inner rooms."""
    inside = f"{room}." if room else ""

    def place(name: str) -> str:
        return name.removeprefix(inside).partition(".")[0]

    pairs = ((name, other) for name in FILES for other in imported(name))
    placed = ((place(a), place(b)) for a, b in pairs if a.startswith(inside) and b.startswith(inside))
    return {(a, b) for a, b in placed if a != b}


def reached(starts: set[str], edges: set[tuple[str, str]]) -> set[str]:
    """All that can be got to along the arrows."""
    found: set[str] = set()
    while more := {b for a, b in edges if a in starts | found} - found:
        found |= more
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_has_few_files(room: str) -> None:
    files = [name for name in FILES if name.rpartition(".")[0] == room and FILES[name].name != "__init__.py"]
    assert len(files) <= FILES_IN_A_ROOM, f"{room}: {len(files)} files"


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_goes_in_a_circle(room: str) -> None:
    edges = arrows(room)
    assert [name for name in {a for a, _ in edges} if name in reached({name}, edges)] == []


def test_rooms_of_the_core_know_few_others() -> None:
    rooms = {path.name for path in (LIBRARY / "core").iterdir() if path.is_dir()}
    between = {(a, b) for a, b in arrows("core") if {a, b} <= rooms}
    assert len(between) <= ARROWS_IN_CORE, sorted(between)


def outside(name: str) -> Iterator[str]:
    """Packages beside the library and Python's own that a module imports."""
    for node in ast.walk(ast.parse(FILES[name].read_text(encoding="utf-8"))):
        names = [part.name for part in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        yield from {each.partition(".")[0] for each in names} - {"echelon", *sys.stdlib_module_names}


def test_the_mathematics_is_built_on_what_the_design_lists() -> None:
    used = {package for name in FILES if name.startswith(("core", "textbook")) for package in outside(name)}
    assert used == OF_THE_CORE
    design = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    assert all(package in design for package in OF_THE_CORE)


def test_stages_never_look_into_the_textbook() -> None:
    looking = [name for name in FILES if name.startswith(("stages", "core")) for other in imported(name) if "textbook" in other]
    assert looking == []


def test_what_no_command_reaches_is_in_the_textbook_or_waits() -> None:
    edges = {(name, other) for name in FILES for other in imported(name)}
    edges |= {(name, name.rpartition(".")[0]) for name in FILES}
    left = set(FILES) - set(ENTRANCES) - reached(set(ENTRANCES), edges)
    assert {name for name in left if not name.startswith("textbook")} == WAITING

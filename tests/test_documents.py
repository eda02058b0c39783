"""What the documents name exists: files, rooms, modules, tables, settings, commands; links between pages work."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
import yaml
from echelon.config import Configuration
from echelon.lake.contracts import TABLES
from pydantic import BaseModel
from support import ROOT

LIBRARY = ROOT / "lib" / "echelon"
DECISIONS = ROOT / "docs" / "decisions"
PAGES = sorted(
    [
        *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
        *(ROOT / "docs").glob("*.md"),
        *DECISIONS.glob("*.md"),
    ]
)
# Paths are meant from one of these, or from the page itself.
BASES = (ROOT, LIBRARY, ROOT / "lib")
CODE = (".py", ".md", ".toml", ".lock", ".j2", ".css", ".js")
DATA = (".json", ".yaml", ".yml", ".csv", ".gz", ".parquet", ".conf", ".html", ".zip", ".txt", ".so")
CAPITALS = ("README", "CONTRIBUTING", "CHANGELOG", "LICENSE")
# What a run makes, what set-up makes, what lies beside the checkout.
MADE = ("out", "dist", ".venv", ".cache", "..")


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@cache
def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@cache
def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```", "", text(page), flags=re.DOTALL | re.MULTILINE)


@cache
def words(page: Path) -> list[str]:
    """What stands in backticks in prose, word by word."""
    return [word.strip(",;:()") for code in re.findall(r"`([^`\n]+)`", prose(page)) for word in code.split()]


@cache
def headings(page: Path) -> set[str]:
    """Anchors as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", prose(page), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@cache
def files() -> frozenset[str]:
    """Names of the checkout's own files, without folders."""
    tops = ("lib", "tests", "docs", "benchmarks", "jobs", "conf", "deploy", "data", "expectations")
    below = (path for top in tops for path in (ROOT / top).rglob("*"))
    return frozenset(path.name for path in [*ROOT.iterdir(), *below] if path.is_file())


def placeholder(word: str) -> bool:
    """NAME.py, docs/decisions/NNNN-title.md, my.yaml, <table>, drawn from the reader's own."""
    parts = [part for part in re.split(r"[/.]", word) if part not in CAPITALS]
    return any(re.match(r"[A-Z_]{4,}(-|$)", part) or part.startswith("my") for part in parts) or "<" in word


def is_path(word: str, page: Path) -> bool:
    """Of the checkout: it starts at a folder that is there, or is called as code is."""
    if not re.fullmatch(r"[\w./*-]+", word) or placeholder(word) or word.startswith(("/", "-", "*")):
        return False
    first, slash, _ = word.partition("/")
    if first in MADE:
        return False
    return word.endswith(CODE) or (bool(slash) and any((base / first).is_dir() for base in (*BASES, page.parent)))


def exists(word: str, page: Path) -> bool:
    if "/" not in word:
        return word in files()
    return any(any(base.glob(word.rstrip("/"))) for base in (*BASES, page.parent))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_file_and_room_that_is_named_exists(page: Path) -> None:
    assert [word for word in words(page) if is_path(word, page) and not exists(word, page)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_work(page: Path) -> None:
    wrong = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        if target.startswith(("http:", "https:")):
            continue
        if not other.exists() or (anchor and anchor not in headings(other)):
            wrong.append(target)
    assert wrong == []


def module_exists(name: str) -> bool:
    """A module, or a name in one: `echelon.reading.read_release`."""
    parts = name.split(".")[1:]
    for end in range(len(parts), -1, -1):
        place = LIBRARY.joinpath(*parts[:end])
        file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        if file.is_file():
            return all(re.search(rf"\b{part}\b", file.read_text(encoding="utf-8")) for part in parts[end : end + 1])
    return False


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_module_that_is_named_exists(page: Path) -> None:
    ours = re.findall(r"\bechelon(?:\.[a-z_]\w*)+", text(page))
    wrong = [name for name in ours if not name.endswith((".zip", ".md")) and not module_exists(name)]
    measured = re.findall(r"\bbenchmarks\.([a-z_]+)\b", text(page))
    wrong += [name for name in measured if not (ROOT / "benchmarks" / f"{name}.py").is_file()]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_table_that_is_named_exists(page: Path) -> None:
    named = re.findall(r"\btable `(\w+)`", text(page))
    named += re.findall(r"\bselect\b[^`\n]*?\bfrom (\w+)", text(page), re.IGNORECASE)
    assert [name for name in named if name not in TABLES] == []


def settings_of(model: type[BaseModel], name: str) -> list[type[BaseModel]] | None:
    """The models that a setting of this name may hold; None if there is no such setting."""
    if name not in model.model_fields:
        return None
    kind = model.model_fields[name].annotation
    return [part for part in (kind, *get_args(kind)) if isinstance(part, type) and issubclass(part, BaseModel)]


def is_setting(word: str) -> bool:
    """Of a known section. Signals and holidays have names of the user's own, and below them settings of a kind."""
    models: list[type[BaseModel]] = [Configuration]
    for part in re.sub(r"^(signals|holidays)\.[^.]+", r"\1", word).split("."):
        found = [below for below in (settings_of(model, part) for model in models) if below is not None]
        if not found:
            return not models
        models = [model for below in found for model in below]
    return True


def names_setting(word: str) -> bool:
    """`stock.periods`, and neither Spark's own `spark.sql.x`, nor a file, nor one with a place for a name (in capitals)."""
    section, dot, rest = word.partition(".")
    known = section in Configuration.model_fields and bool(re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", rest))
    return bool(dot) and known and not word.endswith((*CODE, *DATA)) and not (section == "spark" and "." in rest)


def is_column(word: str) -> bool:
    table, _, column = word.partition(".")
    return table in TABLES and column in TABLES[table].column_names


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_that_is_named_exists(page: Path) -> None:
    named = [word.partition("=")[0].strip("'\"") for word in words(page)]
    assert [word for word in named if names_setting(word) and not is_setting(word) and not is_column(word)] == []


def settings_in(block: object, before: str = "") -> Iterator[str]:
    """Names of all settings of an example, with their sections."""
    for name, value in block.items() if isinstance(block, dict) else ():
        yield f"{before}{name}"
        yield from settings_in(value, f"{before}{name}.")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_setting_of_an_example_exists(page: Path) -> None:
    examples = [yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```", text(page), re.DOTALL | re.MULTILINE)]
    named = [name for example in examples for name in settings_in(example)]
    assert [name for name in named if not is_setting(name)] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_is_named_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = re.findall(r"`make ([a-z-]+)", text(page)) + re.findall(r"^make ([a-z-]+)", text(page), re.MULTILINE)
    assert [name for name in named if name not in targets] == []


def test_the_design_stays_short_and_names_every_room() -> None:
    page = ROOT / "docs" / "design.md"
    assert len(text(page).splitlines()) <= 150
    rooms = [path for place in (LIBRARY, LIBRARY / "core") for path in place.iterdir() if (path / "__init__.py").is_file()]
    missing = [str(path.relative_to(LIBRARY)) for path in rooms if path.name != "core"]
    assert [room for room in missing if f"`{room}" not in text(page)] == []


def test_every_decision_is_in_the_index_and_has_its_parts() -> None:
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    index = text(DECISIONS / "README.md")
    for page in pages:
        title = text(page).splitlines()[0].removeprefix("# ")
        assert f"- [{title}]({page.name})" in index, page.name
        parts = (f"# {int(page.name[:4])}. ", "\nDate: ", "\n**Question.** ", "\n**Decision.** ")
        assert [part for part in parts if part not in text(page)] == [], page.name


def test_pages_that_the_code_names_exist() -> None:
    sources = [path for top in ("lib", "tests", "benchmarks", "jobs") for path in (ROOT / top).rglob("*.py")]
    named = {(path.name, page) for path in sources for page in re.findall(r"\bdocs/[\w/-]+\.md", text(path))}
    assert [pair for pair in sorted(named) if not (ROOT / pair[1]).is_file() and not placeholder(pair[1])] == []

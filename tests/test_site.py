"""The documentation site builds strictly: no broken link, no page outside the menu, no module that is not found."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from docs.site import github_markdown


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"})
    assert built.returncode == 0, built.stderr
    return folder


def test_the_readme_is_the_front_page_and_its_links_stay_in_the_site(site: Path) -> None:
    front = (site / "index.html").read_text(encoding="utf-8")
    assert 'href="settings.html"' in front
    assert 'href="decisions/index.html"' in front
    assert (site / "pictures" / "report.png").is_file()


def test_a_list_right_after_a_sentence_is_a_list_as_on_github(site: Path) -> None:
    changes = (site / "CHANGELOG.html").read_text(encoding="utf-8")
    assert "<li>Before 1.0.0 a minor version may change the interface" in changes
    assert doctest.testmod(github_markdown) == (0, 1)


def test_what_a_python_user_may_import_is_documented_from_its_docstrings(site: Path) -> None:
    api = (site / "api" / "echelon.api.html").read_text(encoding="utf-8")
    assert 'id="echelon.api.plan_network"' in api
    assert "&gt;&gt;&gt; " in api  # the example is a block of code, not a quotation
    assert "<blockquote>" not in api
    assert 'id="echelon.textbook.eoq.economic_order_quantity"' in (site / "api" / "echelon.textbook.html").read_text(
        encoding="utf-8"
    )


def test_every_room_of_the_mathematics_has_its_page(site: Path) -> None:
    modules = [file for file in (ROOT / "lib" / "echelon" / "core").rglob("*.py") if file.stem != "__init__"]
    rooms = {".".join(file.parent.relative_to(ROOT / "lib").parts) for file in modules}
    assert {room for room in rooms if not (site / "api" / f"{room}.html").is_file()} == set()

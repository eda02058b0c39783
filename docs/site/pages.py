"""Pages of the site beside docs/*.md: those at the top of the checkout, the decisions in the menu, the API from docstrings."""

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from docs.site.github_markdown import for_site

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "lib"
# Pages at the top of the checkout, and where they stand in the site.
TOP = {"README.md": "index.md", "CONTRIBUTING.md": "CONTRIBUTING.md", "CHANGELOG.md": "CHANGELOG.md"}
LINK = re.compile(r"\]\(([^)\s#:]+)((?:#[^)\s]*)?)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """The menu: what mkdocs.yml lists, the decisions, the rooms of the API."""
    decisions = [f"decisions/{page.name}" for page in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))]
    api = [{"echelon.api": "api/echelon.api.md"}, *({name.removeprefix("echelon."): f"api/{name}.md"} for name in _rooms())]
    config.nav = [*(config.nav or []), {"Decisions": ["decisions/README.md", *decisions]}, {"Python": api}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that do not lie in docs/."""
    for source, target in TOP.items():
        files.append(File.generated(config, target, abs_src_path=str(ROOT / source)))
    files.append(File.generated(config, "api/echelon.api.md", content="::: echelon.api\n"))
    for room, modules in _rooms().items():
        sections = [f"::: {module}\n    options: {{heading_level: 2}}\n" for module in modules]
        files.append(File.generated(config, f"api/{room}.md", content="\n".join([f"::: {room}\n", *sections])))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """Lists as the site's Markdown wants them; links that are right in the checkout, right in the site."""
    here = page.file.src_uri
    if here.startswith("api/"):
        return markdown
    return LINK.sub(lambda link: f"]({_in_site(link[1], here)}{link[2]})", for_site(markdown))


def _rooms() -> dict[str, list[str]]:
    """Modules of every room of the mathematics, by the room's name."""
    files = [path for top in ("textbook", "core") for path in sorted((LIBRARY / "echelon" / top).rglob("*.py"))]
    modules = [path.relative_to(LIBRARY).with_suffix("").parts for path in files if path.stem != "__init__"]
    names = {".".join(parts): ".".join(parts[:-1]) for parts in modules}
    return {room: [name for name in names if names[name] == room] for room in dict.fromkeys(names.values())}


def _in_site(target: str, here: str) -> str:
    """The target of a link of the page `here`, from the page's place in the checkout to its place in the site."""
    sources = {place: source for source, place in TOP.items()}
    source = posixpath.normpath(posixpath.join(posixpath.dirname(sources.get(here, f"docs/{here}")), target))
    place = TOP.get(source, source.removeprefix("docs/"))
    return posixpath.relpath(place, posixpath.dirname(here) or ".")

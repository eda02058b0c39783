"""Great Expectations' own pages, its Data Docs: every suite, and how the tables that readers see do by it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pyspark.sql import DataFrame

from echelon.errors import EchelonError
from echelon.lake.checks.gx_context import SOURCE, ephemeral_context
from echelon.lake.checks.queries import summarise
from echelon.lake.checks.suites import Expectation, as_suite, load_suite
from echelon.lake.contracts import TABLES
from echelon.lake.contracts.quantiles import as_published

_SITE = "local"


def build_data_docs(frames: Mapping[str, DataFrame], suites: Path, folder: Path, run: str) -> dict[str, tuple[int, int]]:
    """Validate each table by its suite and write the site into `folder`; returns expectations (met, in all) by table.

    `run` is the name under which the pages show the results. Tables that a suite's queries refer to must be there as views.
    Pages of an earlier build are removed. Raises EchelonError when a suite can't be loaded, or a page was not written: Great
    Expectations itself only logs that.
    """
    context = _context(folder)
    context.clean_data_docs(_SITE)
    tables = {name: as_published(TABLES[name], frame.columns) for name, frame in frames.items()}
    met = {name: _validate(context, name, frame, load_suite(suites, tables[name]), run) for name, frame in frames.items()}
    context.build_data_docs()
    _add_links(folder, {name: _page_of(folder, name) for name in frames})
    return met


def _page_of(folder: Path, table: str) -> str:
    """Address of a table's results within the site."""
    pages = list((folder / "validations" / table).rglob("*.html"))
    if len(pages) != 1:
        raise EchelonError(
            f"{folder}: Great Expectations wrote {len(pages)} pages for '{table}' instead of one: its log says why"
        )
    return quote(pages[0].relative_to(folder).as_posix())


def _add_links(folder: Path, pages: Mapping[str, str]) -> None:
    """Links that need no script: Great Expectations fills its index by scripts from the network, without which it is empty."""
    items = "".join(f'<li><a href="{page}">{name}</a></li>' for name, page in sorted(pages.items()))
    index = folder / "index.html"
    start, body, end = index.read_text(encoding="utf-8").rpartition("</body>")
    index.write_text(f"{start}<p>Results by table, without scripts:</p><ul>{items}</ul>{body}{end}", encoding="utf-8")


def _context(folder: Path) -> Any:
    context = ephemeral_context()
    backend = {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.absolute())}
    site: Any = {"class_name": "SiteBuilder", "store_backend": backend, "show_how_to_buttons": False}
    context.add_data_docs_site(_SITE, site)
    return context


def _validate(context: Any, table: str, frame: DataFrame, suite: list[Expectation], run: str) -> tuple[int, int]:
    """Evaluate the suite and store the result in the context."""
    from great_expectations import RunIdentifier, ValidationDefinition

    configured = context.suites.add(as_suite(table, [_described(expectation) for expectation in suite]))
    batch = context.data_sources.get(SOURCE).add_dataframe_asset(table).add_batch_definition_whole_dataframe("whole")
    definition = context.validation_definitions.add(ValidationDefinition(name=table, data=batch, suite=configured))
    kept = frame.persist()  # every expectation reads it, and Delta works out a version's state for each reader
    kept.count()  # what can't be read is an error; Great Expectations would count it as an expectation that is not met
    summarise(kept, TABLES[table], lambda _, summary: summary.persist())
    try:
        result = definition.run(batch_parameters={"dataframe": kept}, run_id=RunIdentifier(run_name=run))
    finally:
        kept.unpersist()
    return result.statistics["successful_expectations"], result.statistics["evaluated_expectations"]


def _described(expectation: Expectation) -> dict[str, Any]:
    """The expectation; what its notes say stands on the page instead of its query."""
    words = {"description": expectation.notes} if expectation.notes else {}
    return expectation.as_config() | words

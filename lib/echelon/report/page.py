"""The pages: HTML files, each with its style, pictures and a few lines of script inside."""

import os
import tempfile
from functools import partial
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from echelon.core.inventory.bootstrap import FEWEST
from echelon.report import formats
from echelon.report.data import ReportData
from echelon.report.headline import planned, tiles
from echelon.report.sections import comparison
from echelon.report.sections.accuracy import ahead, biases, champions, levels, situations, uplifts
from echelon.report.sections.checks import by_table
from echelon.report.sections.coverage import SHOWN, coverage
from echelon.report.sections.drivers import segment_drivers
from echelon.report.sections.fans import fans
from echelon.report.sections.lead_times import lead_times
from echelon.report.sections.network import pictures, valued
from echelon.report.sections.planning import class_lines, exception_groups, orders, segment_matrix
from echelon.report.sections.readiness import readiness
from echelon.report.sections.replay import replay
from echelon.report.sections.why import why
from echelon.report.summary import query

CHECKS_PAGE = "checks.html"


def render(data: ReportData) -> str:
    """The plan's page as HTML; every text from the data is escaped."""
    return (
        _environment(data)
        .get_template("page.html.j2")
        .render(
            data=data,
            tiles=tiles(data),
            planned=planned(data),
            matrix=segment_matrix(data),
            classes=class_lines(data),
            replay=replay(data),
            network=pictures(data),
            valued=valued(data),
            why=why(data),
            fans=fans(data),
            champions=champions(data),
            levels=levels(data),
            biases=biases(data),
            situations=situations(data),
            uplifts=uplifts(data),
            ahead=ahead(data),
            drivers=segment_drivers(data),
            coverage=coverage(data),
            coverage_levels=SHOWN,
            fewest=FEWEST,
            orders=orders(data),
            exceptions=exception_groups(data),
            lead_times=lead_times(data),
            readiness=readiness(data),
            query=query(data),
            names=data.descriptions(),
            checks_page=CHECKS_PAGE,
        )
    )


def render_checks(data: ReportData, back: str) -> str:
    """The page of all checks as HTML; `back` is the file name of the plan's page."""
    return _environment(data).get_template("checks.html.j2").render(data=data, groups=by_table(data), back=back)


def _environment(data: ReportData) -> Environment:
    environment = Environment(
        loader=PackageLoader("echelon.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"f": formats, "below_target": comparison.below_target, "ends": comparison.ends}
    environment.globals["money"] = partial(formats.money, currency=data.currency)
    return environment


def write_pages(data: ReportData, path: Path) -> None:
    """Write the plan's page, and the page of checks beside it. Folders are made."""
    pages = {path.with_name(CHECKS_PAGE): render_checks(data, path.name), path: render(data)}
    path.parent.mkdir(parents=True, exist_ok=True)
    for place, html in pages.items():
        _replace(place, html)


def _replace(path: Path, html: str) -> None:
    """Write a page; a reader sees the old page or the new one, never a part."""
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(html)
        # mkstemp makes the file private; a report is for everyone who may read the folder
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise

"""Which column of a file is which of ours, and what leaves that open: one for two of ours, or two for one."""

import re
from collections.abc import Sequence

from echelon.config.models import Source
from echelon.errors import InputRefused
from echelon.lake.inputs import Input
from echelon.lake.sources.part import Part

BLANKS = " \t\r\n\u00a0\ufeff"
# They only describe, so that the name of a thing may stand there too.
LABELS = {"description", "category", "region"}


def find_column(columns: Sequence[str], name: str) -> str | None:
    """Their column of that name; else the only one that differs from it in case, blanks or underscores alone."""
    if name in columns:
        return name
    alike = [column for column in columns if _bare(column) == _bare(name)]
    return alike[0] if len(alike) == 1 else None


def _bare(name: str) -> str:
    return re.sub(r"[\s_-]+", "_", name.strip(BLANKS)).lower()


def gives(part: Part, source: Source, name: str) -> bool:
    """True when the part, or the configuration, gives values for our column."""
    return name in source.constants or theirs(part, source, name) is not None


def theirs(part: Part, source: Source, name: str) -> str | None:
    """Their column for ours, also where a constant stands for it."""
    return find_column(part.columns, source.columns.get(name, name))


def refuse_unclear(part: Part, source: Source, wanted: Input) -> None:
    """Raises InputRefused where two columns of a file may be one of ours, or one would be two of ours."""
    used: dict[str, str] = {}
    for name in (column.name for column in wanted.columns if column.name not in source.constants):
        column = theirs(part, source, name)
        if column is None:
            _refuse_twice(part, source, wanted.name, name)
        elif column in used and not {name, used[column]} & LABELS:
            raise InputRefused(
                f"{wanted.name}: {source.place}: column '{column}' of the file would be both {used[column]} and {name}: say "
                f"which is which under sources.{wanted.name}.columns, and leave out what the file does not have"
            )
        else:
            used.setdefault(str(column), name)


def _refuse_twice(part: Part, source: Source, input_name: str, name: str) -> None:
    said, header = source.columns.get(name, name), part.header or part.columns
    places = [place for place, column in enumerate(header) if _bare(column) == _bare(said)]
    if len(places) < 2:
        return
    positions = " and ".join(f"column {place + 1} ('{header[place].strip(BLANKS)}')" for place in places)
    choice = " or ".join(f"{{{name}: '{part.columns[place]}'}}" for place in places)
    where = source.place + (f" ({part.names[0].rpartition('/')[2]})" if part.names else "")
    raise InputRefused(
        f"{input_name}: {where}: '{said}' is there twice: {positions}. Say which is meant: columns: {choice} under "
        f"sources.{input_name}, or take the other one out of the file"
    )

"""A setting that is refused, in one line: where it was made, what is wrong and what is allowed."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_origin

from pydantic import BaseModel

from echelon.config.models import NO_SWITCH, Configuration

_LONGEST = 80  # letters of a value that are shown


@dataclass(frozen=True)
class Made:
    """Where a setting was made, and its value as it was written there without quotes (None: in quotes, or no single value)."""

    place: str
    written: str | None


Origin = dict[str, Made]


def explain(problem: Any, origin: Mapping[str, Made]) -> str:
    """A problem of pydantic as one line. origin: by path of the setting."""
    keys = [str(key) for key in problem["loc"]]
    path = ".".join(keys)
    made = next((origin[p] for n in range(len(keys), 0, -1) if (p := ".".join(keys[:n])) in origin), None)
    place = made.place if made else "configuration"
    if problem["type"] == "extra_forbidden":
        return f"{place}: unknown setting '{path}'. {_allowed(keys)}"
    if problem["type"] == "missing":
        return f"{place}: setting '{path}' is missing"
    written = origin[path].written if path in origin else None
    return f"{place}: setting '{path}' = {_wrong(problem, written)}"


def _wrong(problem: Any, written: str | None) -> str:
    """The value and what is wrong with it."""
    value, kind = problem["input"], str(problem["type"])
    if value is None:
        return "nothing: give it a value, or leave the name out too"
    if kind in ("string_type", NO_SWITCH) and isinstance(value, bool | int | float | date):
        said = str(value) if written is None else written
        meant = f"not as text: put it in quotes, '{said}'" if kind == "string_type" else "and which is not allowed here"
        return f"{said}, which YAML reads as {_read_as(value)}, {meant}"
    if kind in ("model_type", "dict_type"):
        return f"{_shown(value)}: expected settings (name: value)"
    if kind.startswith("date"):
        return f"{_shown(value)}: expected a date like 2026-01-31"
    return f"{_shown(value)}: {problem['msg']}{_share(problem)}"


def _read_as(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return f"the {'date' if isinstance(value, date) else 'number'} {value}"


def _share(problem: Any) -> str:
    """A percentage where a share is wanted."""
    value, limits = problem["input"], problem.get("ctx", {})
    if 1 in (limits.get("lt"), limits.get("le")) and isinstance(value, int | float) and 1 < value <= 100:
        return f" (a share: {value:g}% is {value / 100:g})"
    return ""


def _shown(value: Any) -> str:
    text = value.isoformat() if isinstance(value, date) else repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _allowed(keys: Sequence[str]) -> str:
    names = sorted(_fields_at(keys[:-1]))
    close = difflib.get_close_matches(keys[-1].lower(), names, n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    return f"{hint}Allowed here: {', '.join(names)}"


def _fields_at(keys: Sequence[str]) -> list[str]:
    model: type[BaseModel] = Configuration
    named = iter(keys)
    for key in named:
        annotation = model.model_fields[key].annotation
        model = _model_of(annotation)
        if get_origin(annotation) is dict:
            next(named)  # a name that the user gave
    return list(model.model_fields)


def _model_of(annotation: Any) -> type[BaseModel]:
    options = getattr(annotation, "__args__", (annotation,))
    return next(option for option in options if isinstance(option, type) and issubclass(option, BaseModel))

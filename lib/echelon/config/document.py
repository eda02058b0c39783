"""Every setting with its kind, default and meaning, from the models: `echelon settings` and docs/settings.md; and the table
of candidates in docs/candidates.md."""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from echelon.config.models import Configuration, Sources
from echelon.core.forecast.selection.names import COMBINATIONS, DEFAULT, SINGLE

_HEAD = """# Settings

Made from `lib/echelon/config/models.py` by `make docs`; `echelon settings WORD` shows those that a word is in.
A setting stands in a YAML file (`--config FILE`, later files over earlier ones) or on the command line (`--set A.B=C`).
"""
_CANDIDATES = "| name | what it is | default for | cost per fit of 1,913 days or 104 weeks |\n|---|---|---|---|\n"
_BOUNDS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}


class Setting(NamedTuple):
    """One setting: its path, what it may be, what holds without it, and what it means."""

    path: str
    kind: str
    default: str
    meaning: str


def settings(word: str = "") -> list[Setting]:
    """All settings in whose path or meaning the word occurs, in the order of the models; NAME stands for a name of the
    user's, INPUT for each of the inputs."""
    schema = Configuration.model_json_schema()
    named = [each for name, field in schema["properties"].items() for each in _of(name, field, schema["$defs"])]
    inputs = "|".join(Sources.model_fields)
    sought = re.sub(rf"^sources\.({inputs})(?=\.|$)", "sources.INPUT", word).casefold()
    return [each for each in named if sought in f"{each.path} {each.meaning}".casefold()]


def page() -> str:
    """The document docs/settings.md."""
    rows = [f"| `{s.path}` | {s.kind} | {s.default} | {s.meaning} |" for s in settings()]
    return "\n".join([_HEAD, "| setting | value | default | meaning |", "|---|---|---|---|", *rows]) + "\n"


def with_candidates(text: str) -> str:
    """The document docs/candidates.md with its table made anew."""
    before, head, rest = text.partition(_CANDIDATES)
    rows = [f"| `{name}` | {what} | {_default_for(name)} | {cost} |" for name, (what, cost) in (SINGLE | COMBINATIONS).items()]
    return "".join([before, head, "\n".join(rows), *rest.partition("\n\n")[1:]])


def _default_for(candidate: str) -> str:
    return " ".join(freq for freq, names in DEFAULT.items() if candidate in names) or "on request"


def _of(path: str, field: Mapping[str, Any], models: Mapping[str, Any]) -> Iterator[Setting]:
    """The settings at a path: one, or those of a section."""
    inner = field.get("additionalProperties")
    section = _model(field, models) or (_model(inner, models) if isinstance(inner, dict) else None)
    if section is None:
        yield Setting(path, _kind(field), _default(field), field.get("description", "").replace("|", "or"))
        return
    fields = section["properties"]
    alike = {str(_model(own, models)) for own in fields.values()} - {"None"}
    if len(fields) > 1 and len(alike) == 1:  # the inputs: they are described once
        fields = {"INPUT": next(iter(fields.values()))}
    inside = path if _model(field, models) else f"{path}.NAME"
    for name, own in fields.items():
        yield from _of(f"{inside}.{name}", own, models)


def _model(field: Mapping[str, Any], models: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The section that a field is, if it is one."""
    for option in [field, *field.get("anyOf", ())]:
        if "$ref" in option:
            section: Mapping[str, Any] = models[option["$ref"].rpartition("/")[2]]
            return section
    return None


def _kind(field: Mapping[str, Any]) -> str:
    """In words what a value may be."""
    if "anyOf" in field:
        return " or ".join(_kind(option) for option in field["anyOf"] if option.get("type") != "null")
    if "enum" in field:
        return ", ".join(map(str, field["enum"]))
    if "const" in field:
        return str(field["const"])
    kind = {"array": "list", "object": "names with values", "string": "date" if field.get("format") == "date" else "text"}
    bounds = " and ".join(f"{word} {field[name]}" for name, word in _BOUNDS.items() if name in field)
    return " ".join(filter(None, [kind.get(field["type"], field["type"]), bounds]))


def _default(field: Mapping[str, Any]) -> str:
    if "default" not in field or field["default"] is None:
        return "-"
    value = field["default"]
    return f"`{json.dumps(value) if isinstance(value, bool) else value}`" if value not in ("", [], {}) else "none"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    (folder / "settings.md").write_text(page(), encoding="utf-8")
    candidates = folder / "candidates.md"
    candidates.write_text(with_candidates(candidates.read_text(encoding="utf-8")), encoding="utf-8")

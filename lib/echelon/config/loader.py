"""From YAML files and `--set a.b=c` to one frozen, checked configuration."""

import hashlib
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from echelon.config.models import Configuration
from echelon.config.problems import Made, Origin, explain
from echelon.config.yaml_text import Written, YamlProblem, parse
from echelon.errors import ConfigurationError

Settings = dict[str, Any]
_MOST_BYTES = 1_000_000
_MOST_LINES = 20


def load(files: Sequence[str], overrides: Iterable[str] = ()) -> Configuration:
    """Read the files in order, later ones over earlier ones, then the overrides.

    Raises ConfigurationError that names the setting, where it was made and what is allowed.
    """
    merged: Settings = {}
    origin: Origin = {}
    for file in files:
        _lay_over(merged, *_read(file), origin, file)
    for override in overrides:
        _lay_over(merged, *_parse(override), origin, f"--set {override}")
    try:
        return Configuration.model_validate(merged)
    except ValidationError as error:
        lines = [explain(problem, origin) for problem in error.errors()]
        more = [f"and {len(lines) - _MOST_LINES} more"] if len(lines) > _MOST_LINES else []
        raise ConfigurationError("\n".join([*lines[:_MOST_LINES], *more])) from None


def fingerprint(configuration: Configuration) -> str:
    """SHA-256 of all that decides the plan: the resolved configuration without `spark`, which only says where it runs, so
    that a run that was killed for want of memory can go on with more."""
    return hashlib.sha256(configuration.model_dump_json(exclude={"spark"}).encode()).hexdigest()


def _read(file: str) -> tuple[Settings, Written]:
    try:
        with Path(file).open("rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
        settings, written = parse(_decoded(content))
    except OSError as error:
        raise ConfigurationError(f"{file}: can't be read ({error.strerror}). Name a file with --config.") from None
    except YamlProblem as error:
        raise ConfigurationError(f"{file}: {error}") from None
    if not isinstance(settings, dict | None):
        raise ConfigurationError(f"{file}: expected settings (name: value), found {type(settings).__name__}")
    return settings or {}, written


def _decoded(content: bytes) -> str:
    if len(content) > _MOST_BYTES:
        raise YamlProblem(f"it is longer than {_MOST_BYTES:,} bytes, which no configuration is")
    try:
        return content.decode("utf-16" if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise YamlProblem(f"not valid YAML: line {line} has bytes that are not UTF-8: save the file in this encoding") from None


def _parse(override: str) -> tuple[Settings, Written]:
    name, sign, text = override.partition("=")
    if not sign or not name.strip():
        raise ConfigurationError(f"--set {override}: expected NAME=VALUE, for example --set stock.replications=512")
    try:
        value, written = parse(text)
    except YamlProblem as error:
        raise ConfigurationError(f"--set {override}: {text!r} is not a valid value ({error})") from None
    path = name.strip()
    *outer, last = path.split(".")
    nested: Settings = {last: value}
    for part in reversed(outer):
        nested = {part: nested}
    return nested, {f"{path}.{inner}" if inner else path: said for inner, said in written.items()}


def _lay_over(base: Settings, top: Mapping[str, Any], written: Written, origin: Origin, place: str, prefix: str = "") -> None:
    for name, value in top.items():
        path = f"{prefix}{name}"
        origin[path] = Made(place, written.get(path))
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            _lay_over(base[name], value, written, origin, place, f"{path}.")
        else:
            base[name] = value
            _note(value, written, origin, place, f"{path}.")


def _note(value: Any, written: Written, origin: Origin, place: str, prefix: str) -> None:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in inside:
        origin[f"{prefix}{name}"] = Made(place, written.get(f"{prefix}{name}"))
        _note(inner, written, origin, place, f"{prefix}{name}.")

"""From YAML files and `--set a.b=c` to one frozen, checked configuration."""

import difflib
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from echelon.config.models import Configuration
from echelon.errors import ConfigurationError

Settings = dict[str, Any]


def load(files: Sequence[str], overrides: Iterable[str] = ()) -> Configuration:
    """Read the files in order, later ones over earlier ones, then the overrides.

    Raises ConfigurationError that names the setting, where it was made and what is allowed.
    """
    merged: Settings = {}
    origin: dict[str, str] = {}
    for file in files:
        _lay_over(merged, _read(file), origin, file)
    for override in overrides:
        _lay_over(merged, _parse(override), origin, f"--set {override}")
    try:
        return Configuration.model_validate(merged)
    except ValidationError as error:
        raise ConfigurationError("\n".join(_explain(problem, origin) for problem in error.errors())) from None


def fingerprint(configuration: Configuration) -> str:
    """SHA-256 of all that decides the plan: the resolved configuration without `spark`, which only says where it runs, so
    that a run that was killed for want of memory can go on with more."""
    return hashlib.sha256(configuration.model_dump_json(exclude={"spark"}).encode()).hexdigest()


def _read(file: str) -> Settings:
    try:
        content = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{file}: can't be read ({error.strerror}). Name a file with --config.") from None
    except (yaml.YAMLError, ValueError) as error:  # ValueError: no UTF-8, or a date that is none, like 2026-02-30
        raise ConfigurationError(f"{file}: not valid YAML: {' '.join(str(error).split())}") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigurationError(f"{file}: expected settings (name: value), found {type(content).__name__}")
    return content


def _parse(override: str) -> Settings:
    name, sign, text = override.partition("=")
    if not sign or not name.strip():
        raise ConfigurationError(f"--set {override}: expected NAME=VALUE, for example --set stock.replications=512")
    try:
        value: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError):
        raise ConfigurationError(f"--set {override}: {text!r} is not a valid value") from None
    *outer, last = name.strip().split(".")
    nested: Settings = {last: value}
    for part in reversed(outer):
        nested = {part: nested}
    return nested


def _lay_over(base: Settings, top: Mapping[str, Any], origin: dict[str, str], place: str, prefix: str = "") -> None:
    for name, value in top.items():
        path = f"{prefix}{name}"
        origin[path] = place
        if isinstance(value, dict) and isinstance(base.get(name), dict):
            _lay_over(base[name], value, origin, place, f"{path}.")
        else:
            base[name] = value
            _note(value, origin, place, f"{path}.")


def _note(value: Any, origin: dict[str, str], place: str, prefix: str) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            origin[f"{prefix}{name}"] = place
            _note(inner, origin, place, f"{prefix}{name}.")


def _explain(problem: Any, origin: Mapping[str, str]) -> str:
    parts = [str(part) for part in problem["loc"]]
    path = ".".join(parts)
    place = next((origin[p] for n in range(len(parts), 0, -1) if (p := ".".join(parts[:n])) in origin), "configuration")
    if problem["type"] == "extra_forbidden":
        return f"{place}: unknown setting '{path}'. {_allowed(parts)}"
    if problem["type"] == "missing":
        return f"{place}: setting '{path}' is missing"
    return f"{place}: setting '{path}' = {problem['input']!r}: {problem['msg']}"


def _allowed(parts: Sequence[str]) -> str:
    names = sorted(_fields_at(parts[:-1]))
    close = difflib.get_close_matches(parts[-1], names, n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ""
    return f"{hint}Allowed here: {', '.join(names)}"


def _fields_at(parts: Sequence[str]) -> list[str]:
    model: type[BaseModel] = Configuration
    named = iter(parts)
    for part in named:
        annotation = model.model_fields[part].annotation
        model = _model_of(annotation)
        if get_origin(annotation) is dict:
            next(named)  # a name that the user gave
    return list(model.model_fields)


def _model_of(annotation: Any) -> type[BaseModel]:
    options = getattr(annotation, "__args__", (annotation,))
    return next(option for option in options if isinstance(option, type) and issubclass(option, BaseModel))

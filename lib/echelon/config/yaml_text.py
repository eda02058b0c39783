"""YAML as people write it: names are text as they stand there, and what YAML reads otherwise than it looks is told."""

import re
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.reader import ReaderError

# Far more than any configuration says; a few aliases of aliases can stand for billions of values.
MOST_VALUES = 100_000
# Plain scalars by their path: as they were written, for messages.
Written = dict[str, str]

_TAG = "tag:yaml.org,2002:"
# Octal numbers (007), and base 60 (12:30), which YAML 1.1 makes of what looks like a code or a time.
_NOT_AS_WRITTEN = re.compile(r"[-+]?0[0-9_]+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?")
_PATHS = ("path", "output", "suites")
_ESCAPES = "in double quotes a backslash starts an escape: put a Windows path in single quotes"
_HINTS = (
    ("character '\\t' that cannot start", "a tab can't indent: use spaces"),
    ("that cannot start any token", "put text that starts so in quotes"),
    ("unknown escape character", _ESCAPES),
    ("expected escape sequence", _ESCAPES),
    ("alphabetic or numeric character", "* and & have a meaning at the start: put such text in quotes"),
    ("undefined alias", "* has a meaning at the start: put such text in quotes"),
    ("found another document", "a file has one document: remove the line ---, or name several files with --config"),
    ("mapping values are not allowed", "check the indents, and put text that contains ': ' in quotes"),
    ("could not determine a constructor", "write the value without a tag (!...)"),
)


class YamlProblem(ValueError):
    """Text that can't be taken as settings; the message is one line."""


def parse(text: str) -> tuple[Any, Written]:
    """The value of a YAML text with one document or none.

    Raises YamlProblem when it is no YAML, has a name twice, stands for too much, or says what YAML reads as something else.
    """
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None, {}
        _size(node, {})
        written = dict(_scalars(node, ""))
        return _own(loader.construct_document(node)), written
    except YamlProblem:
        raise
    except RecursionError:
        raise YamlProblem("it is nested too deeply") from None
    except yaml.YAMLError as error:
        raise YamlProblem(_plain(error)) from None
    except ValueError as error:  # a date that is none, like 2026-02-30
        raise YamlProblem(f"not valid YAML: {error}") from None
    except (KeyError, AttributeError, TypeError):  # a tag (!!bool, !!timestamp) before what is none
        raise YamlProblem("not valid YAML: a value is not what its tag (!!...) says; leave the tag out") from None


def _own(value: Any) -> Any:
    """The value with nothing shared: what an alias repeats is changed in one place without changing in the others."""
    if isinstance(value, dict):
        return {name: _own(inner) for name, inner in value.items()}
    return [_own(inner) for inner in value] if isinstance(value, list) else value


def _size(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values the node stands for, aliases written out; each node is visited once."""
    if id(node) in known:
        if not known[id(node)]:
            raise YamlProblem(f"{_line(node)}: an alias (*name) contains itself")
        return known[id(node)]
    known[id(node)] = 0
    size = 1 + sum(_size(child, known) for child in _children(node))
    if size > MOST_VALUES:
        raise YamlProblem(f"{_line(node)}: with its aliases (*name) written out it has more than {MOST_VALUES:,} values")
    known[id(node)] = size
    return size


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _scalars(node: yaml.Node, path: str) -> Iterator[tuple[str, str]]:
    """Plain scalars as written, by path. Makes names text on its way."""
    if isinstance(node, yaml.MappingNode):
        for name, value in _named(node, path):
            yield from _scalars(value, _joined(path, name))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield from _scalars(value, _joined(path, str(number)))
    elif isinstance(node, yaml.ScalarNode):
        _refuse_traps(node, path)
        if node.style is None:
            yield path, str(node.value)


def _named(node: yaml.MappingNode, path: str) -> Iterator[tuple[str, yaml.Node]]:
    """The values by name; those of `<<: *alias` count as if they stood here, and give way."""
    lines: dict[str, str] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise YamlProblem(f"{_line(key)}: a name is expected, found brackets: put text that starts with one in quotes")
        _refuse_half_letters(key, str(key.value), path)
        if key.value in lines:
            name = _joined(path, key.value)
            raise YamlProblem(f"{_line(key)}: setting '{name}' is given twice, first in {lines[key.value]}: keep one of them")
        lines[key.value] = _line(key)
        if key.tag == f"{_TAG}merge":
            yield "", value
        else:
            key.tag = f"{_TAG}str"
            yield str(key.value), value


def _refuse_traps(node: yaml.ScalarNode, path: str) -> None:
    text = str(node.value)
    _refuse_half_letters(node, text, path)
    if node.tag in (f"{_TAG}int", f"{_TAG}float") and node.style is None and _NOT_AS_WRITTEN.fullmatch(text):
        raise YamlProblem(
            f"{_line(node)}: setting '{path}' = {text}, which YAML reads as another number, not as text: put it in quotes, "
            f"'{text}', or write the number without zeros in front and without colons"
        )
    if path.rpartition(".")[2] in _PATHS and any(ord(letter) < 32 for letter in text):
        raise YamlProblem(f"{_line(node)}: setting '{path}' has a tab or another control character in it; {_ESCAPES}")


def _refuse_half_letters(node: yaml.Node, text: str, path: str) -> None:
    half = next((letter for letter in text if "\ud800" <= letter <= "\udfff"), None)
    if half:
        what = f"setting '{path}'" if path else "the text"
        raise YamlProblem(
            f"{_line(node)}: {what} has \\u{ord(half):04x} in it, which is half a letter: write the letter itself, or all of "
            "it after \\U (\\U0001F600)"
        )


def _joined(path: str, name: str) -> str:
    return ".".join(part for part in (path, name) if part)


def _line(node: yaml.Node) -> str:
    return f"line {node.start_mark.line + 1}"


def _plain(error: yaml.YAMLError) -> str:
    """What is wrong and where, in one line, with what to do where that is known."""
    if isinstance(error, ReaderError):
        return f"not valid YAML: the character #x{int(error.character):04x} is not allowed (letter {error.position + 1})"
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    said = " ".join(filter(None, (getattr(error, "context", None), problem))) or str(error)
    hint = next((f"; {hint}" for needle, hint in _HINTS if needle in said), "")
    return f"not valid YAML: {place}{' '.join(said.removeprefix('while scanning for the next token ').split())}{hint}"

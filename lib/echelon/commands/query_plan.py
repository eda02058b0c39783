"""What a query would read, by Spark's own parser and before anything is run."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pyspark.errors import ParseException
from pyspark.sql import SparkSession

from echelon.commands.query_errors import EARLIER, is_too_deep, plain
from echelon.errors import ConfigurationError
from echelon.stages.shared.plain_errors import cause

# Made by the rows themselves, from nothing outside the query.
_GENERATORS = {"explode", "posexplode", "inline", "stack", "json_tuple", "range", "variant_explode"}
# Scripts of the system, names that are worked out while running, methods of Java.
_NODES = re.compile(r"^[ :]*[+:]- '?(ScriptTransformation|PlanWithUnresolvedIdentifier)\b", re.MULTILINE)
_CALLS = re.compile(r"\b(try_reflect|reflect|java_method|expressionwithunresolvedidentifier)\(", re.IGNORECASE)
# Text and names in quotes; outside of them what may begin a comment or text of another kind, and the words of the calls.
_QUOTED = re.compile(r"""'[^']*'|"[^"]*"|`[^`]*`""")
_UNSURE = re.compile(r"""--|/\*|['"`$]|reflect|java_method|identifier""", re.IGNORECASE)
_AT_VERSION = re.compile(r"\w@v?\d+\b")
_RELATION = re.compile(r"^[ :]*[+:]- 'UnresolvedRelation \[(.*?)\], ", re.MULTILINE)
_FUNCTION = re.compile(r"^[ :]*[+:]- 'UnresolvedTableValuedFunction \[(.*?)\], ", re.MULTILINE)
_NAMED = re.compile(r"^[ :]*(?:[+:]- )?'?(?:CTE|UnresolvedWith) \[(.*)\]$", re.MULTILINE)
_WORDS = {
    "ScriptTransformation": "TRANSFORM ... USING",
    "PlanWithUnresolvedIdentifier": "IDENTIFIER(...)",
    "expressionwithunresolvedidentifier": "IDENTIFIER(...)",
}
_GUARD = {
    "spark.sql.runSQLOnFiles": "false",  # no table by its path
    "spark.sql.variable.substitute": "false",  # no ${env:...}
    "spark.sql.debug.maxToStringFields": str(2**31 - 1),  # the plan is told whole
}
_QUERIES = ("select", "with", "from", "values", "table", "(")


@contextmanager
def reading_only(spark: SparkSession) -> Iterator[None]:
    """Within it, Spark opens no files by their path and fills in no variables of the system."""
    before: Mapping[str, str | None] = {name: spark.conf.get(name, None) for name in _GUARD}
    try:
        for name, value in _GUARD.items():
            spark.conf.set(name, value)
        yield
    finally:
        for name, earlier in before.items():
            spark.conf.unset(name) if earlier is None else spark.conf.set(name, earlier)


@dataclass(frozen=True)
class Names:
    """The tables that a query reads, and those that it makes itself (WITH ...); lower case, parts joined by dots."""

    read: frozenset[str]
    made: frozenset[str]


def names(spark: SparkSession, text: str) -> Names:
    """The names in a query, which is parsed but not run.

    Raises ConfigurationError when the text is no query, more than one, or one that reaches beyond tables.
    """
    plan = _parsed(spark, text)
    refused = [*_NODES.findall(plan), *([] if _only_in_text(text) else _CALLS.findall(plan))]
    refused += [name for name in _FUNCTION.findall(plan) if name.lower().removesuffix("_outer") not in _GENERATORS]
    if refused:
        raise ConfigurationError(
            f"sql: {_WORDS.get(refused[0], refused[0])} can't be used: only tables of the release are read"
        )
    made = {name for named in _NAMED.findall(plan) for name in named.split(", ")}
    return Names(_lower(_RELATION.findall(plan)), _lower(made))


def _parsed(spark: SparkSession, text: str) -> str:
    """The tree of the parsed query. Whatever comes after CREATE VIEW ... AS is one query or an error, and EXPLAIN makes no
    view; unlike that of a query alone, it evaluates nothing while it plans."""
    try:
        explained = spark.sql(f"EXPLAIN EXTENDED CREATE TEMPORARY VIEW query AS\n{text}").collect()[0][0]
    except ParseException as error:
        if is_too_deep(error):
            raise
        raise ConfigurationError(f"sql: {_parse_problem(text, cause(error))}") from None
    # By its last heading: a text of the query may look like one, and so hides nothing from what is looked at.
    return str(explained).rpartition("== Analyzed Logical Plan ==")[0]


def _parse_problem(text: str, problem: str) -> str:
    """Other statements are told that this command only reads; a mistake in a query is told as Spark tells it."""
    problem_text = plain(problem)
    if "'@'" in problem and _AT_VERSION.search(text):
        return EARLIER
    if text.lstrip(" \t\r\n;").lower().startswith(_QUERIES):
        return f"{problem_text} (one query is asked for)"
    return f"only one query that reads is allowed (select ...): {problem_text}"


def _only_in_text(query: str) -> bool:
    """Whether words like `reflect(` stand within quotes alone, which the plan does not show. Where it is not sure where text
    begins and ends (backslashes, comments, other signs for quotes), they are taken for calls."""
    outside = _QUOTED.sub(lambda quoted: re.sub(r"[^\w]", " ", quoted[0]) if quoted[0][0] == "`" else " ", query)
    return "\\" not in query and not _UNSURE.search(outside)


def _lower(words: "list[str] | set[str]") -> frozenset[str]:
    return frozenset(name.replace(", ", ".").lower() for name in words)

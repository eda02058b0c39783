"""Tables that say which versions of the others belong together, and what was checked."""

from echelon.lake.contract import Column, Table

CHECK_RESULTS = Table(
    "check_results",
    "release",
    "Result of every expectation on the tables of the newest release.",
    ("run_id", "table", "number"),
    (
        Column("run_id", "string", "Run that published and checked the table"),
        Column("table", "string", "Table checked"),
        Column("number", "int", "Number of the expectation in its suite, from 1"),
        Column("expectation", "string", "Type of the expectation"),
        Column("subject", "string", "Column or columns, or the table", nullable=True),
        Column("severity", "string", "critical blocks publishing, warning is recorded", allowed=("critical", "warning")),
        Column("success", "boolean", "Passed"),
        Column("observed", "string", "What was found, in words or numbers", nullable=True),
    ),
)
RELEASES = Table(
    "releases",
    "release",
    "One row per finished run: the versions of the tables that belong together. Readers take the newest row.",
    ("release",),
    (
        Column("release", "bigint", "Number of the release, ascending from 1", check="release >= 1"),
        Column("run_id", "string", "Run"),
        Column("run_date", "date", "Date that was planned for"),
        Column("published_at", "timestamp", "When the release became visible (UTC)"),
        Column("tables", "map<string,bigint>", "Delta version of each table"),
        Column("checks", "int", "Expectations evaluated", "checks"),
        Column("warnings", "int", "Expectations that failed with severity warning", "checks"),
        Column("configuration", "string", "SHA-256 of the resolved configuration without its section `spark`"),
        Column("code", "string", "Version of Echelon"),
    ),
)
TABLES = (CHECK_RESULTS, RELEASES)

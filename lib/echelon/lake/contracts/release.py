"""Tables that say which versions of the others belong together, and what was checked."""

from echelon.lake.contracts.contract import Column, Table

# The record of what was decided on which grounds outlives the tables.
_YEARS = 5 * 365

CHECK_RESULTS = Table(
    "check_results",
    "release",
    "Result of every expectation, of every run. A release's results have its run_id; a run_id without a release was blocked "
    "by a check, or never came to its end.",
    ("run_id", "table", "number"),
    (
        Column("run_id", "string", "Run that the result belongs to"),
        Column("table", "string", "Table checked"),
        Column("number", "int", "Number of the expectation in its suite, from 1"),
        Column("expectation", "string", "Type of the expectation"),
        Column("subject", "string", "Column or columns, or the condition in words", nullable=True),
        Column("severity", "string", "critical blocks publishing, warning is recorded", allowed=("critical", "warning")),
        Column("success", "boolean", "Passed"),
        Column("observed", "string", "What was found, in words or numbers", nullable=True),
        Column("checked_by", "string", "Run that evaluated it: an earlier one for tables that this run took over"),
    ),
    by_run=True,
    retention_days=_YEARS,
)
RELEASES = Table(
    "releases",
    "release",
    "One row per finished run or rollback: the versions of the tables that belong together. Readers take the newest row.",
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
        Column("code", "string", "Version of Echelon and digest of its source files"),
        Column("inputs", "map<string,string>", "Fingerprint of each input's rows, as in the table `inputs`"),
        Column("restores", "bigint", "Number of the release that this one brings back; null for a run's own", nullable=True),
    ),
    retention_days=_YEARS,
)
TABLES = (CHECK_RESULTS, RELEASES)

"""Bring back an earlier release."""

from datetime import UTC, datetime

from delta.tables import DeltaTable
from py4j.protocol import Py4JJavaError
from pyspark.errors import PySparkException

from echelon.errors import ConfigurationError, EchelonError
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake
from echelon.lake.releases.release import append_release
from echelon.lake.visible import Row, all_releases, visible_release


def rollback(lake: Lake, wanted: str) -> Row:
    """Restore the tables of the release with this run id or number and make them visible; returns the new release's row.

    Each table gets one commit more, with the old content, so that readers of the newest versions see it too. Until the
    row is there, readers of releases see the release that was visible before.

    Raises ConfigurationError when there is no such release or it is visible already, EchelonError before the first release
    and when a table's old version is gone.
    """
    visible_release(lake.spark, lake.output)
    releases = all_releases(lake.spark, lake.output)
    chosen = _chosen(releases, wanted)
    versions = {name: _restored(lake, name, version) for name, version in chosen["tables"].items()}
    row = chosen | {
        "release": len(releases) + 1,
        "published_at": datetime.now(UTC),
        "tables": versions,
        "restores": chosen["release"],
    }
    append_release(lake, row)
    return row


def _chosen(releases: list[Row], wanted: str) -> Row:
    matching = [row for row in releases if wanted in (row["run_id"], str(row["release"]))]
    if not matching:
        known = ", ".join(f"{row['release']} ({row['run_id']})" for row in releases[-5:])
        raise ConfigurationError(f"rollback: there is no release {wanted!r}; the newest ones are {known}")
    if matching[-1] is releases[-1]:
        raise ConfigurationError(f"rollback: release {wanted!r} is the one that readers see now")
    return matching[-1]


def _restored(lake: Lake, name: str, version: int) -> int:
    """The table's version that holds the content of `version`. What runs add to, and never replace, stays as it is."""
    path = lake.path(name)
    newest = delta.version(path)
    if version == newest or (name in TABLES and TABLES[name].by_run):
        return newest
    try:
        DeltaTable.forPath(lake.spark, path).restoreToVersion(version)
    except (PySparkException, Py4JJavaError) as error:
        reason = str(error).splitlines()[0]
        raise EchelonError(f"rollback: version {version} of '{name}' can't be brought back: {reason}") from None
    return delta.version(path)

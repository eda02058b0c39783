"""Remove files that no release within the retention needs any more."""

from delta.tables import DeltaTable

from echelon.errors import EchelonError
from echelon.lake import delta
from echelon.lake.contracts import TABLES
from echelon.lake.lake import Lake


def vacuum(lake: Lake) -> dict[str, str]:
    """Vacuum each table of the newest release by its own retention; returns what was done, in words.

    A table of which readers do not see the newest version, because a run was cut off, is left alone: its files count as
    replaced although they are in use. Raises EchelonError before the first release.
    """
    if not lake.released:
        raise EchelonError(f"{lake.output}: there is no release yet: run `echelon plan` first")
    # Logged, a vacuum would add two commits, and the newest version would no longer be the released one.
    lake.spark.conf.set("spark.databricks.delta.vacuum.logging.enabled", "false")
    return {name: _vacuum(lake, name) for name in (*lake.released, "releases")}


def _vacuum(lake: Lake, name: str) -> str:
    path = lake.path(name)
    if name not in TABLES:
        return "left alone: this version of Echelon does not know it"
    if name != "releases" and not TABLES[name].by_run and delta.version(path) != lake.released[name]:
        return "left alone: a run was cut off after publishing it; vacuum again after the next release"
    DeltaTable.forPath(lake.spark, path).vacuum(24.0 * TABLES[name].retention_days)
    return f"versions younger than {TABLES[name].retention_days} days kept"

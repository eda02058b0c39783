"""Versions of Spark and Delta that belong together, and Delta's jars: fetched by name once, then used offline."""

import contextlib
import fcntl
import importlib.metadata
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark

from echelon.engine.cache import cache_folders, writable_folder
from echelon.engine.plain_paths import is_plain, plain_folder, plain_link
from echelon.errors import EchelonError

SPARK_VERSION = "4.1.4"
DELTA_VERSION = "4.4.0"
PACKAGE = f"io.delta:delta-spark_4.1_2.13:{DELTA_VERSION}"
# Older copies of what Spark already carries; with them the class path clashes.
EXCLUDES = ",".join(
    f"{group}:*"
    for group in (
        "com.fasterxml.jackson.core",
        "com.fasterxml.jackson.datatype",
        "com.github.luben",
        "commons-logging",
        "commons-pool",
        "io.airlift",
        "javax.annotation",
        "org.apache.hadoop",
        "org.apache.logging.log4j",
        "org.apache.parquet",
        "org.locationtech.jts",
        "org.roaringbitmap",
        "org.slf4j",
        "org.xerial.snappy",
    )
)
_NAME, _COMPLETE = f"delta-{DELTA_VERSION}", "complete"
EXTENSIONS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


def check_versions() -> None:
    """Refuse to start on another Spark or Delta than the pair that was tested, which must match to the patch."""
    installed = {"pyspark": pyspark.__version__, "delta-spark": importlib.metadata.version("delta-spark")}
    wanted = {"pyspark": SPARK_VERSION, "delta-spark": DELTA_VERSION}
    wrong = [f"{name} is {installed[name]}, needed {wanted[name]}" for name in wanted if installed[name] != wanted[name]]
    if wrong:
        raise EchelonError(f"{'; '.join(wrong)}: install exactly what requirements.lock names")


@contextmanager
def delta_jars() -> Iterator[dict[str, str]]:
    """Spark settings that bring Delta's jars, for a session that is started in the block: the fetched files if there are any,
    otherwise their name to fetch, which only one start does at a time.

    Raises EchelonError when they must be fetched and nothing can be written.
    """
    if found := fetched_jars():
        yield _by_file(found)
        return
    folder = writable_folder(_NAME)
    with _turn(folder):
        if found := fetched_jars():  # another start was quicker
            yield _by_file(found)
            return
        shutil.rmtree(folder / "jars", ignore_errors=True)  # what a start that was cut off has copied
        place = folder if is_plain(folder) else plain_folder()
        yield {"spark.jars.packages": PACKAGE, "spark.jars.excludes": EXCLUDES, "spark.jars.ivy": str(place)}
        if (place / "jars").is_dir():
            if place != folder:
                shutil.copytree(place / "jars", folder / "jars")
            (folder / _COMPLETE).touch()


def fetched_jars() -> list[Path]:
    """The jars of the first cache folder in which they are complete, none if they were never fetched."""
    for folder in cache_folders(_NAME):
        with contextlib.suppress(OSError):  # another account's
            (folder / _COMPLETE).stat()
            if found := sorted((folder / "jars").glob("*.jar")):
                return found
    return []


def _by_file(jars: list[Path]) -> dict[str, str]:
    """As addresses: Spark would follow a link that is given as a path."""
    folder = jars[0].parent if is_plain(jars[0].parent) else plain_link(jars[0].parent)
    return {"spark.jars": ",".join(f"file:{folder / jar.name}" for jar in jars)}


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Wait until no other start fetches into the folder; where the file system knows no locks, at once."""
    with (folder / "lock").open("w") as file:
        with contextlib.suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield

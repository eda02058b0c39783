"""Versions of Spark and Delta that belong together, and Delta's jars: fetched by name once, then used offline."""

import importlib.metadata
from pathlib import Path

import pyspark

from echelon.engine.cache import cache_folder
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
EXTENSIONS = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}


def check_versions() -> None:
    """Refuse to start on another Spark or Delta than the pair that was tested, which must match to the patch."""
    found = {"pyspark": pyspark.__version__, "delta-spark": importlib.metadata.version("delta-spark")}
    wanted = {"pyspark": SPARK_VERSION, "delta-spark": DELTA_VERSION}
    wrong = [f"{name} is {found[name]}, needed {wanted[name]}" for name in wanted if found[name] != wanted[name]]
    if wrong:
        raise EchelonError(f"{'; '.join(wrong)}: install exactly what requirements.lock names")


def jar_settings() -> dict[str, str]:
    """Spark settings that bring Delta's jars: the fetched files if there are any, otherwise their name to fetch."""
    if _marker().exists():
        return {"spark.jars": ",".join(sorted(str(jar) for jar in (_folder() / "jars").glob("*.jar")))}
    return {
        "spark.jars.packages": PACKAGE,
        "spark.jars.excludes": EXCLUDES,
        "spark.jars.ivy": str(_folder()),
    }


def remember_fetched() -> None:
    """Note that the jars are complete: called when a session that fetched them has started."""
    if (_folder() / "jars").is_dir():
        _marker().touch()


def _folder() -> Path:
    return cache_folder() / f"delta-{DELTA_VERSION}"


def _marker() -> Path:
    return _folder() / "complete"

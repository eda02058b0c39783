"""One Spark session per run, with the settings that were measured (docs/decisions)."""

import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.logger import PySparkLogger
from pyspark.sql import SparkSession

from echelon import interrupt
from echelon.config.models import Spark
from echelon.engine.delta import EXTENSIONS, SPARK_VERSION, check_versions, delta_jars
from echelon.engine.java import java_home
from echelon.engine.memory import CORES, DRIVER, OF_ALL, check_driver, check_workers, overruled, shortage, workers_memory
from echelon.errors import EchelonError

# Planning runs are many short queries and Python workers: in local mode, Java's own time goes into compiling itself.
_QUICK_START = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"
ONE_THREAD = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")}
# Arrow's own allocator takes 1 GB of address space at its first use, which counts against `spark.python_memory`.
WORKER_ENVIRONMENT = {**ONE_THREAD, "ARROW_DEFAULT_MEMORY_POOL": "system"}


def start(settings: Spark) -> SparkSession:
    """Start Spark, or take the session that spark-submit or a notebook has started.

    Raises EchelonError when Java, Spark and Delta do not fit, or Delta's jars can't be fetched.
    """
    if not _on_databricks():
        check_versions()
    # PySpark logs a stack trace for every wrong query; what a user must know is said by Echelon itself.
    PySparkLogger.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    os.environ.update(WORKER_ENVIRONMENT)
    os.environ["PYSPARK_PYTHON"] = os.environ.get("PYSPARK_PYTHON") or sys.executable
    _tell_time_in_utc()
    interrupt.wake()
    if _is_submitted():
        return _checked_submitted(_checked(_build(_sql_settings(settings))), settings)
    own = {**_launch_settings(settings), **settings.settings}
    check_workers(own)
    check_driver(own)
    _tell(shortage(settings))
    os.environ["JAVA_HOME"] = str(java_home())
    with delta_jars() as jars:
        return _checked(_launch({**jars, **own, **_sql_settings(settings)}))


def _tell_time_in_utc() -> None:
    """Python turns moments that it gets from Spark into the machine's time, without a word; of this process, that is UTC."""
    os.environ["TZ"] = "UTC"
    time.tzset()


def _checked_submitted(spark: SparkSession, settings: Spark) -> SparkSession:
    conf = {name: value for name in (OF_ALL, CORES) if (value := spark.conf.get(name, None)) is not None}
    check_workers(conf)
    _tell(overruled(settings, conf))
    return spark


def _tell(message: str | None) -> None:
    if message:
        print(f"echelon: {message}", file=sys.stderr)


def _is_submitted() -> bool:
    return "PYSPARK_GATEWAY_PORT" in os.environ or _on_databricks()


def _on_databricks() -> bool:
    """Its runtime brings Spark and Delta, of versions of its own that fit each other."""
    return "DATABRICKS_RUNTIME_VERSION" in os.environ


def _launch(settings: Mapping[str, str]) -> SparkSession:
    with _stderr_to_file() as log:
        try:
            return _build(settings)
        except (PySparkException, OSError, RuntimeError) as error:
            raise EchelonError(_launch_problem(error, log, settings[DRIVER])) from None


def _launch_problem(error: Exception, log: Path, memory: str) -> str:
    said = log.read_text(errors="replace")
    if "unresolved dependency" in said:
        return (
            "Delta's jars could not be fetched from Maven Central, which is needed once. Check the network, or name "
            "your mirror with --set spark.settings={spark.jars.ivySettings: FILE}"
        )
    if "JAVA_GATEWAY_EXITED" in str(error) and not said.strip():
        return f"Spark did not start, as Java ended at once: is there room for spark.driver_memory = {memory}?"
    lines = [line for line in said.splitlines() if line.strip()]
    return f"Spark did not start: {error}\n" + "\n".join(lines[-5:])


@contextmanager
def _stderr_to_file() -> Iterator[Path]:
    """Keep the launcher's chatter (Java's own, so no Python stream sees it) out of the user's sight."""
    with tempfile.TemporaryDirectory() as folder:
        log, saved = Path(folder) / "log", os.dup(2)
        with log.open("wb") as file:
            os.dup2(file.fileno(), 2)
            try:
                yield log
            finally:
                os.dup2(saved, 2)
                os.close(saved)


def _build(settings: Mapping[str, str]) -> SparkSession:
    builder = SparkSession.builder.appName("echelon")
    for name, value in settings.items():
        builder = builder.config(name, value)
    # In the main thread PySpark would put an interrupt handler of its own in the place of the one that ends this program.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(builder.getOrCreate).result()
    return builder.getOrCreate()  # the same one, as this thread's


def _checked(spark: SparkSession) -> SparkSession:
    if spark.version != SPARK_VERSION and not _on_databricks():
        raise EchelonError(f"the cluster runs Spark {spark.version}, needed {SPARK_VERSION} (Delta must match it)")
    return spark


def _launch_settings(settings: Spark) -> dict[str, str]:
    log4j = Path(__file__).with_name("log4j2.properties").as_uri()
    return {
        "spark.master": settings.master,
        DRIVER: settings.driver_memory,
        **workers_memory(settings),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={log4j} {_QUICK_START}",
        **EXTENSIONS,
    }


def _sql_settings(settings: Spark) -> dict[str, str]:
    return {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": str(settings.shuffle_partitions),
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "100000",
        # A limit in bytes is checked at every row, and counting a list column's bytes costs as much as it has rows so far.
        "spark.sql.execution.arrow.maxBytesPerBatch": str(2**31 - 1),
        "spark.sql.legacy.parquet.nanosAsLong": "true",
        # A folder store=0012 holds the rows of 0012, not of 12.
        "spark.sql.sources.partitionColumnTypeInference.enabled": "false",
        # CSV in any encoding that Java knows: windows-1252 is what spreadsheets write.
        "spark.sql.legacy.javaCharsets": "true",
        "spark.databricks.delta.snapshotPartitions": "1",
        # Delta's VACUUM lists files in that many tasks; Spark's default is 10,000.
        "spark.sql.sources.parallelPartitionDiscovery.parallelism": str(settings.shuffle_partitions),
    }

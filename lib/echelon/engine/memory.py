"""What Python workers may take, and whether the machine has it.

Spark is told what all workers of an executor take together, and divides it by `spark.executor.cores` where that is set.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from echelon.config.models import Spark
from echelon.errors import ConfigurationError

OF_ALL, CORES = "spark.executor.pyspark.memory", "spark.executor.cores"
DRIVER = "spark.driver.memory"
LEAST_JAVA = 512  # MB: Spark itself asks for 450 of what Java then has
LEAST = 1500  # MB of address space per worker: the libraries take 1,100
USED = 700  # MB that a worker takes of the machine, about (docs/measurements.md)
_MEGABYTES = {"k": 1 / 1024, "m": 1, "g": 1024, "t": 1024**2}
_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def megabytes(text: str, setting: str) -> int:
    """A size as Spark writes it, without a unit in MB; raises ConfigurationError that names the setting."""
    found = re.fullmatch(r"(\d+)([kmgt]?)b?", text.strip().lower())
    if not found:
        raise ConfigurationError(f"{setting} = {text!r}: expected a size like 2500m or 3g")
    return int(int(found[1]) * _MEGABYTES[found[2] or "m"])


def workers_memory(settings: Spark) -> dict[str, str]:
    """Spark's setting that gives every Python worker `spark.python_memory`; raises ConfigurationError if that is too little."""
    each = megabytes(settings.python_memory, "spark.python_memory")
    if each < LEAST:
        raise ConfigurationError(
            f"spark.python_memory = {settings.python_memory}: a Python worker needs at least {LEAST}m, as its libraries alone "
            "take 1,100m"
        )
    return {OF_ALL: f"{each * _cores(settings.settings)}m"}


def check_driver(conf: Mapping[str, str]) -> None:
    """Raises ConfigurationError when Java has too little memory to begin with."""
    if megabytes(conf[DRIVER], "spark.driver_memory") < LEAST_JAVA:
        raise ConfigurationError(f"spark.driver_memory = {conf[DRIVER]}: Spark needs at least {LEAST_JAVA}m; the default is 2g")


def check_workers(conf: Mapping[str, str]) -> None:
    """Raises ConfigurationError when Spark's own settings leave a Python worker too little to begin with."""
    if OF_ALL not in conf:
        return
    cores = _cores(conf)
    each = megabytes(conf[OF_ALL], OF_ALL) // cores
    if each < LEAST:
        raise ConfigurationError(
            f"{OF_ALL} = {conf[OF_ALL]} is shared by the {cores} workers of an executor ({CORES}), {each}m for each, and a "
            f"Python worker needs at least {LEAST}m: set {OF_ALL}={2500 * cores}m (2500m for each)"
        )


def overruled(settings: Spark, conf: Mapping[str, str]) -> str | None:
    """What to tell a user whose `spark.python_memory` is not what spark-submit has set."""
    if "python_memory" not in settings.model_fields_set:
        return None
    got = megabytes(conf[OF_ALL], OF_ALL) // _cores(conf) if OF_ALL in conf else None
    if got == megabytes(settings.python_memory, "spark.python_memory"):
        return None
    what = "has no limit" if got is None else f"gets {got}m"
    return f"spark.python_memory = {settings.python_memory} has no effect under spark-submit: a Python worker {what} ({OF_ALL})"


def shortage(settings: Spark) -> str | None:
    """What to tell a user whose machine may have too little memory for a worker per core; only where all runs on it."""
    workers = _local_workers(settings.master)
    java, there = megabytes(settings.driver_memory, "spark.driver_memory"), machine_memory()
    if not workers or java + workers * USED <= there:
        return None
    fewer = max(1, (there - java) // USED)
    advice = f"--set 'spark.master=local[{fewer}]'" if fewer < workers else "a smaller spark.driver_memory"
    return (
        f"this machine has {there / 1024:.1f} GB, and {workers} Python workers of about {USED / 1024:.1f} GB beside "
        f"{java / 1024:.1f} GB of Java (spark.driver_memory) may take {(java + workers * USED) / 1024:.1f} GB: if it runs out, "
        f"{advice} takes less"
    )


def machine_memory() -> int:
    """MB of this machine, or of the container that this runs in."""
    limits = [int(text) for text in map(_text, _LIMITS) if text.isdigit()]
    return min([os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"), *limits]) >> 20


def _text(file: str) -> str:
    return Path(file).read_text().strip() if Path(file).is_file() else ""


def _local_workers(master: str) -> int:
    """Tasks that run at once on this machine, 0 if they run on others."""
    if not (found := re.fullmatch(r"local(\[(\*|\d+).*\])?", master)):
        return 0
    return len(os.sched_getaffinity(0)) if found[2] == "*" else int(found[2] or 1)


def _cores(conf: Mapping[str, str]) -> int:
    """What Spark divides by: 1 unless it was set."""
    text = conf.get(CORES, "1")
    if not text.isdigit() or int(text) < 1:
        raise ConfigurationError(f"{CORES} = {text!r}: expected a whole number of cores")
    return int(text)

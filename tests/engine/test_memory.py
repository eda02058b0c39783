"""Memory per Python worker: what Spark is told, what is refused, and what is said of a small machine."""

import pytest
from echelon.config.models import Spark
from echelon.engine import memory
from echelon.errors import ConfigurationError

ALL, CORES = memory.OF_ALL, memory.CORES


@pytest.mark.parametrize(
    ("text", "size"), [("2500m", 2500), ("3g", 3072), ("3G", 3072), ("2048", 2048), ("1t", 1048576), ("512kb", 0)]
)
def test_sizes_are_read_as_spark_does(text: str, size: int) -> None:
    assert memory.megabytes(text, "x") == size


@pytest.mark.parametrize("text", ["", "2.5g", "much", "-1g", "2 g"])
def test_what_is_no_size_is_named(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"spark.driver_memory = .*: expected a size like 2500m or 3g"):
        memory.megabytes(text, "spark.driver_memory")


def test_the_setting_is_per_worker() -> None:
    assert memory.workers_memory(Spark()) == {ALL: "2500m"}
    assert memory.workers_memory(Spark(settings={CORES: "4"})) == {ALL: "10000m"}
    assert memory.workers_memory(Spark(python_memory="3g", settings={CORES: "2"})) == {ALL: "6144m"}


def test_too_little_for_a_worker_is_refused_with_what_it_needs() -> None:
    with pytest.raises(ConfigurationError, match=r"spark.python_memory = 625m: a Python worker needs at least 1500m"):
        memory.workers_memory(Spark(python_memory="625m"))
    with pytest.raises(ConfigurationError, match=r"4 workers .* 625m for each, .* set spark.executor.pyspark.memory=10000m"):
        memory.check_workers({ALL: "2500m", CORES: "4"})


@pytest.mark.parametrize("size", ["1m", "300m", "511m", "0"])
def test_too_little_for_java_is_refused_by_the_name_of_the_setting(size: str) -> None:
    with pytest.raises(
        ConfigurationError, match=rf"^spark.driver_memory = {size}: Spark needs at least 512m; the default is 2g$"
    ):
        memory.check_driver({memory.DRIVER: size})
    memory.check_driver({memory.DRIVER: "512m"})


def test_enough_or_no_limit_is_taken() -> None:
    for found in ({}, {CORES: "4"}, {ALL: "2500m"}, {ALL: "10g", CORES: "4"}):
        memory.check_workers(found)


@pytest.mark.parametrize("cores", ["0", "four", ""])
def test_cores_that_are_none_are_named(cores: str) -> None:
    with pytest.raises(ConfigurationError, match=r"spark.executor.cores = .*: expected a whole number"):
        memory.check_workers({ALL: "2500m", CORES: cores})


def test_a_setting_that_spark_submit_overrules_is_told() -> None:
    told = memory.overruled(Spark(python_memory="5g"), {ALL: "10000m", CORES: "4"})
    assert told and told.startswith("spark.python_memory = 5g has no effect under spark-submit: a Python worker gets 2500m")
    assert "has no limit" in (memory.overruled(Spark(python_memory="5g"), {}) or "")
    assert memory.overruled(Spark(python_memory="2500m"), {ALL: "10000m", CORES: "4"}) is None
    assert memory.overruled(Spark(), {}) is None


def test_a_machine_that_is_small_for_its_cores_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "machine_memory", lambda: 4096)
    assert memory.shortage(Spark(master="local[2]")) is None
    told = memory.shortage(Spark(master="local[8]"))
    assert told and "this machine has 4.0 GB, and 8 Python workers" in told and "local[2]" in told
    assert memory.shortage(Spark(master="spark://host:7077")) is None
    assert "smaller spark.driver_memory" in (memory.shortage(Spark(master="local", driver_memory="16g")) or "")


def test_a_containers_limit_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "_text", lambda _file: str(3 << 30))
    assert memory.machine_memory() == 3072
    monkeypatch.setattr(memory, "_text", lambda _file: "max")
    assert memory.machine_memory() > 0

"""What the tests share: one tuned Spark session for all that need it, and a fresh lake per test. Nothing here starts
Spark, or imports it, until a test asks: tests of `core` run without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from support import ROOT

if TYPE_CHECKING:
    from echelon.lake.lake import Lake
    from pyspark.sql import SparkSession

OpenLake = Callable[..., "Lake"]

# A busy machine is no reason to fail.
settings.register_profile("echelon", deadline=None)
settings.load_profile("echelon")


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """Spark as the program starts it, tuned for tiny data: few partitions, and queries interpreted instead of compiled."""
    from echelon.config.models import Spark
    from echelon.engine.session import start

    warehouse = str(tmp_path_factory.mktemp("warehouse"))
    session = start(
        Spark(
            master="local[2]",
            driver_memory="1g",
            shuffle_partitions=2,
            settings={
                "spark.sql.warehouse.dir": warehouse,
                "spark.default.parallelism": "2",
                "spark.sql.adaptive.enabled": "false",
                "spark.sql.codegen.wholeStage": "false",
                "spark.sql.codegen.factoryMode": "NO_CODEGEN",
                "spark.driver.defaultJavaOptions": "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m",
            },
        )
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def open_lake(spark: SparkSession, root: Path) -> OpenLake:
    """Open the lake in a folder, as a new run; `suites` are the real ones unless named."""
    from echelon.lake.lake import Lake
    from echelon.lake.run_state import new_run

    def opened(output: Path, suites: Path = root / "expectations") -> Lake:
        return Lake(spark, str(output), suites, new_run("0" * 64))

    return opened


@pytest.fixture
def new_lake(open_lake: OpenLake, tmp_path: Path) -> OpenLake:
    """Open the lake in the test's own folder."""
    return partial(open_lake, tmp_path / "out")


@pytest.fixture
def lake(new_lake: OpenLake) -> Lake:
    """A lake without tables."""
    return new_lake()

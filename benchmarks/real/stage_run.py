"""The stages' own path from files to forecasts: ingest, prepare, backtest and forecast with the settings of the plan."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import deltalake
import pandas as pd
from echelon.config import load
from echelon.config.models import Spark
from echelon.engine.session import start
from echelon.lake.lake import Lake
from echelon.lake.run_state import new_run
from echelon.stages.runner import run_stages
from echelon.stages.shared.context import Context
from pyspark.sql import SparkSession

from benchmarks.processor_time import Cost, cost

STAGES = ("ingest", "prepare", "backtest", "forecast")


@dataclass(frozen=True)
class Published:
    """What a run published, and what it cost."""

    output: Path
    cost: Cost

    def table(self, name: str, columns: list[str] | None = None) -> pd.DataFrame:
        """A table as the run left it."""
        return deltalake.DeltaTable(self.output / "tables" / name).to_pandas(columns=columns)


@contextmanager
def session(changed: Sequence[str] = ()) -> Iterator[SparkSession]:
    """One session for many runs. changed: settings over the defaults, of which those of `spark` count here."""
    own = dict(setting.removeprefix("spark.").split("=", 1) for setting in changed if setting.startswith("spark."))
    spark = start(Spark.model_validate(own))
    try:
        yield spark
    finally:
        spark.stop()


def plan(spark: SparkSession, configuration: Path, changed: Sequence[str] = ()) -> Published:
    """Run the stages, or take what they left in this place before. changed: settings over the plan's, as `--set` takes
    them."""
    settings = load([str(configuration)], list(changed))
    output, done = Path(settings.run.output), configuration.with_name("cost.json")
    if not done.exists():
        lake = Lake(spark, settings.run.output, Path(settings.run.suites), new_run(""))
        spent = cost(lambda: run_stages(Context(settings, spark, lake), STAGES))
        done.write_text(json.dumps(asdict(spent)))
    return Published(output, Cost(**json.loads(done.read_text())))

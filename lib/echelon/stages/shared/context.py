"""What every stage works with."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from echelon.config import Configuration
from echelon.errors import EchelonError
from echelon.lake.lake import Lake
from echelon.stages.shared.windows import Windows, plan_windows


@dataclass(frozen=True)
class Context:
    """One run: its settings, Spark, and the tables."""

    settings: Configuration
    spark: SparkSession
    lake: Lake

    @property
    def run_date(self) -> date:
        """The day that is planned for; known once the sales were ingested."""
        if self.lake.run.run_date is None:
            raise EchelonError("no sales were ingested yet: run the stage 'ingest' first")
        return self.lake.run.run_date

    @cached_property
    def windows(self) -> Windows:
        """How the published demand is cut; the same for all stages after `prepare`, so it is read once."""
        first, last = self.lake.read("demand").agg(F.min("date"), F.max("date")).collect()[0]
        return plan_windows(self.settings, first, last)

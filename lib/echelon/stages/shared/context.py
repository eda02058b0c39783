"""What every stage works with."""

from dataclasses import dataclass
from datetime import date

from pyspark.sql import SparkSession

from echelon.config import Configuration
from echelon.errors import EchelonError
from echelon.lake.lake import Lake


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

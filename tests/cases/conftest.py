"""How cases read an input."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture
def read(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> Any:
    """Read an input of a configuration; the sales of files described by a path and more."""
    from echelon.config.models import Configuration
    from echelon.stages.ingest.accept import classified
    from echelon.stages.shared.context import Context
    from support.read_files import Kept, Read

    def reading(settings: Configuration | Path | str, name: str = "sales", **source: Any) -> Read:
        if not isinstance(settings, Configuration):
            settings = Configuration.model_validate({"sources": {"sales": {"path": str(settings), **source}}})
        capsys.readouterr()
        frame = classified(Context(settings, spark, Kept()), name)  # type: ignore[arg-type]
        assert frame is not None
        return Read(frame.toPandas(), [line[17:] for line in capsys.readouterr().out.splitlines()])

    return reading

"""Great Expectations' context, which keeps nothing and sends nothing."""

import os
from typing import Any

os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
# Frames of Spark, checked where they are: the library would otherwise cache each of them.
SOURCE = "tables"


def ephemeral_context() -> Any:
    """A new context with one source of data, `SOURCE`."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    context.data_sources.add_spark(SOURCE, persist=False)
    return context

"""What is said of spikes: demand that is left out, as it came once (`core.demand.spikes`)."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.engine.decimal_sums import exact_sum
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows

IS_SPIKE = "spike > 0"


def spike_notes(demand: DataFrame, windows: Windows) -> list[str]:
    """What to tell the user when spikes were found."""
    held_back = F.count(F.when(F.col("date") >= F.lit(windows.replay_start_date), 1))
    totals = demand.where(IS_SPIKE).agg(F.count("*"), F.count_distinct(*SERIES), exact_sum(F.col("spike")), held_back)
    spikes, series, units, late = totals.collect()[0]
    if not spikes:
        return []
    replayed = f", {late:,} of them in the weeks that the replay holds back" if late else ""
    return [
        f"{spikes:,} spikes in {series:,} SKU-locations are counted as a usual sale, {units:,.0f} units less{replayed} "
        "(table exceptions, kind demand_spike)"
    ]

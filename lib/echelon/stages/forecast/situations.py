"""The table `situation_scores`: errors where forecasting is hard, apart."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import start_date
from echelon.core.forecast.selection.names import FLOOR
from echelon.engine.decimal_sums import exact_sum
from echelon.lake.contracts import TABLES
from echelon.lake.inputs import EVERY
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.windows import Windows

CHAMPION, AVERAGE = "champion", "moving_average"
# What a level shift makes hard.
_WEEKS_AFTER_SHIFT = 13


def situation_table(context: Context, chosen: DataFrame, compared: DataFrame | None, windows: Windows) -> DataFrame:
    """Champions beside the moving average and the seasonal naive, by situation, over all windows; and the pooled model with and
    without drivers in the newest. chosen: `with_champions`; compared: `without_drivers`."""
    rows = _compared(context, chosen, compared).join(_series(context), list(SERIES))
    marked = _with_steps(context, _with_steps(context, rows, "event", windows), "promotion", windows)
    single = marked.select("model", F.explode(_situations(context, windows)).alias("of"), "forecast", "actual")
    known = single.where(F.size("of.steps") > 0)
    error = F.zip_with("forecast", "actual", lambda f, y: f - y)
    parts = known.select(
        "of.situation", "model", F.size("of.steps").alias("periods"),
        _sum(F.col("actual")).alias("demand"), _sum(error).alias("bias"), _sum(F.transform(error, F.abs)).alias("wape"),
    )  # fmt: skip
    demand = exact_sum(F.col("demand"))
    return parts.groupBy("situation", "model").agg(
        F.count("*").cast("int").alias("forecasts"),
        F.sum("periods").alias("periods"),
        demand.alias("demand"),
        *(F.try_divide(exact_sum(F.col(name)), demand).alias(name) for name in ("wape", "bias")),
    ).select(TABLES["situation_scores"].column_names)  # fmt: skip


def _compared(context: Context, chosen: DataFrame, compared: DataFrame | None) -> DataFrame:
    """Rows of `backtest_scores` of the champion, under that name, and of the two simple models; those of `compared`."""
    scores = context.lake.read("backtest_scores").select(*SERIES, "model", "cutoff", "forecast", "actual")
    best = scores.join(chosen.select(*SERIES, "model"), [*SERIES, "model"], "semi").withColumn("model", F.lit(CHAMPION))
    rows = best.unionByName(scores.where(F.col("model").isin(AVERAGE, FLOOR)))
    if compared is None:
        return rows
    models = [F.struct(F.lit(f"{name}_drivers").alias("model"), F.col(name).alias("forecast")) for name in ("with", "without")]
    both = compared.select(*SERIES, "cutoff", "actual", F.inline(F.array(*models)))
    return rows.unionByName(both)


def _series(context: Context) -> DataFrame:
    """sku, location, first day of demand, life cycle, level_shift."""
    first = context.lake.read("demand").groupBy(*SERIES).agg(F.min("date").alias("first"))
    return first.join(context.lake.read("segments").select(*SERIES, "life_cycle", "level_shift"), list(SERIES))


def _with_steps(context: Context, rows: DataFrame, situation: str, windows: Windows) -> DataFrame:
    """With the column `situation`: numbers of the periods of each window in which one is marked for the series."""
    marks = _marks(context, situation).join(
        F.broadcast(_periods(context, windows)), F.expr("date BETWEEN first_day AND last_day")
    )
    found, columns = rows, []
    for number, keys in enumerate(((), ("location",), ("sku",), SERIES)):
        name = f"_steps{number}"
        stars = [F.col(key) == EVERY if key not in keys else F.col(key) != EVERY for key in SERIES]
        steps = marks.where(stars[0] & stars[1]).groupBy(*keys, "cutoff").agg(F.collect_set("step").alias(name))
        found = found.join(steps, [*keys, "cutoff"], "left")
        columns.append(F.coalesce(name, F.array().cast("array<int>")))
    joined = F.array_distinct(F.flatten(F.array(*columns)))
    return found.withColumn(situation, joined).drop(*(f"_steps{number}" for number in range(len(columns))))


def _marks(context: Context, situation: str) -> DataFrame:
    """sku, location, date of events, or of promotions: signals that are 0 where there is no row, on days with another value."""
    rows = context.lake.read("signals")
    if situation == "event":
        return rows.where("kind = 'event'").select(*SERIES, "date")
    switched = [name for name, signal in context.settings.signals.items() if signal.missing == 0 and signal.source == "signals"]
    return rows.where((F.col("kind") == "signal") & F.col("name").isin(switched) & (F.col("value") != 0)).select(
        *SERIES, "date"
    )


def _periods(context: Context, windows: Windows) -> DataFrame:
    """cutoff, step, first_day, last_day of every period of every window."""
    rows = [
        (start_date(cutoff, windows.freq), step, start_date(cutoff + windows.gap + step, windows.freq),
         start_date(cutoff + windows.gap + step + 1, windows.freq))
        for cutoff in windows.cutoffs for step in range(windows.horizon)
    ]  # fmt: skip
    made = context.spark.createDataFrame(rows, "cutoff date, step int, first_day date, next_day date")
    return made.select("cutoff", "step", "first_day", F.date_sub("next_day", 1).alias("last_day"))


def _situations(context: Context, windows: Windows) -> Column:
    """Of each row its situations, and the periods that are in them; a period may be in several, and is ordinary in none."""
    everything = F.sequence(F.lit(0), F.lit(windows.horizon - 1))
    young, shifted = F.datediff("cutoff", "first"), F.datediff("cutoff", "level_shift")
    whole = {
        "launch": young < 7 * context.settings.segments.new_weeks,
        "run_down": F.col("life_cycle").isin("ending", "dead"),
        "level_shift": shifted.between(0, 7 * _WEEKS_AFTER_SHIFT),
    }
    hard = {name: F.when(F.coalesce(when, F.lit(False)), everything).otherwise(F.array().cast("array<int>"))
            for name, when in whole.items()}  # fmt: skip
    hard |= {"event": F.col("event"), "promotion": F.col("promotion")}
    steps = {"all": everything, **hard, "ordinary": F.array_except(everything, F.flatten(F.array(*hard.values())))}
    return F.array(*(F.struct(F.lit(name).alias("situation"), column.alias("steps")) for name, column in steps.items()))


def _sum(values: Column) -> Column:
    """Over the periods of the situation."""
    at = F.transform("of.steps", lambda step: F.get(values, step))
    return F.aggregate(F.array_sort(at), F.lit(0.0), lambda total, value: total + value)

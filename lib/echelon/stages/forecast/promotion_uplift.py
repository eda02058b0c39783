"""The table `promotion_uplift`: what promotions and cut prices were worth, by category."""

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from echelon.core.inventory.bootstrap import FEWEST
from echelon.engine.decimal_sums import exact_sum
from echelon.lake.contracts import TABLES
from echelon.stages.forecast.bias import ALL
from echelon.stages.forecast.without_drivers import promotions
from echelon.stages.shared.context import Context

_KEY = ("promotion", "level", "category")
# Units of a series in periods under a promotion and in its other ones: demand, and forecasts with and without drivers.
_UNITS = {"demand": "actual", "with": "with", "without": "without"}
_SUMS = [f"{name}_{when}" for name in _UNITS for when in ("under", "beside")]
_95_PERCENT = 1.96


def uplift_table(context: Context, compared: DataFrame | None) -> DataFrame:
    """compared: `without_drivers`. Without rows where there is nothing to compare, or no signal says of promotions."""
    table = TABLES["promotion_uplift"]
    if compared is None or not promotions(context.settings):
        return context.spark.createDataFrame([], table.ddl)
    by_sku = context.lake.keep("uplift_by_sku", _by_sku(context, compared))
    totals = by_sku.groupBy(*_KEY).agg(
        F.count("*").cast("int").alias("skus"),
        *(F.sum(name).cast(kind).alias(name) for name, kind in (("series", "int"), ("periods", "bigint"))),
        *(exact_sum(F.col(name)).alias(f"all_{name}") for name in _SUMS),
    )
    errors = by_sku.join(F.broadcast(totals), list(_KEY)).groupBy(*_KEY).agg(exact_sum(_influence() ** 2).alias("_squares"))
    found = totals.join(errors, list(_KEY)).withColumns({"uplift": _ratio("demand"), "forecast_uplift": _ratio("with")})
    skus = F.col("skus")
    error = F.when(skus >= FEWEST, F.sqrt(F.try_divide("_squares", skus * (skus - 1))))
    ends = {f"uplift_{end}": F.col("uplift") * F.exp(sign * _95_PERCENT * error) for end, sign in (("low", -1), ("high", 1))}
    return found.withColumns({"demand": F.col("all_demand_under"), **ends}).select(table.column_names)


def _by_sku(context: Context, compared: DataFrame) -> DataFrame:
    """Units (_SUMS), series and periods of each SKU that had the promotion, in all and by its category."""
    names = F.array_remove(F.array_distinct("promoted"), "")
    rows = compared.select("sku", *_UNITS.values(), "promoted", F.explode(names).alias("promotion"))
    steps = {"under": _steps(F.col("promotion")), "beside": _steps(F.lit(""))}
    units = [_sum(column, steps[when]).alias(f"{name}_{when}") for name, column in _UNITS.items() for when in steps]
    members = [("total", F.lit(ALL)), ("category", F.coalesce("category", F.lit("")))]
    levels = F.array(*(F.struct(F.lit(level).alias("level"), member.alias("category")) for level, member in members))
    known = rows.join(context.lake.read("items").select("sku", "category"), "sku")
    single = known.select("promotion", F.explode(levels).alias("_of"), "sku", F.size(steps["under"]).alias("periods"), *units)
    return single.groupBy("promotion", "_of.level", "_of.category", "sku").agg(
        F.count("*").alias("series"),
        F.sum("periods").alias("periods"),
        *(exact_sum(F.col(name)).alias(name) for name in _SUMS),
    )


def _steps(name: Column) -> Column:
    """Numbers of the periods in which that is on, and nothing else."""
    numbers = F.sequence(F.lit(0), F.size("promoted") - 1)
    return F.filter(numbers, lambda step: F.get("promoted", step) == name)


def _ratio(name: str) -> Column:
    """Of units to the forecast without drivers, under the promotion over beside it."""
    under, beside = (F.try_divide(F.col(f"all_{name}_{when}"), F.col(f"all_without_{when}")) for when in ("under", "beside"))
    return F.try_divide(under, beside)


def _influence() -> Column:
    """How far one SKU moves the logarithm of the uplift (the delta method; over all SKUs the sum is 0), times their number."""
    shares = {name: F.try_divide(F.col(name), F.col(f"all_{name}")) for name in _SUMS}
    under, beside = (shares[f"demand_{when}"] - shares[f"without_{when}"] for when in ("under", "beside"))
    return (under - beside) * F.col("skus")


def _sum(values: str, steps: Column) -> Column:
    """Over some periods."""
    at = F.transform(steps, lambda step: F.get(values, step))
    return F.aggregate(F.array_sort(at), F.lit(0.0), lambda total, value: total + value)

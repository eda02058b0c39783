"""Stage `replenish`: purchase orders and transfers for today's stock, and what a planner should look at."""

from collections.abc import Callable
from datetime import date
from functools import partial

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.core.demand.periods import PERIOD_DAYS
from echelon.core.network.order_terms import capacity_of_an_order
from echelon.core.network.topology import planned_supplies
from echelon.core.replenish.exceptions import exception_table
from echelon.core.replenish.net_requirements import LEVEL_COLUMNS, STOCK_COLUMNS, net_requirements
from echelon.core.replenish.orders import order_table
from echelon.engine.grouped.buckets import apply_in_buckets
from echelon.lake.contracts import TABLES
from echelon.stages.replenish.data_exceptions import data_exceptions
from echelon.stages.shared.context import Context
from echelon.stages.shared.history import SERIES
from echelon.stages.shared.network import lanes_of, names_of

Requirements = Callable[[pd.DataFrame], pd.DataFrame]


def run(context: Context) -> str:
    """Publish `orders` and `exceptions`; no orders without the input `stock`, as nobody knows what is there."""
    lake, stock_given = context.lake, context.settings.sources.stock is not None
    rows = lake.keep("positions", _levels(context).join(lake.read("stock"), list(SERIES), "left"))
    lanes = _lane_terms(context)
    tables = {"exceptions": partial(_exceptions, lanes=lanes, stock_given=stock_given)}
    if stock_given:
        tables["orders"] = partial(_orders, lanes=lanes, run_date=context.run_date)
    buckets = context.settings.spark.buckets
    frames = {name: apply_in_buckets(rows, ["sku"], function, TABLES[name].ddl, buckets) for name, function in tables.items()}
    frames["exceptions"] = frames["exceptions"].unionByName(data_exceptions(context))
    published = lake.publish({"orders": context.spark.createDataFrame([], TABLES["orders"].ddl)} | frames)
    orders = f"{published['orders']:,} orders" if stock_given else "no orders: they need the input `stock`"
    return f"{orders}, {published['exceptions']:,} exceptions"


def _levels(context: Context) -> DataFrame:
    """Stock levels with the unit cost, and with what stood in for a failed forecast."""
    read = context.lake.read
    forecast = read("demand_distributions").select(*SERIES, F.col("status").alias("_forecast"))
    stand_in = (
        F.when(F.col("method") == "analytic", F.concat(F.lit("analytic levels, "), "status"))
        .when(F.col("_forecast") != "ok", F.concat(F.lit("forecast by the seasonal naive, "), "_forecast"))
        .otherwise("ok")
    )
    levels = read("stock_levels").join(forecast, list(SERIES), "left").withColumn("status", stand_in)
    costs = read("items").select("sku", "unit_cost")
    return levels.join(costs, "sku").select(*LEVEL_COLUMNS)


def _lane_terms(context: Context) -> pd.DataFrame:
    """Order terms and mean lead time of the lanes that are ordered on, the preferred ones into a location first, whose
    review periods are the location's; the capacity is that of an order. Lanes do not grow with the number of SKUs."""
    read, ends, frequency = context.lake.read, ["source", "destination"], context.settings.run.frequency
    suppliers = names_of(read("locations"), "supplier")
    supplies = planned_supplies(lanes_of(read("lanes")), frozenset(names_of(read("locations"))))
    used = [(lane.source, lane.destination) for some in supplies.values() for lane in some if lane.destination not in suppliers]
    terms = read("lanes").join(read("lead_times").select(*ends, "mean_days"), ends).toPandas()
    lanes = pd.DataFrame(used, columns=ends).merge(terms, on=ends)
    review, period_days = lanes.groupby("destination")["review_period_days"].transform("first"), PERIOD_DAYS[frequency]
    lanes["capacity"] *= [capacity_of_an_order(1.0, days, period_days) for days in review]
    return lanes


def _requirements(rows: pd.DataFrame, lanes: pd.DataFrame) -> pd.DataFrame:
    stock = rows.loc[rows["on_hand"].notna(), [*SERIES, *STOCK_COLUMNS]]
    return net_requirements(rows[LEVEL_COLUMNS], stock, lanes)


def _orders(rows: pd.DataFrame, lanes: pd.DataFrame, run_date: date) -> pd.DataFrame:
    return order_table(_requirements(rows, lanes), run_date)


def _exceptions(rows: pd.DataFrame, lanes: pd.DataFrame, stock_given: bool) -> pd.DataFrame:
    return exception_table(_requirements(rows, lanes), stock_given=stock_given)

"""Stage `ingest`: sources of any kind to typed, deduplicated tables; what is refused goes to `quarantine`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial, reduce

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from echelon.errors import InputRefused
from echelon.lake.inputs import INPUTS
from echelon.lake.sources import FILE, ROW
from echelon.stages.context import Context
from echelon.stages.ingest import accept, classify, complete
from echelon.stages.ingest.classify import REASON, RULE
from echelon.stages.ingest.network_checks import check_network

Frames = dict[str, DataFrame]

# So few bad rows never stop a run, however small the input.
FEW_ROWS = 10
_AT_ONCE = 4


def run(context: Context) -> str:
    """Read every source and publish the typed tables; returns the outcome in words.

    Raises InputRefused when a source as a whole can't be planned.
    """
    own = _read_all(context)
    context.lake.run.run_date = accept.run_date_of(context, own["sales"])
    rows = own | _keep_all(context, _changed_by_references(context, own))
    counts = _counts(rows)
    _refuse_too_much_dirt(context, rows, counts)
    tables = _tables(context, {name: frame.where(F.col(RULE).isNull()) for name, frame in rows.items()})
    check_network(context, tables)
    published = context.lake.publish(tables | _records(context, rows, counts))
    return _outcome(published, counts)


def _read_all(context: Context) -> Frames:
    """Every input that has a source, read side by side."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = pool.map(partial(accept.classified, context), INPUTS)
    return {name: frame for name, frame in zip(INPUTS, found, strict=True) if frame is not None}


def _keep_all(context: Context, frames: Frames) -> Frames:
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        kept = pool.map(lambda name: context.lake.keep(f"rows_{name}", frames[name]), frames)
    return dict(zip(frames, kept, strict=True))


def _changed_by_references(context: Context, rows: Frames) -> Frames:
    """The inputs to which rules apply that need other inputs or the run date, with these rules."""
    changed = dict(rows)
    for name, columns in (("sales", ("date",)), ("stock_history", ("date",)), ("deliveries", ("received_date", "order_date"))):
        for column in columns if name in rows else ():
            years = context.settings.ingest.max_history_years
            changed[name] = accept.in_history(changed[name], column, context.run_date, years)
    for known, column, rule in (("items", "sku", "unknown_sku"), ("locations", "location", "unknown_location")):
        if known in rows:
            names = rows[known].where(F.col(RULE).isNull()).select(column)
            _refuse_unknown(changed, names, column, rule, known)
    return {name: frame for name, frame in changed.items() if frame is not rows[name]}


def _refuse_unknown(rows: Frames, names: DataFrame, column: str, rule: str, what: str) -> None:
    every = names.sparkSession.createDataFrame([("*",)], f"{column} string")
    for name in ("sales", "stock", "stock_history"):
        if name in rows:
            rows[name] = classify.refuse_unknown(rows[name], names, column, rule, what)
    if "targets" in rows:
        rows["targets"] = classify.refuse_unknown(rows["targets"], names.union(every), column, rule, what)


def _counts(rows: Frames) -> dict[str, tuple[int, int]]:
    """Rows accepted and rows refused of each input."""
    marks = [frame.select(F.lit(name).alias("input"), F.col(RULE).isNull().alias("good")) for name, frame in rows.items()]
    counted = reduce(DataFrame.unionByName, marks).groupBy("input").agg(F.count_if("good"), F.count_if(~F.col("good")))
    return {row[0]: (int(row[1]), int(row[2])) for row in counted.collect()}


def _refuse_too_much_dirt(context: Context, rows: Frames, counts: dict[str, tuple[int, int]]) -> None:
    limit = context.settings.ingest.max_quarantine_share
    for name, (accepted, refused) in counts.items():
        if accepted == 0 or refused > max(limit * (accepted + refused), FEW_ROWS):
            raise InputRefused(
                f"{name}: {refused} of {accepted + refused} rows would be quarantined, more than "
                f"ingest.max_quarantine_share = {limit:.0%} allows: {accept.first_reasons(rows[name])}"
            )


def _tables(context: Context, accepted: Frames) -> Frames:
    defaults, sales = context.settings.defaults, accepted["sales"]
    lanes = complete.lanes_table(accepted.get("lanes"), sales, defaults)
    given: Callable[[str], DataFrame] = lambda name: accepted.get(name, complete.empty(sales, name))  # noqa: E731
    return {
        "sales": complete.sales_table(sales),
        "items": complete.items_table(accepted.get("items"), sales, defaults),
        "locations": complete.locations_table(accepted.get("locations"), sales, lanes, "lanes" in accepted, defaults),
        "lanes": lanes,
        "deliveries": given("deliveries"),
        "stock": complete.stock_table(given("stock")),
        "stock_history": complete.stock_history_table(given("stock_history")),
        "targets": complete.targets_table(given("targets").select("sku", "location", "fill_rate"), defaults),
    }


def _records(context: Context, rows: Frames, counts: dict[str, tuple[int, int]]) -> Frames:
    """What was read and what was refused."""
    lines = []
    for name in INPUTS:
        source = getattr(context.settings.sources, name)
        good, bad = counts.get(name, (0, 0))
        lines.append((name, source.path if source else "(default)", good + bad, good, bad))
    schema = "input string, path string, rows_read bigint, rows_accepted bigint, rows_quarantined bigint"
    return {"inputs": context.spark.createDataFrame(lines, schema), "quarantine": _quarantine(rows)}


def _quarantine(rows: Frames) -> DataFrame:
    everything = reduce(DataFrame.unionByName, [_refused(name, frame) for name, frame in rows.items()])
    copies = Window.partitionBy("input", "file", "row").orderBy("rule", "reason")
    return everything.withColumn("copy", F.row_number().over(copies))


def _refused(name: str, frame: DataFrame) -> DataFrame:
    refused = frame.where(F.col(RULE).isNotNull())
    return refused.select(
        F.lit(name).alias("input"),
        F.col(FILE).alias("file"),
        F.col(ROW).alias("row"),
        F.col(RULE).alias("rule"),
        F.col(REASON).alias("reason"),
    )


def _outcome(published: dict[str, int], counts: dict[str, tuple[int, int]]) -> str:
    read = sum(good + bad for good, bad in counts.values())
    refused = sum(bad for _, bad in counts.values())
    return f"{read:,} rows read, {refused:,} quarantined, {published['items']:,} SKUs, {published['sales']:,} sales days"

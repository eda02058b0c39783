"""Stage `ingest`: sources of any kind to typed, deduplicated tables; what is refused goes to `quarantine`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.errors import InputRefused
from echelon.lake.inputs import EVERY, INPUTS
from echelon.stages.context import Context
from echelon.stages.ingest import accept, classify, complete, records
from echelon.stages.ingest.classify import RULE
from echelon.stages.ingest.holidays import with_public_holidays
from echelon.stages.ingest.network_checks import check_network
from echelon.stages.ingest.signal_checks import check_signals

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
    counts = records.count_rows(rows)
    context.lake.run.inputs = {name: count.fingerprint for name, count in counts.items()}
    _refuse_too_much_dirt(context, rows, counts)
    check_signals(context, rows)
    tables = _tables(context, {name: frame.where(F.col(RULE).isNull()) for name, frame in rows.items()})
    check_network(context, tables)
    tables["signals"] = with_public_holidays(context, tables)
    published = context.lake.publish(tables | records.tables(context, rows, counts))
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
    for name in ("signals", "events"):
        if name in rows:
            changed[name] = accept.near(rows[name], "date", context.run_date, context.settings.ingest.max_history_years)
    for known, column, rule in (("items", "sku", "unknown_sku"), ("locations", "location", "unknown_location")):
        if known in rows:
            names = rows[known].where(F.col(RULE).isNull()).select(column)
            _refuse_unknown(changed, names, column, rule, known)
    return {name: frame for name, frame in changed.items() if frame is not rows[name]}


def _refuse_unknown(rows: Frames, names: DataFrame, column: str, rule: str, what: str) -> None:
    every = names.sparkSession.createDataFrame([(EVERY,)], f"{column} string")
    for name in ("sales", "stock", "stock_history"):
        if name in rows:
            rows[name] = classify.refuse_unknown(rows[name], names, column, rule, what)
    for name in ("targets", "signals", "events"):
        if name in rows and column in rows[name].columns:
            rows[name] = classify.refuse_unknown(rows[name], names.union(every), column, rule, what)


def _refuse_too_much_dirt(context: Context, rows: Frames, counts: records.Counts) -> None:
    limit = context.settings.ingest.max_quarantine_share
    for name, count in counts.items():
        if count.accepted == 0 or count.refused > max(limit * count.read, FEW_ROWS):
            raise InputRefused(
                f"{name}: {count.refused} of {count.read} rows would be quarantined, more than "
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
        "signals": complete.signals_table(accepted.get("signals"), accepted.get("events"), sales),
        "targets": complete.targets_table(given("targets").select("sku", "location", "fill_rate"), defaults),
    }


def _outcome(published: dict[str, int], counts: records.Counts) -> str:
    read = sum(count.read for count in counts.values())
    refused = sum(count.refused for count in counts.values())
    return f"{read:,} rows read, {refused:,} quarantined, {published['items']:,} SKUs, {published['sales']:,} sales days"

"""Stage `ingest`: sources of any kind to typed, deduplicated tables; what is refused goes to `quarantine`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from echelon.errors import InputRefused
from echelon.lake.inputs import INPUTS
from echelon.stages.ingest import accept, classify, complete, master, records
from echelon.stages.ingest.classify import RULE
from echelon.stages.ingest.data_end import in_their_periods, run_date_of
from echelon.stages.ingest.holidays import with_public_holidays
from echelon.stages.ingest.network_checks import check_network
from echelon.stages.ingest.records import Frames
from echelon.stages.ingest.row_notes import note_rows
from echelon.stages.ingest.signal_checks import check_signals
from echelon.stages.ingest.strangers import refuse_strange_sales, refuse_strangers, tell_strangers
from echelon.stages.shared.context import Context

# So few bad rows never stop a run, however small the input.
FEW_ROWS = 10
_AT_ONCE = 4
# Settled by themselves, and sales before the others.
_AS_READ = ("sales", "items", "locations", "lanes")


def run(context: Context) -> str:
    """Read every source and publish the typed tables; returns the outcome in words.

    Raises InputRefused when a source as a whole can't be planned.
    """
    own = _read_all(context)
    master.refuse_bad_lanes(own)
    own["sales"] = in_their_periods(context, own["sales"])
    context.lake.run.run_date = run_date_of(context, own["sales"])
    rows = _settled(context, own)
    counts = records.count_rows(rows, context.settings.run.run_date)
    context.lake.run.inputs = {name: count.fingerprint for name, count in counts.items()}
    _refuse_too_much_dirt(context, rows, counts)
    tell_strangers(rows, counts)
    note_rows(rows)
    check_signals(context, rows)
    tables = _tables(context, rows)
    check_network(context, tables)
    tables["signals"] = with_public_holidays(context, tables)
    published = context.lake.publish(tables | records.tables(context, rows, counts))
    return _outcome(published, counts)


def _read_all(context: Context) -> Frames:
    """Every input that has a source, read side by side."""
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        frames = pool.map(partial(accept.classified, context), INPUTS)
    return {name: frame for name, frame in zip(INPUTS, frames, strict=True) if frame is not None}


def _keep_all(context: Context, frames: Frames) -> Frames:
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        kept = pool.map(lambda name: context.lake.keep(f"rows_{name}", frames[name]), frames)
    return dict(zip(frames, kept, strict=True))


def _settled(context: Context, own: Frames) -> Frames:
    """All inputs with the rules that need the run date or other inputs; what sold says which SKUs and locations are known."""
    dated = _in_time(context, own)
    dated["sales"] = context.lake.keep("rows_sales", refuse_strange_sales(dated))
    changed = dated | refuse_strangers(context, dated)
    return changed | _keep_all(context, {name: frame for name, frame in changed.items() if name not in _AS_READ})


def _in_time(context: Context, own: Frames) -> Frames:
    years, run_date = context.settings.ingest.max_history_years, context.run_date
    changed = dict(own) | {"sales": accept.zeros_ahead(own["sales"], run_date)}
    for name, columns in (("sales", ("date",)), ("stock_history", ("date",)), ("deliveries", ("received_date", "order_date"))):
        for column in columns if name in own else ():
            changed[name] = accept.in_history(changed[name], column, run_date, years)
    for name in ("signals", "events"):
        if name in own:
            changed[name] = accept.near(own[name], "date", run_date, years)
    return changed


def _refuse_too_much_dirt(context: Context, rows: Frames, counts: records.Counts) -> None:
    limit = context.settings.ingest.max_quarantine_share
    for name, count in counts.items():
        dirty = count.refused - count.harmless
        if (not count.accepted and (dirty or name == "sales")) or dirty > max(limit * count.read, FEW_ROWS):
            raise InputRefused(
                f"{name}: {dirty} of {count.read} rows would be quarantined, more than "
                f"ingest.max_quarantine_share = {limit:.0%} allows: {classify.first_reasons(rows[name])}"
            )


def _tables(context: Context, rows: Frames) -> Frames:
    accepted = {name: frame.where(F.col(RULE).isNull()) for name, frame in rows.items()}
    accepted |= {name: master.with_refused(rows[name], name) for name in ("items", "locations") if name in rows}
    defaults, sales = context.settings.defaults, accepted["sales"]
    lanes = complete.lanes_table(accepted.get("lanes"), sales, defaults)
    given: Callable[[str], DataFrame] = lambda name: accepted.get(name, complete.empty(sales, name))  # noqa: E731
    return {
        "sales": complete.sales_table(sales),
        "items": complete.items_table(accepted.get("items"), sales, defaults),
        "locations": complete.locations_table(accepted.get("locations"), sales, lanes, "lanes" in accepted, defaults),
        "lanes": lanes,
        "deliveries": complete.deliveries_table(accepted["deliveries"]) if "deliveries" in accepted else given("deliveries"),
        "stock": complete.stock_table(given("stock")),
        "stock_history": complete.stock_history_table(given("stock_history")),
        "signals": complete.signals_table(accepted.get("signals"), accepted.get("events"), sales),
        "targets": complete.targets_table(given("targets").select("sku", "location", "fill_rate"), defaults),
    }


def _outcome(published: dict[str, int], counts: records.Counts) -> str:
    read = sum(count.read for count in counts.values())
    refused = sum(count.refused for count in counts.values())
    return f"{read:,} rows read, {refused:,} quarantined, {published['items']:,} SKUs, {published['sales']:,} sales days"

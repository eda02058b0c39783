"""Tables of the stage `ingest`: what the sources say, typed and cleaned."""

from echelon.lake.contracts.common import DESTINATION, LOCATION, SKU, SOURCE, amount, share
from echelon.lake.contracts.contract import Column, Table

_COUNTED = (
    Column("rows_read", "bigint", "Rows in the source", "rows", check="rows_read >= 0"),
    Column("rows_accepted", "bigint", "Rows accepted", "rows", check="rows_accepted >= 0"),
    Column("rows_quarantined", "bigint", "Rows in `quarantine`", "rows", check="rows_quarantined >= 0"),
)

SALES = Table(
    "sales",
    "ingest",
    "Sales per SKU, location and day, from the accepted source rows. Returns are netted within the day here and "
    "against earlier days in `demand`.",
    ("sku", "location", "date"),
    (
        SKU,
        LOCATION,
        Column("date", "date", "Day of sale"),
        amount("quantity_sold", "Sum of the positive quantities; 0 where rows only say that there was no sale", "units"),
        amount("quantity_returned", "Sum of the negative quantities, as a positive number", "units"),
        Column("net_quantity", "double", "quantity_sold - quantity_returned", "units"),
        Column(
            "revenue",
            "double",
            "Sum of quantity x price, returns subtracted; null without prices",
            "currency",
            nullable=True,
        ),
        Column("source_rows", "bigint", "Source rows that were added up", "rows", check="source_rows > 0"),
    ),
    summary=(
        "SELECT grouping(date) AS series, sku, location, date, "
        "if(grouping(date) = 1, count(*) - count(DISTINCT date), 0) AS copies, "
        "sum(source_rows) AS source_rows, sum(quantity_sold) AS quantity_sold, sum(net_quantity) AS net_quantity, "
        "max(abs(net_quantity - (quantity_sold - quantity_returned)) / (1 + abs(net_quantity))) AS not_net "
        "FROM {batch} GROUP BY GROUPING SETS ((sku, location), (date))"
    ),
)
ITEMS = Table(
    "items",
    "ingest",
    "One row per SKU. Attributes missing at the source are filled by the stated defaults.",
    ("sku",),
    (
        SKU,
        Column("description", "string", "Description", nullable=True),
        Column("category", "string", "Product group", nullable=True),
        amount("unit_cost", "Purchase cost of one unit", "currency/unit"),
        amount(
            "unit_price",
            "Selling price of one unit (median of the sales where no price is given)",
            "currency/unit",
            nullable=True,
        ),
        Column(
            "shelf_life_days",
            "double",
            "A unit can be used in this many days after its arrival at a location; null: any time",
            "days",
            nullable=True,
            check="shelf_life_days >= 1",
        ),
    ),
)
LOCATIONS = Table(
    "locations",
    "ingest",
    "One row per stocking point and outside supplier.",
    ("location",),
    (
        LOCATION,
        Column(
            "kind",
            "string",
            "Outside supplier, warehouse that serves other locations, or location that serves customers",
            allowed=("supplier", "warehouse", "store"),
        ),
        amount("holding_rate", "Holding cost per year as a share of the unit cost", "1/year"),
        Column("region", "string", "Group of locations", nullable=True),
    ),
)
LANES = Table(
    "lanes",
    "ingest",
    "Who supplies whom. The lane with the lowest priority number into a location is the one that is planned; where it has a "
    "capacity or interruptions the others stand in, in order of priority; lanes with shares share the orders.",
    ("source", "destination"),
    (
        SOURCE,
        DESTINATION,
        amount("lead_time_days", "Promised time from order to receipt", "days"),
        amount("lead_time_sd_days", "Standard deviation of the lead time, used where there are too few deliveries", "days"),
        Column(
            "review_period_days",
            "int",
            "Orders are placed once in this many days",
            "days",
            check="review_period_days >= 1",
        ),
        Column("moq", "double", "Minimum order quantity per SKU", "units", check="moq >= 0"),
        Column("lot_size", "double", "Order quantities are multiples of this", "units", check="lot_size > 0"),
        Column("priority", "int", "1 is the preferred source of a location"),
        share("share", "Share of the destination's orders, among lanes with the same priority", nullable=True),
        Column(
            "capacity",
            "double",
            "Largest quantity per SKU and day, ordered for all days to the next review; null: no limit",
            "units/day",
            True,
            "capacity > 0",
        ),
        Column("days_up", "double", "Mean time between interruptions; null: never interrupted", "days", True, "days_up > 0"),
        Column(
            "days_down", "double", "Mean length of an interruption, in which nothing is shipped", "days", True, "days_down > 0"
        ),
        amount("order_cost", "Cost of an order for one SKU; null: none", "currency/order", nullable=True),
    ),
)
DELIVERIES = Table(
    "deliveries",
    "ingest",
    "History of deliveries per lane, from which lead times are learned. What was received in parts has a row for each.",
    ("delivery", "part"),
    (
        Column("delivery", "string", "Identification of the delivery, or number of the order"),
        SOURCE,
        DESTINATION,
        Column("sku", "string", "SKU delivered; null where the delivery is not by SKU", nullable=True),
        Column("order_date", "date", "Day of the order"),
        Column("promised_date", "date", "Day promised by the source", nullable=True),
        Column("received_date", "date", "Day of receipt", check="received_date >= order_date"),
        amount("quantity_ordered", "Quantity ordered", "units", nullable=True),
        amount("quantity_received", "Quantity received", "units", nullable=True),
        Column("part", "int", "Number of the receipt among those of the delivery, by day", nullable=True, check="part >= 1"),
    ),
)
STOCK = Table(
    "stock",
    "ingest",
    "Stock per SKU and location on the run date.",
    ("sku", "location"),
    (
        SKU,
        LOCATION,
        amount("on_hand", "Units in stock, of all bins and lots together", "units"),
        amount("on_order", "Units ordered but not received", "units"),
        amount("backorders", "Units owed to customers or to locations downstream; negative stock is owed too", "units"),
    ),
)
STOCK_HISTORY = Table(
    "stock_history",
    "ingest",
    "Stock at the end of past days, where the source keeps it: it shows on which days sales may be less than demand.",
    ("sku", "location", "date"),
    (
        SKU,
        LOCATION,
        Column("date", "date", "Day"),
        Column("on_hand", "double", "Units in stock at the end of the day; negative as it was booked", "units", nullable=True),
        Column("stocked_out", "boolean", "The location was empty: the source says so, or on_hand is not above 0"),
    ),
    summary="SELECT sku, location, count(*) - count(DISTINCT date) AS copies FROM {batch} GROUP BY sku, location",
)
TARGETS = Table(
    "targets",
    "ingest",
    "Fill-rate targets given by the planner; * stands for every SKU or location, and the most exact row wins.",
    ("sku", "location"),
    (SKU, LOCATION, share("fill_rate", "Share of demand served from stock on hand")),
)
QUARANTINE = Table(
    "quarantine",
    "ingest",
    "Source rows that were not accepted, each with its reason. Nothing is lost silently.",
    ("input", "file", "row", "copy"),
    (
        Column("input", "string", "Which input the row was meant for (sales, items, ...)"),
        Column("file", "string", "File that the row came from"),
        Column("row", "string", "The row as it was, as JSON"),
        Column("copy", "int", "Number of the row among identical rows of this file, from 1"),
        Column("rule", "string", "Rule that refused it"),
        Column("reason", "string", "What was wrong, in words"),
        Column("sku", "string", "SKU that the row names, if it names one", nullable=True),
        Column("location", "string", "Location that the row names, if it names one", nullable=True),
    ),
)
INPUTS = Table(
    "inputs",
    "ingest",
    "What was read: rows_read = rows_accepted + rows_quarantined for every input.",
    ("input",),
    (
        Column("input", "string", "Name of the input"),
        Column("path", "string", "Where it was read; (default) where the source is silent and defaults stand in"),
        *_COUNTED,
        Column(
            "fingerprint",
            "string",
            "Digest of the rows read, whatever their order and files; null without a source",
            nullable=True,
        ),
    ),
)
RECONCILIATION = Table(
    "reconciliation",
    "ingest",
    "The sales source month by month: what was read, accepted and refused. `sales` adds up to what was accepted.",
    ("month",),
    (
        Column("month", "string", "Month of the sale as 2011-03; (no date) where it could not be read"),
        *_COUNTED,
        Column("units_read", "double", "Sum of the quantities that could be read, returns negative", "units"),
        Column("units_accepted", "double", "Sum of the accepted quantities", "units"),
        Column("units_quarantined", "double", "Sum of the quantities in `quarantine`", "units"),
    ),
)
TABLES = (INPUTS, RECONCILIATION, SALES, ITEMS, LOCATIONS, LANES, DELIVERIES, STOCK, STOCK_HISTORY, TARGETS, QUARANTINE)

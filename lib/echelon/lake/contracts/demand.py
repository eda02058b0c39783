"""Tables of the stage `prepare`: demand, segments, lead times and suppliers."""

from echelon.lake.contracts.common import DESTINATION, LOCATION, SEGMENT, SKU, SOURCE, amount, share
from echelon.lake.contracts.contract import Column, Table

DEMAND = Table(
    "demand",
    "prepare",
    "Demand per SKU, location and period on a complete calendar: no period is"
    " missing between the first sale (of a new series: two horizons before the end) and the last complete period.",
    ("sku", "location", "date"),
    (
        SKU,
        LOCATION,
        Column("date", "date", "First day of the period"),
        amount(
            "demand",
            "Units asked for: `observed` without `spike`, and what an empty location is estimated to have lost",
            "units",
        ),
        amount("returned", "Units of this period taken off again by returns", "units"),
        amount("observed", "Units sold, returns netted against the latest earlier sales", "units"),
        share("censored", "Part of the period's days that ended with the location empty: demand is at least what was sold"),
        amount(
            "spike",
            "Units of `observed` that are not counted as demand, as the series sold far more than ever else, once or a few"
            " times; what is counted instead is its usual size (`exceptions`, kind demand_spike)",
            "units",
            nullable=True,
        ),
    ),
)
UNMATCHED_RETURNS = Table(
    "unmatched_returns",
    "prepare",
    "Returns for which no earlier sale is in the data. They are counted here and take nothing off demand.",
    ("sku", "location", "date"),
    (
        SKU,
        LOCATION,
        Column("date", "date", "Day of the return"),
        amount("quantity", "Units returned without an earlier sale", "units"),
    ),
)
SEGMENTS = Table(
    "segments",
    "prepare",
    "Class of every SKU-location and the statistics that decide it.",
    ("sku", "location"),
    (
        SKU,
        LOCATION,
        SEGMENT,
        Column(
            "abc",
            "string",
            "Value class: A the first 80 % of the demand value, B the next 15 %, C the rest",
            allowed=("A", "B", "C"),
        ),
        Column(
            "xyz",
            "string",
            "Variability class by coefficient of variation of demand per four weeks (or month)",
            allowed=("X", "Y", "Z"),
        ),
        Column("demand_class", "string", "Syntetos-Boylan class", allowed=("smooth", "erratic", "intermittent", "lumpy")),
        Column("periods", "int", "Periods of history from the first sale", "periods"),
        Column("nonzero_periods", "int", "Periods with demand", "periods"),
        Column("adi", "double", "Average inter-demand interval", "periods", check="adi >= 1"),
        amount("cv2", "Squared coefficient of variation of the nonzero demands", "1"),
        amount("cv", "Coefficient of variation per four weeks (or month)", "1"),
        amount("mean_demand", "Mean demand per period", "units/period"),
        amount("annual_value", "Mean demand x unit cost x periods in a year", "currency/year"),
        Column(
            "life_cycle",
            "string",
            "Stage: new (short history), mature, ending (sells far less than in the year before), dead (silent for so long that"
            " it would be next to impossible for a living series; forecast as zero)",
            nullable=True,
            allowed=("new", "mature", "ending", "dead"),
        ),
        Column("seasonal", "boolean", "A season was found: of the week (days) or of the year (weeks, months)", nullable=True),
        Column(
            "spikes",
            "int",
            "Periods with far more demand than ever else: counted as the usual size (`spike` of `demand`), or cut down to"
            " `spike_limit` for models",
            "periods",
            nullable=True,
            check="spikes >= 0",
        ),
        amount("spike_limit", "Demand to which models see larger ones cut down; null without any", "units", nullable=True),
        Column("level_shift", "date", "First day of the new level, where it moved for good by a factor of two", nullable=True),
        Column(
            "replay_segment",
            "string",
            "The segment by what was known when the weeks began that the replay holds back; null if there was no history yet",
            nullable=True,
        ),
    ),
)
_PERFORMANCE = (
    amount("promised_days", "Mean of the days from order to promised day", "days", nullable=True),
    share("on_time_share", "Deliveries received by the promised day", nullable=True),
    Column("mean_lateness_days", "double", "Mean of received - promised day; negative: early", "days", nullable=True),
    Column(
        "p95_lateness_days",
        "double",
        "95 % quantile of received - promised day: the least lateness that 95 % of the deliveries keep to",
        "days",
        nullable=True,
    ),
    share("quantity_fill", "Quantity received / quantity ordered, more than ordered counted as ordered", nullable=True),
)
_RELIABILITY = (
    "(hits + k x share of the wider group) / (deliveries + k), with k = `lead_times.min_deliveries`. A hit is a delivery"
    " received by the promised day and not below the ordered quantity; where one of the two is not known the other decides,"
    " where neither is, the delivery is left out. The wider group is"
)
LEAD_TIMES = Table(
    "lead_times",
    "prepare",
    "Lead-time distribution per lane, learned from its deliveries where there are enough, and how they kept to the promise.",
    ("source", "destination"),
    (
        SOURCE,
        DESTINATION,
        Column(
            "basis",
            "string",
            "What the distribution rests on: `deliveries` of the lane, where there are `lead_times.min_deliveries`; else,"
            " pooled, those of all lanes of the `supplier`, as slips from their lanes' promises; else the lane's `promise`",
            allowed=("deliveries", "supplier", "promise"),
        ),
        Column("deliveries", "int", "Deliveries of the lane", "deliveries", check="deliveries >= 0"),
        amount("mean_days", "Mean lead time", "days"),
        amount("sd_days", "Standard deviation of the lead time", "days"),
        amount("median_days", "Median lead time", "days"),
        amount("p95_days", "95 % quantile of the lead time", "days"),
        *_PERFORMANCE,
        share("reliability", f"{_RELIABILITY} the source, by its reliability", nullable=True),
        Column("days", "array<int>", "Support of the distribution, ascending", "days"),
        Column("probability", "array<double>", "Probability of each of `days`; adds up to 1", "share"),
    ),
)
SUPPLIERS = Table(
    "suppliers",
    "prepare",
    "Every source of a lane, outside suppliers and own stocking points: how its deliveries on all lanes kept to the promise.",
    ("source",),
    (
        SOURCE,
        Column("lanes", "int", "Lanes of the source", "lanes", check="lanes >= 1"),
        Column("deliveries", "int", "Deliveries on these lanes", "deliveries", check="deliveries >= 0"),
        Column("enough_data", "boolean", "There are at least `lead_times.min_deliveries` deliveries"),
        amount("mean_days", "Mean lead time of the deliveries", "days", nullable=True),
        amount("sd_days", "Standard deviation of the lead time; null below two deliveries", "days", nullable=True),
        *_PERFORMANCE,
        share("reliability", f"{_RELIABILITY} all deliveries", nullable=True),
    ),
)
TABLES = (DEMAND, UNMATCHED_RETURNS, SEGMENTS, LEAD_TIMES, SUPPLIERS)

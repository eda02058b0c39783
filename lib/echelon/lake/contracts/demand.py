"""Tables of the stage `prepare`: demand, segments and lead times."""

from echelon.lake.contract import Column, Table
from echelon.lake.contracts.common import DESTINATION, LOCATION, SEGMENT, SKU, SOURCE, amount, share

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
        amount("demand", "Units asked for: `observed`, and what an empty location is estimated to have lost", "units"),
        amount("returned", "Units of this period taken off again by returns", "units"),
        amount("observed", "Units sold, returns netted against the latest earlier sales", "units"),
        share("censored", "Part of the period's days that ended with the location empty: demand is at least `observed`"),
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
    ),
)
LEAD_TIMES = Table(
    "lead_times",
    "prepare",
    "Lead-time distribution per lane, learned from deliveries where there are enough.",
    ("source", "destination"),
    (
        SOURCE,
        DESTINATION,
        Column(
            "basis",
            "string",
            "Learned from deliveries of the lane, or assumed from the lane's promise",
            allowed=("deliveries", "promise"),
        ),
        Column("deliveries", "int", "Deliveries used", "deliveries", check="deliveries >= 0"),
        amount("mean_days", "Mean lead time", "days"),
        amount("sd_days", "Standard deviation of the lead time", "days"),
        amount("median_days", "Median lead time", "days"),
        amount("p95_days", "95 % quantile of the lead time", "days"),
        share("on_time_share", "Deliveries received by the promised day", nullable=True),
        share("quantity_fill", "Quantity received / quantity ordered", nullable=True),
        Column("days", "array<int>", "Support of the distribution, ascending", "days"),
        Column("probability", "array<double>", "Probability of each of `days`; adds up to 1", "share"),
    ),
)
TABLES = (DEMAND, UNMATCHED_RETURNS, SEGMENTS, LEAD_TIMES)

"""Tables of the stages `stock`, `replenish` and `replay`."""

from echelon.core.inventory.bootstrap import FEWEST
from echelon.core.inventory.explanation.cause_names import CAUSES, NOT_EXPLAINED
from echelon.lake.contracts.common import DESTINATION, LOCATION, SKU, SOURCE, amount, share
from echelon.lake.contracts.contract import Column, Table


def interval(name: str, meaning: str, unit: str) -> tuple[Column, Column]:
    """Both ends of a 95 % interval over SKUs."""
    ends = (("low", "Lower"), ("high", "Upper"))
    text = "end of the 95 % interval (bootstrap of whole SKUs: covers SKUs, their demand and lead times) of"
    return tuple(Column(f"{name}_{end}", "double", f"{word} {text} {meaning}", unit, True) for end, word in ends)  # type: ignore[return-value]


STOCK_LEVELS = Table(
    "stock_levels",
    "stock",
    "Policy per SKU and stocking point, from simulation of the SKU's whole network.",
    ("sku", "location"),
    (
        SKU,
        LOCATION,
        SOURCE,
        Column(
            "echelon",
            "int",
            "1 is supplied from outside alone, else one more than the highest echelon that supplies it",
            check="echelon >= 1",
        ),
        Column(
            "method",
            "string",
            "Simulation of the network, or analytic levels where it failed",
            allowed=("simulation", "analytic"),
        ),
        Column("status", "string", "ok, or why the fallback stands in"),
        amount("base_stock_level", "Order-up-to level for the inventory position", "units"),
        amount("reorder_point", "Order is due when the inventory position falls to this at a review", "units"),
        Column(
            "safety_stock",
            "double",
            "Of this point alone (installation stock): base-stock level - mean demand over lead time and review period; with "
            "an order cost reorder point - that demand. What is on hand on average when an order comes in. Not cut at 0: below "
            "it, the point mostly owes something then, which the points downstream make up for",
            "units",
        ),
        amount(
            "echelon_base_stock_level",
            "Base-stock level of the echelon: of this point and all points downstream of it together (of a point with several "
            "sources, its share)",
            "units",
            nullable=True,
        ),
        Column(
            "echelon_safety_stock",
            "double",
            "Safety stock of the echelon: its base-stock level - mean demand of all customers downstream over all lead times "
            "and review periods on the way to them (with an order cost, less order quantities): the sum of safety_stock over "
            "this point and those downstream. Not cut at 0",
            "units",
            nullable=True,
        ),
        amount("lead_time_demand", "Mean demand over lead time and review period", "units"),
        amount("lead_time_demand_sd", "Standard deviation of demand over lead time and review period", "units"),
        share("target_fill_rate", "Fill rate asked for; null where no customers are served", nullable=True),
        share(
            "fill_rate",
            "Expected share of demand (customers and locations downstream) served from stock",
            nullable=True,
        ),
        amount("fill_rate_se", "Standard error of fill_rate", "share", nullable=True),
        share(
            "customer_fill_rate", "Expected share of customers' demand served from stock: what the target asks", nullable=True
        ),
        amount("customer_fill_rate_se", "Standard error of customer_fill_rate", "share", nullable=True),
        share("cycle_service_level", "Share of review periods without a stock-out", nullable=True),
        share(
            "ready_rate",
            "Share of the periods with customers' demand in which all of it is served from stock; null without customers",
            nullable=True,
        ),
        amount("on_hand", "Mean stock on hand", "units"),
        amount("backorders", "Mean units owed", "units"),
        amount("holding_cost", "Expected holding cost", "currency/year"),
    ),
)
CAUSE = Column(
    "cause",
    "string",
    "demand_variability: demand differs from day to day; forecast_error: its level over a horizon is not known; "
    "forecast_bias: forecasts are wrong on average; lead_time_mean: the certain part of the lead time; "
    "lead_time_variability: lead times differ within the promise; supplier_unreliability: deliveries later than promised; "
    "upstream_shortage: the source may be short; review_period: orders can only be placed at reviews; lots: lot size and "
    "MOQ; target: the last half of the demand's share that may go unserved (95 % served instead of 90 %); remainder: what is "
    "left without all of them",
    allowed=CAUSES,
)
STOCK_EXPLANATIONS = Table(
    "stock_explanations",
    "stock",
    "What each cause makes a stocking point hold: the plan with the cause less the plan without it, by simulation on the same "
    "random numbers, the causes switched off one after the other in one order and in the reverse one (the mean counts). The "
    "parts of a SKU-location add up. SKUs of the greatest annual value, as many as `stock.explain` says. Deliveries below "
    "the ordered quantity are not simulated and cause no stock. SKUs with lanes that have shares, limits or order costs, or "
    "with a shelf life, are not explained.",
    ("sku", "location", "cause"),
    (
        SKU,
        LOCATION,
        CAUSE,
        Column(
            "safety_stock",
            "double",
            "Part of the safety_stock of `stock_levels`; negative where the cause saves stock",
            "units",
        ),
        Column(
            "lead_time_demand",
            "double",
            "Part of lead_time_demand of `stock_levels`: pipeline and cycle stock",
            "units",
        ),
        Column("value", "double", "safety_stock at unit cost", "currency"),
    ),
)
STOCK_CHANGES = Table(
    "stock_changes",
    "stock",
    "What moved the safety stock since the last release, by cause. Only what moved; empty before there is a release. The rows "
    "of a SKU-location add up to the change of its safety_stock.",
    ("sku", "location", "cause"),
    (
        SKU,
        LOCATION,
        Column(
            "change",
            "string",
            "Whether both releases plan the SKU-location, or only this one (new) or the last one (dropped)",
            allowed=("kept", "new", "dropped"),
        ),
        Column(
            "cause",
            "string",
            "As in `stock_explanations`; not_explained: one of the releases does not explain the SKU-location, so only the "
            "whole can be compared",
            allowed=(*CAUSES, NOT_EXPLAINED),
        ),
        Column("before", "double", "Part of the safety stock in the last release", "units"),
        Column("now", "double", "Part of the safety stock in this one", "units"),
        Column("moved", "double", "now - before", "units"),
        Column("value", "double", "What moved, each release at its own unit cost", "currency"),
    ),
)
ORDERS = Table(
    "orders",
    "replenish",
    "What to order today.",
    ("sku", "source", "destination"),
    (
        Column(
            "kind",
            "string",
            "Purchase from an outside supplier or transfer between own locations",
            allowed=("purchase", "transfer"),
        ),
        SKU,
        SOURCE,
        DESTINATION,
        Column(
            "quantity",
            "double",
            "Quantity to order, a multiple of the lot size and at least the MOQ",
            "units",
            check="quantity > 0",
        ),
        amount("needed", "Base-stock level - inventory position, before MOQ, lots and shortage at the source", "units"),
        amount("available", "Stock that the source can ship today; null for outside suppliers", "units", nullable=True),
        Column("order_date", "date", "Day to place the order"),
        Column("expected_date", "date", "Expected receipt: order date + mean lead time"),
        amount("value", "Quantity x unit cost", "currency"),
        Column("reason", "string", "Why this quantity, in words"),
    ),
)
# Each kind of exception: its name on the page, and what it means.
EXCEPTION_KINDS = {
    # of levels and stock
    "stock_out": ("Stock-out", "nothing on hand and demand expected"),
    "shortage": ("Shortage", "the source cannot ship what is needed"),
    "overstock": ("Overstock", "far above the base-stock level"),
    "target_missed": ("Target missed", "expected fill rate below target"),
    "moq_excess": ("MOQ excess", "minimum order or lot far above the need"),
    "fallback": ("Fallback", "a model or simulation failed"),
    "no_stock_record": ("No stock record", "stock unknown, taken as 0"),
    # of the data
    "demand_spike": ("Demand spike", "sold once or a few times, unlike anything else, and not planned for"),
    "delivery_outlier": ("Delivery outlier", "dates that can't be right, left out of lead times"),
    "record_refused": ("Record refused", "a row of master data in quarantine"),
    "stock_not_planned": ("Stock not planned", "stock of something that is not planned"),
    "stock_mismatch": ("Stock mismatch", "what came and went does not explain the stock"),
    "phantom_stock": ("Phantom stock", "on the book, but nothing sells for unlikely long"),
}
EXCEPTIONS = Table(
    "exceptions",
    "replenish",
    "What a planner should look at, worst first by `value`.",
    ("kind", "sku", "location"),
    (
        Column(
            "kind",
            "string",
            "; ".join(f"{kind}: {meaning}" for kind, (_, meaning) in EXCEPTION_KINDS.items()),
            allowed=tuple(EXCEPTION_KINDS),
        ),
        Column("severity", "string", "How urgent", allowed=("high", "medium", "low")),
        SKU,
        LOCATION,
        amount("quantity", "Units concerned", "units"),
        amount("value", "Units concerned x unit cost", "currency"),
        Column("detail", "string", "In words, with the figures"),
    ),
)
KPIS = Table(
    "kpis",
    "replay",
    "The held-back weeks simulated under each policy: same demand, same lead times, same rules.",
    ("policy", "scope", "member"),
    (
        Column(
            "policy",
            "string",
            "echelon: this plan; classical: moving average and z-sigma-root-L per location",
            allowed=("echelon", "classical"),
        ),
        Column("scope", "string", "What the row adds up", allowed=("total", "location", "abc")),
        Column("member", "string", "Location, or ABC class (the best one of the SKU); all for the total"),
        Column("series", "int", "SKU-locations", "series"),
        amount("demand", "Units that customers asked for", "units"),
        amount("served", "Units served from stock on hand at once (mean over replications)", "units"),
        share("fill_rate", "served / demand", nullable=True),
        amount("fill_rate_se", "Standard error of fill_rate over replications: of lead times alone", "share", nullable=True),
        share("target_fill_rate", "Demand-weighted target", nullable=True),
        share(
            "stock_out_share",
            "Share of the SKU-location-periods with demand in which some of it was not served; null without demand",
            nullable=True,
        ),
        amount("stock_units", "Mean stock on hand", "units"),
        amount("stock_value", "Mean stock on hand at unit cost", "currency"),
        amount("holding_cost", "Holding cost of the held-back weeks", "currency"),
        amount("lost_value", "Demand not served at once, at unit price", "currency"),
        Column(
            "skus",
            "int",
            f"SKUs with demand in these weeks, which the intervals resample; fewer than {FEWEST} tell too little, and the "
            "intervals are null",
            "SKUs",
            nullable=True,
            check="skus >= 0",
        ),
        *interval("fill_rate", "fill_rate", "share"),
        *interval("fill_rate_gain", "fill_rate less that of the classical plan", "share"),
        *interval("stock_change", "mean stock / that of the classical plan - 1, by value (in units without costs)", "share"),
        share(
            "tested_share",
            "Share of demand whose slowest lane on the way from outside (mean lead time + review period) is within the "
            "held-back weeks; below one half, the replay proves nothing",
            nullable=True,
        ),
    ),
)
TABLES = (STOCK_LEVELS, STOCK_EXPLANATIONS, STOCK_CHANGES, ORDERS, EXCEPTIONS, KPIS)

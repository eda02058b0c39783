"""Tables of the stages `backtest` and `forecast`."""

from echelon.lake.contract import Column, Table
from echelon.lake.contracts.common import LOCATION, MODEL, SEGMENT, SKU, amount, share

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def quantile_name(level: float) -> str:
    """Column name of a quantile: 0.05 -> q05."""
    return f"q{round(level * 100):02d}"


BACKTEST_SCORES = Table(
    "backtest_scores",
    "backtest",
    "What each candidate forecast at each cutoff of the walk-forward backtest, what happened, and the scores.",
    ("sku", "location", "model", "cutoff"),
    (
        SKU,
        LOCATION,
        MODEL,
        Column("cutoff", "date", "First day that the model did not see"),
        Column("status", "string", "ok, or why a fallback (the seasonal naive) stands in for the model"),
        amount("rmsse", "Root mean squared error over that of the naive method on the training part", "1", nullable=True),
        Column("bias", "double", "Sum of forecast - actual, over the horizon", "units"),
        amount(
            "pinball",
            "Mean pinball loss over the published quantiles, scaled by mean training demand",
            "1",
            nullable=True,
        ),
        Column("forecast", "array<double>", "Mean forecast per period of the horizon", "units"),
        Column("actual", "array<double>", "Demand that happened", "units"),
        amount("dispersion", "Negative binomial dispersion used: variance = mean + dispersion x mean squared", "1"),
    ),
)
CHAMPIONS = Table(
    "champions",
    "backtest",
    "The model chosen for each segment, and why. `purpose` plan uses all windows; replay only those that end before "
    "the held-back weeks.",
    ("purpose", "segment"),
    (
        Column("purpose", "string", "What the choice is for", allowed=("plan", "replay")),
        SEGMENT,
        MODEL,
        Column("series", "int", "Series in the segment", "series"),
        Column("windows", "int", "Backtest windows compared", "windows"),
        amount("pinball", "Mean pinball loss of the champion", "1"),
        amount("rmsse", "Mean RMSSE of the champion", "1"),
        Column("bias", "double", "Total bias of the champion / total demand", "share"),
        amount("naive_pinball", "Mean pinball loss of the seasonal naive", "1"),
        amount("naive_rmsse", "Mean RMSSE of the seasonal naive", "1"),
        Column("runner_up", "string", "Second best model", nullable=True),
        Column("reason", "string", "Why this model was chosen, in words"),
    ),
)
FORECASTS = Table(
    "forecasts",
    "forecast",
    "Forecast per SKU, location and period: mean and quantiles of demand.",
    ("sku", "location", "date"),
    (
        SKU,
        LOCATION,
        Column("date", "date", "First day of the period"),
        MODEL,
        amount("mean", "Mean forecast", "units"),
        *(amount(quantile_name(q), f"{q:.0%} quantile of demand in this period", "units") for q in QUANTILES),
    ),
)
DEMAND_DISTRIBUTIONS = Table(
    "demand_distributions",
    "forecast",
    "Predictive distribution in the compact form that simulation draws from: demand in period t is negative "
    "binomial (gamma where demand"
    "is not in whole units) with mean mean[t] x F, where the level factor F is gamma with mean 1 and stays the same "
    "over one horizon.",
    ("sku", "location"),
    (
        SKU,
        LOCATION,
        MODEL,
        Column("status", "string", "ok, or why a fallback stands in for the champion"),
        Column("start_date", "date", "First day of the first period"),
        Column("counts", "boolean", "Demand is in whole units"),
        Column("mean", "array<double>", "Mean per period of the horizon", "units"),
        amount("dispersion", "variance given F = mean + dispersion x mean squared (gamma: dispersion x mean squared)", "1"),
        amount("level_cv", "Coefficient of variation of the level factor F", "1"),
    ),
)
_BEFORE = "of the sums of the champions' forecasts"
_AFTER = "after their correction, with weights from earlier windows alone"
LEVEL_SCORES = Table(
    "level_scores",
    "forecast",
    "How far forecasts stray at each level of the hierarchy, from the total to SKU and location, before and after sums are "
    "corrected from above. From the champions' forecasts in the backtest windows that have enough windows before them.",
    ("level",),
    (
        Column("level", "string", "What demand is added up by"),
        Column("groups", "int", "Sums at this level", "sums", check="groups >= 0"),
        Column("windows", "int", "Backtest windows measured", "windows", check="windows >= 0"),
        share("anchor_weight", "Weight of the forecast of the sum itself in the plan's forecasts; null: none", True),
        amount("wape_before", f"Sum of absolute errors / demand, {_BEFORE}", "share", nullable=True),
        amount("wape_after", f"The same {_AFTER}", "share", nullable=True),
        Column("bias_before", "double", f"Sum of forecast - actual / demand, {_BEFORE}", "share", nullable=True),
        Column("bias_after", "double", f"The same {_AFTER}", "share", nullable=True),
        amount("rmsse_before", f"Mean RMSSE {_BEFORE}; null for SKUs", "1", nullable=True),
        amount("rmsse_after", f"The same {_AFTER}", "1", nullable=True),
    ),
)
TABLES = (BACKTEST_SCORES, CHAMPIONS, FORECASTS, DEMAND_DISTRIBUTIONS, LEVEL_SCORES)

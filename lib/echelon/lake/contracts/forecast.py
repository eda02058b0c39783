"""Tables of the stages `backtest` and `forecast`."""

from echelon.lake.contract import Column, Table
from echelon.lake.contracts.common import LOCATION, MODEL, SEGMENT, SKU, amount, share

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


def quantile_name(level: float) -> str:
    """Column name of a quantile: 0.05 -> q05."""
    return f"q{round(level * 100):02d}"


SHAPE = (
    amount("dispersion", "variance = mean + dispersion x mean squared (gamma: dispersion x mean squared)", "1"),
    share("active_share", "Share of periods with demand of the usual kind; what large periods leave is idle: without any"),
    share("large_share", "Share of periods with a large order"),
    amount("large_factor", "Mean of a large period / mean of all periods", "1"),
    amount("large_dispersion", "Dispersion of large periods", "1"),
)
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
        *SHAPE,
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
    "Predictive distribution in the compact form that simulation draws from. Given the level factor F, demand in period t has "
    "mean mean[t] x F and is nothing in idle periods, negative binomial (gamma where demand is not in whole units) in active "
    "and in large ones; F is gamma with mean 1 and stays the same over one horizon. dispersion and shares are given F.",
    ("sku", "location"),
    (
        SKU,
        LOCATION,
        MODEL,
        Column("status", "string", "ok, or why a fallback stands in for the champion"),
        Column("start_date", "date", "First day of the first period"),
        Column("counts", "boolean", "Demand is in whole units"),
        Column("mean", "array<double>", "Mean per period of the horizon", "units"),
        *SHAPE,
        amount("level_cv", "Coefficient of variation of the level factor F", "1"),
        share("level_correlation", "Correlation of the normal scores of F with those of the SKU's other locations"),
    ),
)
COVERAGE = Table(
    "coverage",
    "forecast",
    "How honest the distributions are: the newest backtest window against quantiles whose spread was learned from the "
    "windows before it, for single periods and for sums of several. Levels 0.1 to 0.9 are the PIT histogram.",
    ("segment", "periods", "level"),
    (
        SEGMENT,
        Column("periods", "int", "Periods added up", "periods", check="periods > 0"),
        share("level", "Probability that the quantile promises"),
        share("coverage", "Share of the sums at or below the quantile; one that holds probability itself counts by its share"),
        amount("cases", "Sums looked at", "sums"),
    ),
)
TABLES = (BACKTEST_SCORES, CHAMPIONS, FORECASTS, DEMAND_DISTRIBUTIONS, COVERAGE)

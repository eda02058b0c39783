"""Tables of the stages `backtest` and `forecast`."""

from echelon.config.models import Forecast
from echelon.core.forecast.evaluation.scores import PINBALL_PROBABILITIES
from echelon.lake.contracts.common import LOCATION, MODEL, SEGMENT, SKU, amount, share
from echelon.lake.contracts.contract import Column, Table
from echelon.lake.contracts.quantiles import quantile_columns

_SCORED = ", ".join(map(str, PINBALL_PROBABILITIES))
_QUANTILES = quantile_columns(Forecast().published_quantiles)
_NO_SCALE = "; null where no series has a scale"
_NO_DEMAND = "; null without demand"
PURPOSE = Column("purpose", "string", "What the choice is for", allowed=("plan", "replay"))
_COVERAGE = tuple(
    share(f"coverage_{percent}", f"Share of periods whose demand is at or below its {percent} % quantile", nullable=True)
    for percent in (50, 80, 90, 95)
)
# Null in rows of releases before there were shapes.
SHAPE = (
    amount("dispersion", "variance = mean + dispersion x mean squared (gamma: dispersion x mean squared)", "1"),
    share(
        "active_share", "Share of periods with demand of the usual kind; what large periods leave is idle: without any", True
    ),
    share("large_share", "Share of periods with a large order", True),
    amount("large_factor", "Mean of a large period / mean of all periods", "1", True),
    amount("large_dispersion", "Dispersion of large periods", "1", True),
)
UNDERDISPERSED = Column(
    "underdispersed", "boolean", "Demand is in whole units, but varies clearly less than a Poisson variable", nullable=True
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
            f"Mean pinball loss over the quantiles {_SCORED}, scaled by mean training demand",
            "1",
            nullable=True,
        ),
        Column("forecast", "array<double>", "Mean forecast per period of the horizon", "units"),
        Column("actual", "array<double>", "Demand that happened", "units"),
        *SHAPE,
        amount(
            "history_ratio",
            "Mean of the series' recent periods / mean of the forecast: the larger, the wider the forecast's level is",
            "1",
            nullable=True,
        ),
        UNDERDISPERSED,
        amount("absolute_error", "Sum of |forecast - actual|; over the sum of demand it is the WAPE", "units", nullable=True),
        amount(
            "crps",
            "Mean continuous ranked probability score of the distribution of a period, scaled by mean training demand",
            "1",
            nullable=True,
        ),
        *_COVERAGE,
        Column(
            "periods_in_stock",
            "double",
            "Sum over periods of the cumulated forecast - actual: what stock supplied by the forecast would have gathered",
            "units x periods",
            nullable=True,
        ),
        amount(
            "inventory_cost",
            "Cost of what is left over and what is short when an order at the cutoff is up to the quantile, at the fill-rate "
            "target, of the forecast's demand over lead time and review period (at most the horizon)",
            "currency",
            nullable=True,
        ),
    ),
)
CHAMPIONS = Table(
    "champions",
    "backtest",
    "The model chosen for each segment, and why. `purpose` plan uses all windows; replay only those that end before "
    "the held-back weeks.",
    ("purpose", "segment"),
    (
        PURPOSE,
        SEGMENT,
        MODEL,
        Column("series", "int", "Series in the segment", "series"),
        Column("windows", "int", "Backtest windows compared", "windows"),
        amount("pinball", f"Mean pinball loss of the champion{_NO_SCALE}", "1", nullable=True),
        amount("rmsse", f"Mean RMSSE of the champion{_NO_SCALE}", "1", nullable=True),
        Column("bias", "double", f"Total bias of the champion / total demand{_NO_DEMAND}", "share", nullable=True),
        amount("naive_pinball", f"Mean pinball loss of the seasonal naive{_NO_SCALE}", "1", nullable=True),
        amount("naive_rmsse", f"Mean RMSSE of the seasonal naive{_NO_SCALE}", "1", nullable=True),
        Column("runner_up", "string", "Second best model", nullable=True),
        Column("reason", "string", "Why this model was chosen, in words"),
        amount("inventory_cost", "Inventory cost of the champion's errors, all windows", "currency", nullable=True),
        amount("naive_inventory_cost", "Inventory cost of the seasonal naive's errors, all windows", "currency", nullable=True),
        Column("previous", "string", "Champion before, which defended; null: none was known", nullable=True),
    ),
)
CANDIDATE_SCORES = Table(
    "candidate_scores",
    "backtest",
    "How every candidate did in every segment: what the choice of champions saw, and the other scores. `purpose` as in "
    "`champions`. A forecast for which a fallback stands in counts like any other.",
    ("purpose", "segment", "model"),
    (
        PURPOSE,
        SEGMENT,
        MODEL,
        Column("champion", "boolean", "This model was chosen"),
        Column("series", "int", "Series in the segment", "series"),
        Column("windows", "int", "Backtest windows", "windows"),
        Column("forecasts", "int", "Forecasts scored: series x windows, less series that were too young", "forecasts"),
        Column("failed", "int", "Forecasts for which a fallback stands in", "forecasts", check="failed >= 0"),
        amount("demand", "Demand that happened, added up over the forecasts", "units"),
        amount("rmsse", f"Mean RMSSE{_NO_SCALE}", "1", nullable=True),
        amount("wape", f"Sum of |forecast - actual| / sum of demand{_NO_DEMAND}", "share", nullable=True),
        Column("bias", "double", f"Sum of forecast - actual / sum of demand{_NO_DEMAND}", "share", nullable=True),
        amount("pinball", f"Mean pinball loss{_NO_SCALE}", "1", nullable=True),
        amount("crps", f"Mean continuous ranked probability score{_NO_SCALE}", "1", nullable=True),
        *_COVERAGE,
        amount(
            "periods_in_stock", f"Sum of |periods in stock| of the series / sum of demand{_NO_DEMAND}", "periods", nullable=True
        ),
        amount("inventory_cost", "Inventory cost of the errors, all windows", "currency"),
    ),
)
CANDIDATE_LEVELS = Table(
    "candidate_levels",
    "backtest",
    "How every candidate does at upper levels: its forecasts of SKU-locations are added up before they are scored, over all "
    "backtest windows.",
    ("level", "model"),
    (
        Column("level", "string", "What is added up to", allowed=("sku", "location", "category", "total")),
        MODEL,
        Column("members", "int", "Sums at this level", "sums", check="members >= 1"),
        amount("demand", "Demand that happened, all windows", "units"),
        amount("wape", f"Sum of |forecast - actual| of the sums per period / demand{_NO_DEMAND}", "share", nullable=True),
        Column("bias", "double", f"Sum of forecast - actual / demand{_NO_DEMAND}", "share", nullable=True),
    ),
)
CHAMPION_HISTORY = Table(
    "champion_history",
    "backtest",
    "Every choice of champions of every released run, the newest last: rows are added, never changed. A run's incumbents "
    "are the plan's champions of the newest run up to its run date (replay: up to the start of its held-back weeks).",
    ("number", "purpose", "segment"),
    (
        Column("number", "int", "Number of the run's choice, from 1", check="number >= 1"),
        Column("run_id", "string", "Run that chose"),
        Column("run_date", "date", "Day planned for by that run"),
        PURPOSE,
        SEGMENT,
        MODEL,
        Column("previous", "string", "Champion before; null: none was known", nullable=True),
        Column("since", "date", "Day since which this model has been champion without a break"),
        Column("change", "string", "What became of the champion before", allowed=("new", "kept", "changed")),
        amount("pinball", f"Mean pinball loss of the champion{_NO_SCALE}", "1", nullable=True),
        amount("inventory_cost", "Inventory cost of the champion's errors, all windows", "currency"),
        Column("reason", "string", "Why this model was chosen, in words"),
    ),
)
FORECASTS = Table(
    "forecasts",
    "forecast",
    "Forecast per SKU, location and period: mean and quantiles of demand, as far ahead as the longest way through the network "
    "lasts after one horizon of planning, in whole horizons. A column for each probability of `forecast.quantiles`; these are "
    "the default's. Where the setting changes, so do the columns, and earlier versions of the table keep theirs.",
    ("sku", "location", "date"),
    (
        SKU,
        LOCATION,
        Column("date", "date", "First day of the period"),
        MODEL,
        amount("mean", "Mean forecast", "units"),
        *_QUANTILES,
    ),
    quantiles=tuple(column.name for column in _QUANTILES),
)
DEMAND_DISTRIBUTIONS = Table(
    "demand_distributions",
    "forecast",
    "Predictive distribution in the compact form that simulation draws from. Given the level factor F, demand in period t has "
    "mean mean[t] x F and is nothing in idle periods, negative binomial in active and in large ones (gamma where demand is not "
    "in whole units, or underdispersed); F is gamma with mean 1 and stays the same over one horizon. dispersion and shares are "
    "given F.",
    ("sku", "location"),
    (
        SKU,
        LOCATION,
        MODEL,
        Column("status", "string", "ok, or why a fallback stands in for the champion"),
        Column("start_date", "date", "First day of the first period"),
        Column("counts", "boolean", "Demand is in whole units"),
        UNDERDISPERSED,
        Column("mean", "array<double>", "Mean per period, of whole horizons from start_date on", "units"),
        *SHAPE,
        amount("level_cv", "Coefficient of variation of the level factor F", "1"),
        share(
            "level_correlation", "Correlation of the normal scores of F with those of the SKU's other locations", nullable=True
        ),
        share(
            "level_persistence",
            "Correlation of the normal scores of F from one horizon to the next, where a lead time is longer than the horizon",
            nullable=True,
        ),
        amount(
            "level_growth",
            "What each further horizon that a lead time and review period reach adds to the variance of F",
            "1",
            nullable=True,
        ),
        Column(
            "horizon",
            "int",
            "Periods of a horizon, over which F stays the same; null: all that are forecast",
            "periods",
            nullable=True,
            check="horizon >= 1",
        ),
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
AHEAD_SCORES = Table(
    "ahead_scores",
    "forecast",
    "Errors by how far ahead is forecast: in the first horizon (28 days, 8 weeks or 3 months, if nothing else is set) after "
    "the cutoff of a backtest window, in the second, the third and the fourth. From the windows that are followed by as many; "
    "the sums of the champions' forecasts are corrected with weights from earlier windows alone.",
    ("ahead", "model"),
    (
        Column("ahead", "int", "Which horizon after the cutoff; 1 is the first", "horizons", check="ahead >= 1"),
        Column("model", "string", "champion, or a simple model", allowed=("champion", "moving_average")),
        Column("windows", "int", "Backtest windows with whose cutoff it starts", "windows", check="windows >= 1"),
        Column("forecasts", "int", "Forecasts of a series and window", "forecasts", check="forecasts >= 1"),
        amount("demand", "Demand that happened", "units"),
        amount("wape", f"Sum of |forecast - actual| / demand{_NO_DEMAND}", "share", nullable=True),
        Column("bias", "double", f"Sum of forecast - actual / demand{_NO_DEMAND}", "share", nullable=True),
    ),
)
FORECAST_BIAS = Table(
    "forecast_bias",
    "forecast",
    "Bias in all, by location and by category: of the champions' forecasts in the backtest windows, their sums corrected with "
    "weights from earlier windows alone. Nothing is corrected by it: the bias of past windows does not tell that of the next.",
    ("level", "member"),
    (
        Column("level", "string", "What is added up to", allowed=("total", "location", "category")),
        Column("member", "string", "Which location or category; `all` in all"),
        Column("windows", "int", "Backtest windows", "windows", check="windows >= 1"),
        amount("demand", "Demand that happened, all windows", "units"),
        Column("bias", "double", f"Sum of forecast - actual / demand, all windows{_NO_DEMAND}", "share", nullable=True),
        Column("newest_bias", "double", f"The same in the newest window{_NO_DEMAND}", "share", nullable=True),
        amount("standard_error", "Of the bias, from how it differs between windows; null with one window", "share", True),
        Column("repeats", "boolean", "At least four windows, all to the same side, and more than two standard errors"),
    ),
)
SITUATION_SCORES = Table(
    "situation_scores",
    "forecast",
    "Errors where forecasting is hard, apart, over all backtest windows: the champions beside the moving average and the "
    "seasonal naive; with_drivers and without_drivers, in the newest window alone: the pooled model (LightGBM), and the same "
    "learned without signals and events, where the run has any. A period may be in several situations. event: one lies in it; "
    "promotion: a signal that is 0 where there is no row (`missing: 0`) is not 0; launch: the series was young at the cutoff "
    "(`segments.new_weeks`); run_down: it is ending or dead today; level_shift: its level moved for good in the 13 weeks "
    "before the cutoff; ordinary: none of these.",
    ("situation", "model"),
    (
        Column(
            "situation",
            "string",
            "What makes it hard",
            allowed=("all", "ordinary", "event", "promotion", "launch", "run_down", "level_shift"),
        ),
        Column(
            "model",
            "string",
            "champion, a simple model, or the pooled model with and without drivers",
            allowed=("champion", "moving_average", "seasonal_naive", "with_drivers", "without_drivers"),
        ),
        Column("forecasts", "int", "Forecasts of a series and window with such periods", "forecasts", check="forecasts >= 1"),
        Column("periods", "bigint", "Such periods", "periods", check="periods >= 1"),
        amount("demand", "Demand that happened in them", "units"),
        amount("wape", f"Sum of |forecast - actual| / demand{_NO_DEMAND}", "share", nullable=True),
        Column("bias", "double", f"Sum of forecast - actual / demand{_NO_DEMAND}", "share", nullable=True),
    ),
)
PROMOTION_UPLIFT = Table(
    "promotion_uplift",
    "forecast",
    "What promotions and cut prices were worth in the newest backtest window, by category: demand over what the pooled model "
    "(LightGBM) forecasts when it has learned without signals and events, in periods with the promotion, divided by the same "
    "in the periods of these series without any. What else happened on the same days counts too. None where the run has no "
    "such signals. A promotion: a signal with `missing: 0` that is not 0; a cut: a price at least 5 % below its mean of the 91 "
    "days (26 weeks, 12 months) before the window.",
    ("promotion", "level", "category"),
    (
        Column("promotion", "string", "Name of the signal; `price cut`; those that came together, as `flyer + price cut`"),
        Column("level", "string", "What demand is added up to", allowed=("total", "category")),
        Column("category", "string", "Category, empty where it is not known; `all` in all"),
        Column("skus", "int", "SKUs that had it", "SKUs", check="skus >= 1"),
        Column("series", "int", "SKU-locations that had it", "series", check="series >= 1"),
        Column("periods", "bigint", "Periods of these under it", "periods", check="periods >= 1"),
        amount("demand", "Demand that happened in them", "units"),
        amount("uplift", "1.3: 30 % more demand than without it; null where there are no other periods", "1", nullable=True),
        amount(
            "uplift_low",
            "Lower end of its 95 % interval, from how SKUs differ (delta method); null where there are fewer than 10",
            "1",
            nullable=True,
        ),
        amount("uplift_high", "Upper end; as above", "1", nullable=True),
        amount(
            "forecast_uplift", "The same of what the model that knows of it forecast, instead of demand", "1", nullable=True
        ),
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
        share(
            "coverage",
            "Fair coverage: share of sums at or below the quantile; one that holds probability itself counts by its share",
        ),
        amount("cases", "Sums looked at", "sums"),
    ),
)
TABLES = (
    BACKTEST_SCORES,
    CANDIDATE_SCORES,
    CANDIDATE_LEVELS,
    CHAMPIONS,
    CHAMPION_HISTORY,
    FORECASTS,
    DEMAND_DISTRIBUTIONS,
    LEVEL_SCORES,
    AHEAD_SCORES,
    FORECAST_BIAS,
    SITUATION_SCORES,
    PROMOTION_UPLIFT,
    COVERAGE,
)

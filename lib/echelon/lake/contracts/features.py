"""Tables of what forecasts know beside demand."""

from echelon.lake.contracts.common import LOCATION, MODEL, SKU, amount
from echelon.lake.contracts.contract import Column, Table

SIGNALS = Table(
    "signals",
    "ingest",
    "Signals beside demand and events, as they were given. The most exact rows of a name count: those for a SKU and location, "
    "then for the SKU, then for the location, then for all (events for all count everywhere). When each signal is known says "
    "the configuration, under `signals`; events are known ahead.",
    ("kind", "name", "sku", "location", "date"),
    (
        Column("kind", "string", "A signal with a value, or a day of an event", allowed=("signal", "event")),
        Column("name", "string", "Name of the signal or event", check="length(name) > 0"),
        SKU,
        LOCATION,
        Column("date", "date", "Day for which the value holds"),
        Column("value", "double", "Value in the signal's own unit; 1 for events"),
    ),
)
FEATURES = Table(
    "features",
    "forecast",
    "What the pooled model sees of each SKU-location when it forecasts the first period after the history. Nothing in it was "
    "known later than at the end of the history, but for signals that are known ahead. Without a pooled model, none.",
    ("sku", "location"),
    (
        SKU,
        LOCATION,
        Column("date", "date", "First day of the period that is forecast"),
        amount("recent_mean", "Mean demand of the last 91 days (26 weeks, 12 months), spikes cut down", "units/period"),
        Column("features", "map<string,double>", "Value of each feature that is known, by name (docs/features.md)"),
    ),
)
FORECAST_EXPLANATIONS = Table(
    "forecast_explanations",
    "forecast",
    "What drives the forecasts of the SKUs that `forecast.explain` asks for. The drivers of a SKU-location add up to its "
    "forecast, in every period.",
    ("sku", "location", "driver"),
    (
        SKU,
        LOCATION,
        MODEL,
        Column(
            "driver",
            "string",
            "For the pooled model by its SHAP values: level (what sells as a rule), trend (how the last weeks differ), season, "
            "price, promotion or event (signals known ahead), other (late signals, time ahead). For other models by the shape "
            "of the forecast: level (recent mean), trend, season. correction: what sums over many series changed afterwards",
            allowed=("level", "trend", "season", "price", "promotion_event", "other", "correction"),
        ),
        Column("start_date", "date", "First day of the first period"),
        Column("total", "double", "Units of the forecast over the whole horizon that the driver brings", "units"),
        Column("units", "array<double>", "The same by period", "units"),
    ),
)
TABLES = (SIGNALS, FEATURES, FORECAST_EXPLANATIONS)

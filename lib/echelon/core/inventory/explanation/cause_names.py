"""What stock is held for: the names of the causes in tables, in the order in which they are taken away."""

# From what can be changed soonest to what has to be taken as it is.
TARGET = "target"
LOTS = "lots"
REVIEW = "review_period"
UNRELIABILITY = "supplier_unreliability"
VARIATION = "lead_time_variability"
LENGTH = "lead_time_mean"
BIAS = "forecast_bias"
ERROR = "forecast_error"
NOISE = "demand_variability"
SHORTAGE = "upstream_shortage"
ORDER = (TARGET, LOTS, REVIEW, UNRELIABILITY, VARIATION, LENGTH, BIAS, ERROR, NOISE, SHORTAGE)
# What is left without all of them.
REMAINDER = "remainder"
CAUSES = (*reversed(ORDER), REMAINDER)
# Of a change between releases one of which does not explain the SKU.
NOT_EXPLAINED = "not_explained"

"""From a forecast and its past errors to the distribution of demand."""

"""Which candidate forecasts a group of series: names, combinations, champions."""

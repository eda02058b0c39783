"""Why a stock level is what it is."""

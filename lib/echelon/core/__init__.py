"""All the mathematics: numpy, pandas, scipy and numba only; never pyspark (a test enforces it)."""

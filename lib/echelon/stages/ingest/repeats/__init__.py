"""The same thing told more than once: rows given again, stock of several days, extracts that overlap."""

"""Demand and lead times of many replications, drawn by purpose and key: the same for any number of workers."""

"""Measured figures. Nothing here asserts a time: machines differ, so read the ratios and shares."""

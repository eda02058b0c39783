"""Simulation of one SKU's network of any kind: how demand is drawn, and the two kernels (tree, network)."""

"""The door to numba: how functions are compiled, and kept on disk in trusted places only."""

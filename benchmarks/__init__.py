"""Measured figures. Nothing here asserts a time: machines differ, so read the ratios and shares."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # what tests and benchmarks share: tests/support

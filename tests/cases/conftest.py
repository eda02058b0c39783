"""Cases use the helpers of acceptance tests."""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / folder) for folder in ("acceptance", "stages")]

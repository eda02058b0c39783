"""Helpers that tests share."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]  # the checkout
REFERENCE = ROOT / "tests" / "reference"  # known answers
INCLUDED = ROOT / "data" / "online_retail"

"""The instances with known answers in reference/*.json."""

import json
from pathlib import Path


def instances(name):
    """All instances of one file."""
    return json.loads((Path(__file__).parent / "reference" / f"{name}.json").read_text())["instances"]


def by_id(name):
    """The instances of one file by their id."""
    return {case["id"]: case for case in instances(name)}

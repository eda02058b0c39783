"""The instances with known answers in reference/*.json."""

import json

from support import REFERENCE


def instances(name):
    """All instances of one file."""
    return json.loads((REFERENCE / f"{name}.json").read_text())["instances"]


def by_id(name):
    """The instances of one file by their id."""
    return {case["id"]: case for case in instances(name)}

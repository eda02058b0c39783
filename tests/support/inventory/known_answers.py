"""The instances with known answers in reference/*.json."""

import json
from typing import Any

from support import REFERENCE


def instances(name: str) -> list[dict[str, Any]]:
    """All instances of one file."""
    return json.loads((REFERENCE / f"{name}.json").read_text())["instances"]


def by_id(name: str) -> dict[str, Any]:
    """The instances of one file by their id."""
    return {case["id"]: case for case in instances(name)}

"""Where files that can be made again are kept: Delta's jars and the Java wrapper."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`ECHELON_CACHE`, else `.cache` of the checkout that this code lies in, else the account's cache folder."""
    if named := os.environ.get("ECHELON_CACHE"):
        return Path(named).absolute()
    checkout = Path(__file__).resolve().parents[3]
    if (checkout / "pyproject.toml").exists():
        return checkout / ".cache"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "echelon"

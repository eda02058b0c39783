"""How many examples of a property are tried."""

import os


def most(count: int) -> int:
    """So many, or fewer where MOST_EXAMPLES says so: kernels that are run as Python take seconds for each."""
    return min(count, int(os.environ.get("MOST_EXAMPLES", count)))


def by_night(count: int, night: int) -> int:
    """So many in the gate, and more where NIGHTLY says that there is a night for it."""
    return most(night if os.environ.get("NIGHTLY") else count)

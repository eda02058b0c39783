"""Do at set-up what would slow the first run: fetch Delta's jars, start Spark once."""

import sys

from echelon.config.models import Spark
from echelon.engine.session import start
from echelon.errors import EchelonError


def main() -> int:
    """Start and stop a session; returns the exit code."""
    try:
        start(Spark(master="local[1]")).stop()
    except EchelonError as error:
        print(f"echelon: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m echelon`, and what the script `echelon` and the jobs call: a command that is this process."""

import sys
from collections.abc import Sequence
from typing import NoReturn

from echelon import interrupt


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and end the process with its exit code; it can be interrupted at any moment."""
    interrupt.install()
    from echelon.cli import main  # late: imports take a while, and are a moment like any other

    code = main(arguments)
    interrupt.ignore()
    sys.exit(code)


def job(command: str) -> NoReturn:
    """Run a command with the arguments of this process: the whole of a file in `jobs`, for spark-submit and schedulers."""
    run([command, *sys.argv[1:]])


if __name__ == "__main__":
    run()

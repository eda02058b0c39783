"""One run at a time writes to a folder of tables."""

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from echelon.errors import EchelonError
from echelon.lake.files import is_local, local_path

_NO_LOCKS = (errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.ENOLCK)


@contextmanager
def exclusive(output: str) -> Iterator[None]:
    """Hold the folder's lock; the system frees it even if the process is killed.

    Raises EchelonError when another run holds it, or the folder can't be made. An object store, also one that is mounted
    like a disk, has no locks: there, Delta refuses the second of two commits that overlap.
    """
    if not is_local(output):
        yield
        return
    file = local_path(output) / ".lock"
    with _opened(file, output) as handle:
        if _locked(handle, output):
            handle.truncate(0)
            handle.write(str(os.getpid()))
            handle.flush()
        yield


def _locked(handle: TextIO, output: str) -> bool:
    """Take the lock; False where the file system knows none."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        handle.seek(0)
        raise EchelonError(
            f"another run (process {handle.read().strip() or 'unknown'}) is writing to {output}: "
            "wait for it, or choose another folder with --set run.output=FOLDER"
        ) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        return False
    return True


def _opened(file: Path, output: str) -> TextIO:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        return file.open("a+")
    except OSError as error:
        raise EchelonError(f"{output}: can't be used as output folder (run.output): {error.strerror}") from None

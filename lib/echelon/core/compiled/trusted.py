"""Folders whose content nobody else can have put there: what is loaded from them is run."""

import os
import stat
from pathlib import Path

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
_ROOT = 0


def is_trusted(folder: Path) -> bool:
    """Whether only this account (or root) can put, exchange or rename anything in the folder, which must be there.

    That takes every folder above it too; one like /tmp, in which everybody may write but exchange only what is their own
    (the sticky bit), does as a folder above. Where there are no such accounts (Windows), every folder is trusted.
    """
    if not hasattr(os, "getuid"):
        return True
    real = folder.resolve(strict=True)
    own, *above = [place.stat() for place in (real, *real.parents)]
    return stat.S_ISDIR(own.st_mode) and _only_ours(own) and all(_only_ours(a) or _is_sticky(a) for a in above)


def is_trusted_file(about: os.stat_result) -> bool:
    """Whether only this account (or root) can write to an open file."""
    return not hasattr(os, "getuid") or _only_ours(about)


def _only_ours(about: os.stat_result) -> bool:
    return about.st_uid in (os.getuid(), _ROOT) and not about.st_mode & _OTHERS_MAY_WRITE


def _is_sticky(about: os.stat_result) -> bool:
    return about.st_uid in (os.getuid(), _ROOT) and bool(about.st_mode & stat.S_ISVTX)

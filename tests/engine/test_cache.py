"""Delta's jars: fetched once, by one start at a time, from folders of any name, also where another account fetched them."""

import threading
from pathlib import Path

import pytest
from echelon.engine import cache, delta
from echelon.engine.plain_paths import is_plain, plain_folder
from echelon.errors import EchelonError

ODD = ["a,b", "two words", "100%", "#1", "[2026]", "b:c", "quote'\"", "für", "$HOME"]


def fetch(folder: Path) -> None:
    """What Spark's start leaves in the folder that it was told to fetch into."""
    (folder / "jars").mkdir(parents=True)
    (folder / "jars" / "a.jar").write_text("a")
    (folder / "jars" / "b.jar").write_text("b")


def settings() -> dict[str, str]:
    """What a start is told."""
    with delta.delta_jars() as found:
        return found


def test_jars_are_named_until_they_were_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ECHELON_CACHE", str(tmp_path))
    with delta.delta_jars() as found:
        assert found["spark.jars.packages"] == "io.delta:delta-spark_4.1_2.13:4.4.0"
    assert "spark.jars.packages" in settings(), "nothing was fetched"
    with delta.delta_jars() as found:
        fetch(Path(found["spark.jars.ivy"]))
    folder = tmp_path / "delta-4.4.0" / "jars"
    assert settings() == {"spark.jars": f"file:{folder / 'a.jar'},file:{folder / 'b.jar'}"}


def test_what_a_start_that_failed_has_copied_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ECHELON_CACHE", str(tmp_path))
    with pytest.raises(RuntimeError), delta.delta_jars() as found:
        fetch(Path(found["spark.jars.ivy"]))
        raise RuntimeError("no network")
    with delta.delta_jars() as found:
        assert not (Path(found["spark.jars.ivy"]) / "jars").exists()


def test_a_mark_without_jars_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ECHELON_CACHE", str(tmp_path))
    (tmp_path / "delta-4.4.0" / "jars").mkdir(parents=True)
    (tmp_path / "delta-4.4.0" / "complete").touch()
    assert "spark.jars.packages" in settings()


def test_of_two_first_starts_one_fetches_and_both_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ECHELON_CACHE", str(tmp_path))
    told: list[dict[str, str]] = []
    second = threading.Thread(target=lambda: told.append(settings()))
    with delta.delta_jars() as found:
        second.start()
        second.join(0.3)
        assert not told, "the second waits"
        fetch(Path(found["spark.jars.ivy"]))
    second.join(10)
    assert list(told[0]) == ["spark.jars"]


@pytest.mark.parametrize("name", ODD)
def test_spark_is_told_plain_paths_whatever_the_folder_is_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    monkeypatch.setenv("ECHELON_CACHE", str(tmp_path / name))
    with delta.delta_jars() as found:
        assert is_plain(Path(found["spark.jars.ivy"]))
        fetch(Path(found["spark.jars.ivy"]))
    jars = [Path(jar.removeprefix("file:")) for jar in settings()["spark.jars"].split(",")]
    assert all(is_plain(jar) for jar in jars)
    assert [jar.read_text() for jar in jars] == ["a", "b"]
    assert jars[0].resolve() == tmp_path / name / "delta-4.4.0" / "jars" / "a.jar"


def test_without_any_plain_folder_one_line_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (odd := tmp_path / "a,b").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(odd))
    with pytest.raises(EchelonError, match=r"a,b: Spark can't take files .*: set TMPDIR or ECHELON_CACHE"):
        plain_folder()


def test_the_next_place_is_taken_where_nothing_can_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (file := tmp_path / "file").touch()  # nobody, not even root, can make a folder in it
    places = [file / "java", tmp_path / "cache" / "java"]
    monkeypatch.setattr(cache, "cache_folders", lambda _name: iter(places))
    assert cache.writable_folder("java") == places[1]
    places.pop()
    with pytest.raises(EchelonError, match=r"file: nothing can be written there, .* ECHELON_CACHE"):
        cache.writable_folder("java")


def test_without_a_home_there_is_a_place_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def homeless(*_: object) -> Path:
        raise RuntimeError("no home")

    for name in ("ECHELON_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(Path, "home", homeless)
    *_, last = cache.cache_folders("java")
    assert last.parent.parent == tmp_path
    last.parent.chmod(0o777)
    assert last not in cache.cache_folders("java"), "others may have put files there"

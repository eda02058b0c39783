"""Small files, the lock of an output folder, and what a run remembers: no Spark needed."""

import errno
import os
import signal
import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pytest
from echelon.errors import EchelonError
from echelon.lake import files
from echelon.lake.checks.guard import Check
from echelon.lake.lock import exclusive
from echelon.lake.run_state import RunState, new_run, unfinished_run

HOLD = """
import sys
from echelon.lake.lock import exclusive
with exclusive(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_text_files(tmp_path: Path) -> None:
    place = f"{tmp_path}/deep/er/a.txt"
    assert files.read_text(place) is None
    assert files.list_files(f"{tmp_path}/deep") == []
    files.write_text(place, "grün")
    files.write_text(f"file://{tmp_path}/deep/er/b.txt", "2")
    assert files.read_text(place) == "grün"
    assert files.list_files(f"{tmp_path}/deep/er") == ["a.txt", "b.txt"]
    files.delete_folder(f"{tmp_path}/deep")
    files.delete_folder(f"{tmp_path}/deep")
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_nobody_knows(tmp_path: Path) -> None:
    with pytest.raises(EchelonError, match="foo://x/y: this kind of address can't be written to"):
        files.write_text("foo://x/y", "")
    assert not files.is_local("s3://bucket/a")
    assert files.is_local(str(tmp_path))
    assert files.is_local(f"file://{tmp_path}")


def test_addresses_of_every_kind_are_known_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for place in ("s3://b/a", "s3a://b/a", "abfss://c@a.dfs.core.windows.net/a", "gs://b/a", "hdfs://h/a", "dbfs:/a"):
        assert not files.is_local(place)
        assert files.absolute(f"{place}/") == place
        with exclusive(place):
            pass
    for place in (f"file:{tmp_path}/x", f"file://{tmp_path}/x/", f"{tmp_path}/x", "x", "run:1"):
        assert files.is_local(place)
        with exclusive(place):
            pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run:1", "x"]
    assert files.absolute(f"file:{tmp_path}/x/") == f"file://{tmp_path}/x"
    with pytest.raises(EchelonError, match=r"one or three slashes: file:/tmp/x"):
        files.local_path("file://tmp/x")
    with pytest.raises(EchelonError, match="dbfs:/ is there on Databricks only"):
        files.write_text("dbfs:/a/b", "")
    monkeypatch.setattr(files, "_DBFS", tmp_path)
    files.write_text("dbfs:/a/b", "1")
    assert (tmp_path / "a" / "b").read_text() == "1"


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    place, texts = str(tmp_path / "state.json"), {"a" * 200_000, "b" * 300_000}
    files.write_text(place, "a" * 200_000)
    stop, seen = threading.Event(), set()

    def look() -> None:
        while not stop.is_set():
            seen.add(files.read_text(place))

    reader = threading.Thread(target=look)
    reader.start()
    for _ in range(50):
        for text in sorted(texts):
            files.write_text(place, text)
    stop.set()
    reader.join()
    assert seen <= texts


def test_a_second_process_is_told_and_a_killed_one_frees_the_lock(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        message = rf"another run \(process {holder.pid}\) is writing to {tmp_path}: wait for it, or choose another folder"
        with pytest.raises(EchelonError, match=message), exclusive(str(tmp_path)):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with exclusive(str(tmp_path)):
            assert (tmp_path / ".lock").read_text() == str(os.getpid())
    finally:
        holder.kill()
        holder.communicate()


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="boom"), exclusive(str(tmp_path)):
        raise ValueError("boom")
    with exclusive(f"file://{tmp_path}"):
        assert (tmp_path / ".lock").exists()


def test_an_output_that_can_not_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EchelonError, match="file: can't be used as output folder"), exclusive(str(tmp_path / "file")):
        pass


def test_an_object_store_has_no_lock() -> None:
    with exclusive("s3://bucket/out"), exclusive("s3://bucket/out"):
        assert not Path("s3:").exists()


def test_a_mounted_store_without_locks_is_used_without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOTSUP, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", refuse)
    with exclusive(str(tmp_path)), exclusive(str(tmp_path)):
        assert (tmp_path / ".lock").read_text() == ""


def test_a_run_is_found_again_as_it_was(tmp_path: Path) -> None:
    run = new_run("c" * 64)
    run.run_date = date(2026, 2, 1)
    run.stages["ingest"] = {"outcome": "done", "seconds": 1.5}
    run.tables["sales"] = 3
    run.checks.append(Check("sales", 1, "expect", None, "warning", False, "1 of 2 rows"))
    run.save(str(tmp_path))
    assert unfinished_run(str(tmp_path), "c" * 64) == run
    assert unfinished_run(str(tmp_path), "d" * 64) is None


def test_the_newest_unfinished_run_goes_on(tmp_path: Path) -> None:
    for name, finished in (("20260101T000000-aa", False), ("20260102T000000-aa", False), ("20260103T000000-aa", True)):
        RunState(name, "c", finished=finished).save(str(tmp_path))
    found = unfinished_run(str(tmp_path), "c")
    assert found is not None
    assert found.run_id == "20260102T000000-aa"
    (tmp_path / "runs" / "20260102T000000-aa.json.part").write_text("{")
    assert unfinished_run(str(tmp_path), "c") == found


def test_a_run_of_another_version_can_not_go_on(tmp_path: Path) -> None:
    RunState("20260101T000000-aa", "c").save(str(tmp_path))
    file = tmp_path / "runs" / "20260101T000000-aa.json"
    file.write_text(file.read_text().replace('"rows"', '"lines"'))
    assert unfinished_run(str(tmp_path), "c") is None


def test_no_run_yet(tmp_path: Path) -> None:
    assert unfinished_run(str(tmp_path), "c") is None


def test_two_runs_of_one_second_differ() -> None:
    assert len({new_run("c").run_id for _ in range(20)}) == 20

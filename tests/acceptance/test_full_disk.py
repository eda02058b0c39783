"""A disk that fills up while a stage publishes: the run says so, and readers keep the release they had."""

import subprocess
from pathlib import Path

import pytest
from support import ROOT
from support.plans import SECONDS, Plan, assert_same, command, environment, read

pytestmark = pytest.mark.slow
FREE_KB = 40
NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
# A disk of our own, which exists for this process alone and needs no rights: as large as what is there and a little more.
SCRIPT = """
mount -t tmpfs -o size=$1k disk "$2" && cp -a "$3/." "$2/" || exit 99
free=$(df --output=avail -k "$2" | tail -1); head -c $((free - $4))k /dev/zero > "$2/filler"
shift 4; "$@"; code=$?
rm "$out/filler"; cp -a "$out/." "$kept/"; exit $code
"""


def own_disks() -> bool:
    """Whether a process here may mount a disk that only it sees."""
    try:
        return subprocess.run([*NAMESPACE, "mount", "-t", "tmpfs", "disk", "/mnt"], capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not own_disks(), reason="this machine lets no process mount a disk of its own")
def test_a_full_disk_leaves_the_release_as_it_is(small: tuple[Path, Plan], tmp_path: Path) -> None:
    config, plan = small
    output, kept = tmp_path / "out", tmp_path / "kept"
    output.mkdir()
    kept.mkdir()
    used = sum(-(-file.stat().st_size // 4096) * 4 + 4 for file in plan.output.rglob("*"))
    disk = [str(used * 2), str(output), str(plan.output), str(FREE_KB)]
    done = subprocess.run(
        [*NAMESPACE, "sh", "-c", SCRIPT, "sh", *disk, *command(config, output, job="replenish")],
        cwd=ROOT,
        env=environment() | {"out": str(output), "kept": str(kept)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(read(kept, "releases")) == 1
    assert_same(kept, plan.output)
    assert not list(kept.glob("staging/*/tables"))

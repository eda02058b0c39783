"""The cluster, the package and the small plan that these tests share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import ROOT, plans

sys.path.insert(0, str(ROOT / "deploy"))

import package as packaging
from support.standalone import Cluster, running_cluster


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as `make package` makes it."""
    place = tmp_path_factory.mktemp("dist") / "echelon.zip"
    packaging.write(place)
    return place


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, package: Path) -> Iterator[Cluster]:
    """A master and two workers; whatever happens, their processes end with the module."""
    with running_cluster(tmp_path_factory.mktemp("cluster"), package) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, plans.Plan]:
    """Configuration and local plan of the small cut, the same as the acceptance tests use."""
    return plans.small_plan(plans.shared_root(tmp_path_factory))

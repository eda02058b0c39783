"""The small plan that these tests share."""

from pathlib import Path

import pytest
from support.plans import Plan, shared_root, small_plan


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """Configuration and local plan of a small cut of the included data."""
    return small_plan(shared_root(tmp_path_factory))

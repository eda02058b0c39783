"""The small plan that these tests share."""

from pathlib import Path

import pytest
from plans import Plan, small_plan


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Plan]:
    """Configuration and local plan of a small cut of the included data."""
    return small_plan(tmp_path_factory.getbasetemp() / "small")

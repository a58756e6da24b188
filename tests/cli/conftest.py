"""The spec that `init` makes, once per worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli import fleets


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """What `init` writes; copied by every test that deploys."""
    return fleets.seed(tmp_path_factory.mktemp("seed") / "system", cache)

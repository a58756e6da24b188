"""The spec that `init` makes, once per worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import Cli


@pytest.fixture(scope="session")
def seed(tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> Path:
    """What `init` writes; copied by every test that deploys."""
    folder = tmp_path_factory.mktemp("seed") / "system"
    done = cli("init", folder)
    assert done.returncode == 0, done.stderr
    return folder

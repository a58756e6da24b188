"""A channel, a device and trials that pass, for everything that is proved of the agent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from conformance.channels import Publisher, device

from hybridspec.agent import update

FIGURES: dict[str, Any] = {"m": {"p95_ms": 1.0}}


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A channel whose first release is `y = x + 1`."""
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    return publisher


@pytest.fixture
def home(tmp_path: Path, publisher: Publisher) -> Path:
    """A device that was set up and has not run yet."""
    return device(tmp_path / "home", publisher.channel, publisher.root).home


@pytest.fixture
def healthy(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every trial passes at once; the slots that were tried."""
    tried: list[Path] = []

    def trial(slot: Path) -> dict[str, Any]:
        tried.append(slot)
        return FIGURES

    monkeypatch.setattr(update, "trial", trial)
    return tried

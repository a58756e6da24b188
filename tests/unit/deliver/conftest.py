"""Stores of clouds on loopback, and a channel to bring to them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conformance.channels import CAMERA, HUB, Publisher, content
from engine.object_stores import Stores, object_stores

from hybridspec.deliver.stores import request


@pytest.fixture
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "_PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setenv("no_proxy", "127.0.0.1")


@pytest.fixture
def stores() -> Stores:
    return Stores()


@pytest.fixture
def environment(stores: Stores, _no_waiting: None) -> Iterator[dict[str, str]]:
    with object_stores(stores) as found:
        yield found


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A channel with a release of both classes."""
    made = Publisher(tmp_path / "signing")
    made.publish(made.release(content(1.0, CAMERA)), made.release(content(1.0, HUB)))
    return made

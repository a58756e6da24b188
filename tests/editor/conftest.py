"""One language server for all tests of a worker: it takes a second to start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import copy_example
from editor.client import Editor


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example; what is written to its buffers stays in the editor."""
    return copy_example(tmp_path_factory.mktemp("edited")).resolve()


@pytest.fixture(scope="session")
def editor(folder: Path, cache: Path) -> Iterator[Editor]:
    """A client with a running server, which ends well."""
    client = Editor(cache, folder)
    yield client
    assert client.close() == 0


@pytest.fixture
def spec(editor: Editor, folder: Path) -> Iterator[Path]:
    """The example's spec, opened as it lies on disk."""
    path = folder / "hybridspec.yaml"
    editor.open(path, path.read_text())
    yield path
    editor.shut(path)

"""Loading as a whole: which files were read, and what a target's catalogue may hold."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import EXAMPLE

from hybridspec.base.diagnostic import Sink
from hybridspec.load.catalog import load_catalogs, parse_catalog
from hybridspec.load.file import digest
from hybridspec.load.load import load


def test_the_inputs_are_all_files_that_were_read(example: Path, cache: Path) -> None:
    sink = Sink()
    loaded = load(example, cache, sink)
    assert loaded is not None
    assert sink.findings == ()
    assert dict(loaded.inputs) == {
        path: digest(path.read_bytes())
        for path in (example / "hybridspec.yaml", *(example / "model").glob("*.[on][np][nz]*"))
    }
    assert loaded.folder == example


def test_a_folder_and_its_spec_are_the_same(cache: Path) -> None:
    folder, spec = (load(p, cache, Sink()) for p in (EXAMPLE, EXAMPLE / "hybridspec.yaml"))
    assert folder is not None
    assert spec is not None
    assert folder.spec == spec.spec
    assert folder.spec_digest == spec.spec_digest


def test_every_catalogue_is_read_and_has_one_digest() -> None:
    catalogs, first = load_catalogs()
    assert set(catalogs) >= {"agent", "aws"}
    assert load_catalogs()[1] == first
    for catalog in catalogs.values():
        assert catalog.boards or catalog.regions


@pytest.mark.parametrize(("text", "fault"), [
    ("", "the catalogue is empty"),
    ("schema: hybridspec.dev/catalog/v1\n", "the spec has no `as_of`"),
    ("schema: hybridspec.dev/catalog/v2\nas_of: 2026-11-01\n", "not a choice"),
    ("schema: hybridspec.dev/catalog/v1\nas_of: 1\n", "needs a date"),
    ("a: [", "1:4: did not find expected node content"),
])  # fmt: skip
def test_a_broken_catalogue_is_a_fault_of_its_target(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=r"moon/catalog\.yaml:\d+:\d+: .") as refused:
        parse_catalog("moon", text)
    assert fault in str(refused.value)

"""Documents named as proof: files of the spec's folder are hashed, addresses are left alone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
import yaml
from unit.resolve.lowering import spec as plain

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.bind import bind
from hybridspec.load.documents import load_documents
from hybridspec.load.yaml import parse
from hybridspec.spec.document import Spec


def named(*documents: str) -> Spec:
    """A spec whose zone names documents."""
    evidence = [{"kind": "dpia", "document": name} for name in documents]
    text = yaml.safe_dump(plain(zones={"eu": {"countries": ["EU"], "evidence": evidence}}))
    sink = Sink()
    document = parse(SourceFile(shown="s.yaml", name="s.yaml", text=text), sink)
    assert document is not None
    bound = bind(document, Spec, sink)
    assert bound is not None, sink.findings
    return bound


def test_a_file_has_its_digest(tmp_path: Path) -> None:
    (tmp_path / "dpia.md").write_text("assessed", encoding="utf-8")
    found = load_documents(named("dpia.md"), tmp_path)["dpia.md"]
    assert (found.digest, found.fault) == (hashlib.sha256(b"assessed").hexdigest(), "")


@pytest.mark.parametrize("address", ["https://acme.example/dpia", "urn:dpia:7"])
def test_an_address_is_not_opened(tmp_path: Path, address: str) -> None:
    assert load_documents(named(address), tmp_path) == {}


@pytest.mark.parametrize(("name", "fault"), [
    ("none.md", "there is no such file"),
    ("../outside.md", "the path leaves the folder of the spec"),
    ("/etc/passwd", "the path leaves the folder of the spec"),
    ("link.md", "the path leaves the folder of the spec"),
    ("empty.md", "the file is empty"),
    ("folder", "is a directory"),
    ("pipe", "not a regular file"),
    ("a\0b", "not a usable file name"),
])  # fmt: skip
def test_what_proves_nothing(tmp_path: Path, name: str, fault: str) -> None:
    spec = tmp_path / "spec"
    (spec / "folder").mkdir(parents=True)
    (tmp_path / "outside.md").write_text("x", encoding="utf-8")
    (spec / "link.md").symlink_to(tmp_path / "outside.md")
    (spec / "empty.md").touch()
    os.mkfifo(spec / "pipe")
    found = load_documents(named(name), spec)[name]
    assert fault in found.fault

"""What every example's bundles hold is what the formats' own tools accept, signed and offline."""

from __future__ import annotations

import base64
import json
from functools import cache as once
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, fixed_pems
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from model_signing import verifying
from securesystemslib.dsse import Envelope

from hybridspec.bundle.keys import DevelopmentKeys
from hybridspec.bundle.members import ACCURACY, MODEL_SIGNATURE, PROVENANCE, SBOM
from hybridspec.bundle.sign import sign
from hybridspec.compiler import Options, compile_file
from hybridspec.ir.tree import FileTree

NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/hybridspec.yaml"))
KEYS = DevelopmentKeys(fixed_pems())


@once
def signed(name: str, cache: Path) -> dict[str, FileTree]:
    """The signed bundles of an example by device class."""
    build = compile_file(EXAMPLES / name / "hybridspec.yaml", Options(cache=cache))
    return {each: sign(tree, KEYS) for each, tree in build.contents}


def read(tree: FileTree, path: str) -> bytes:
    """A member of a bundle."""
    data = tree.files[path]
    return data if isinstance(data, bytes) else data.read_bytes()


def said(tree: FileTree, path: str) -> dict[str, Any]:
    """The statement inside an envelope."""
    statement: dict[str, Any] = json.loads(
        base64.b64decode(json.loads(read(tree, path))["payload"])
    )
    return statement


@pytest.mark.parametrize("name", NAMES)
def test_model_signing_accepts_the_models_and_not_one_byte_more(
    name: str, cache: Path, tmp_path: Path
) -> None:
    key = tmp_path / "model.pem"
    key.write_text(KEYS.role("model").public[0].keyval["public"])
    for device_class, tree in signed(name, cache).items():
        folder = tmp_path / device_class
        for path, _ in tree:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(read(tree, path))
        verifier = verifying.Config().use_elliptic_key_verifier(public_key=key)
        verifier.verify(folder / "model", folder / MODEL_SIGNATURE)
        with next((folder / "model").rglob("*.onnx")).open("ab") as model:
            model.write(b"\0")
        with pytest.raises(ValueError, match="Hash mismatch"):
            verifier.verify(folder / "model", folder / MODEL_SIGNATURE)


@pytest.mark.parametrize("name", NAMES)
def test_cyclonedx_accepts_the_bill_strictly_and_each_model_has_its_card(
    name: str, cache: Path
) -> None:
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    for tree in signed(name, cache).values():
        text = read(tree, SBOM).decode()
        assert validator.validate_str(text) is None
        bill = json.loads(text)
        assert bill["specVersion"] == "1.6"
        models = {c["name"]: c for c in bill["components"] if "modelCard" in c}
        assert set(models) == {p.split("/")[1] for p, _ in tree if p.endswith("/model.onnx")}
        assert all(c["type"] == "machine-learning-model" for c in models.values())
        assert validator.validate_str(text.replace('"modelCard"', '"modelCart"')) is not None


@pytest.mark.parametrize("name", NAMES)
def test_securesystemslib_verifies_what_is_attested(name: str, cache: Path) -> None:
    keys = list(KEYS.role("attestation").public)
    for tree in signed(name, cache).values():
        for path in (PROVENANCE, ACCURACY):
            envelope = Envelope.from_dict(json.loads(read(tree, path)))
            assert list(envelope.verify(keys, 1)) == [keys[0].keyid]
        provenance, accuracy = said(tree, PROVENANCE), said(tree, ACCURACY)
        assert provenance["predicateType"] == "https://slsa.dev/provenance/v1"
        assert accuracy["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
        assert accuracy["predicate"]["result"] in ("PASSED", "WARNED")
        digests = tree.digests()
        listed = {s["name"]: s["digest"]["sha256"] for s in provenance["subject"]}
        unlisted = {PROVENANCE, ACCURACY, MODEL_SIGNATURE, "release.json"}
        del listed["release-content"]
        assert listed == {p: d for p, d in digests.items() if p not in unlisted}
        assert {s["name"] for s in accuracy["subject"]} == {
            p for p in digests if p.endswith("/model.onnx")
        }

"""What the goldens hold of two examples is what outsiders accept, document by document."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT
from forms.outsiders import create_job_faults, schema_faults
from forms.test_iot_jobs import linted

GOLDEN = ROOT / "tests/golden/forms"
EXAMPLES = ("vibration-watch", "security-cameras")


def found(example: str, pattern: str) -> list[Path]:
    """Goldens of an example; none at all fails the test."""
    paths = sorted((GOLDEN / example).glob(pattern))
    assert paths
    return paths


@pytest.mark.parametrize("example", EXAMPLES)
def test_import_manifests(example: str) -> None:
    for path in found(example, "device-update/*/*.importmanifest.json"):
        faults = schema_faults(
            "azure-deviceupdate-import-manifest-5.0.json", json.loads(path.read_bytes())
        )
        assert faults == [], path


@pytest.mark.parametrize("example", EXAMPLES)
def test_modelpack_configs(example: str) -> None:
    for path in found(example, "oci/*/index.json"):
        blobs = path.parent / "blobs/sha256"
        top = json.loads(path.read_bytes())["manifests"][0]["digest"][7:]
        config = json.loads((blobs / top).read_bytes())["config"]["digest"][7:]
        faults = schema_faults("modelpack-config.json", json.loads((blobs / config).read_bytes()))
        assert faults == [], path


def test_jobs() -> None:
    for path in found("security-cameras", "iot-jobs/**/create-job-*.json"):
        assert create_job_faults(json.loads(path.read_bytes())) == [], path


@pytest.mark.parametrize("example", EXAMPLES)
def test_templates(example: str) -> None:
    for path in found(example, "iot-jobs/**/template.json"):
        assert linted(json.loads(path.read_bytes())) == [], path

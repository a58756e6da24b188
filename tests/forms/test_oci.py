"""OCI layouts: digests, ModelPack's schema, and skopeo and umoci where they are installed."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from forms.outsiders import schema_faults
from forms.slices import emitted, made_up, refusals

from hybridspec.deliver.write import write_tree
from hybridspec.ir.tree import FileTree

SCHEMA = "modelpack-config.json"
TAG = "0123456789abcdef"


def blob(files: dict[str, bytes], descriptor: dict[str, Any]) -> bytes:
    """What a descriptor points to, of its size and digest."""
    algorithm, _, digest = descriptor["digest"].partition(":")
    data = files[f"blobs/{algorithm}/{digest}"]
    assert (len(data), hashlib.sha256(data).hexdigest()) == (descriptor["size"], digest)
    return data


def read(files: dict[str, bytes]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Manifest and config, from the index on."""
    index = json.loads(files["index.json"])
    manifest = json.loads(blob(files, index["manifests"][0]))
    return manifest, json.loads(blob(files, manifest["config"]))


def written(folder: Path) -> Path:
    """A layout on disk."""
    files, _ = emitted("oci", made_up())
    write_tree(folder, FileTree(files).under("gateway"))
    return folder / "gateway"


def test_every_descriptor_and_every_blob_has_its_counterpart() -> None:
    files, _ = emitted("oci", made_up())
    manifest, config = read(files)
    layers = {
        layer["annotations"]["org.cncf.model.filepath"]: layer for layer in manifest["layers"]
    }
    assert sorted(layers) == [file.path for file in made_up().files]
    assert layers["release.json"]["digest"] == layers["sbom.cdx.json"]["digest"], "one blob, twice"
    for layer in layers.values():
        blob(files, layer)
    top = json.loads(files["index.json"])["manifests"][0]
    pointed = {one["digest"] for one in (top, manifest["config"], *layers.values())}
    assert {f"sha256:{p.rpartition('/')[2]}" for p in files if p.startswith("blobs/")} == pointed
    assert config["modelfs"]["diffIds"] == [layer["digest"] for layer in manifest["layers"]]


def test_layers_are_files_of_the_kinds_that_modelpack_knows() -> None:
    manifest, config = read(emitted("oci", made_up())[0])
    kinds = {layer["annotations"]["org.cncf.model.filepath"]: layer["mediaType"].split(".")[3]
             for layer in manifest["layers"]}  # fmt: skip
    assert kinds["model/ears/model.onnx"] == "weight"
    assert kinds["model/ears/golden_inputs.npz"] == "dataset"
    assert kinds["runtime/flows.json"] == "code"
    assert kinds["release.json"] == "doc"
    assert manifest["artifactType"] == "application/vnd.cncf.model.manifest.v1+json"
    assert all(layer["mediaType"].endswith(".v1.raw") for layer in manifest["layers"])
    assert config["config"] == {"format": "onnx", "precision": "int8"}


def test_modelpack_s_schema_accepts_the_config() -> None:
    assert schema_faults(SCHEMA, read(emitted("oci", made_up())[0])[1]) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [(("descriptor", "createdAt"), 2026), (("modelfs", "type"), "squashfs"),
     (("modelfs", "diffIds"), []), (("config", "colour"), "red"), (("descriptor", "name"), "")],
)  # fmt: skip
def test_the_schema_is_seen_to_refuse(path: tuple[str, str], value: object) -> None:
    config = copy.deepcopy(read(emitted("oci", made_up())[0])[1])
    config[path[0]][path[1]] = value
    assert schema_faults(SCHEMA, config)


def test_nothing_to_carry_is_refused() -> None:
    assert refusals("oci", made_up(files=()))


def tool(name: str) -> str:
    """A tool that is installed, or the test is left out and says so."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"NOT CHECKED by {name}: it is not installed")
    return found


def test_skopeo_copies_the_artefact_byte_for_byte(tmp_path: Path) -> None:
    skopeo, layout = tool("skopeo"), written(tmp_path / "out")
    files = {str(p.relative_to(layout)): p.read_bytes() for p in layout.rglob("*") if p.is_file()}
    digest = json.loads(files["index.json"])["manifests"][0]["digest"].partition(":")[2]
    raw = subprocess.run([skopeo, "inspect", "--raw", f"oci:{layout}:{TAG}"], check=True,
                         capture_output=True).stdout  # fmt: skip
    assert hashlib.sha256(raw).hexdigest() == digest
    copied = tmp_path / "copied"
    subprocess.run([skopeo, "copy", "--quiet", "--preserve-digests", f"oci:{layout}:{TAG}",
                    f"oci:{copied}:{TAG}"], check=True, capture_output=True)  # fmt: skip
    for path, data in files.items():
        if path.startswith("blobs/"):
            assert (copied / path).read_bytes() == data


def test_skopeo_is_seen_to_refuse_a_changed_layer(tmp_path: Path) -> None:
    skopeo, layout = tool("skopeo"), written(tmp_path / "out")
    weights = next(file for file in made_up().files if file.path.endswith(".onnx"))
    changed = layout / "blobs/sha256" / weights.sha256
    changed.write_bytes(b"x" + changed.read_bytes()[1:])
    done = subprocess.run([skopeo, "copy", "--quiet", f"oci:{layout}:{TAG}", f"dir:{tmp_path}/to"],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode
    assert "igest" in done.stderr


def test_umoci_lists_the_release_as_a_tag(tmp_path: Path) -> None:
    umoci, layout = tool("umoci"), written(tmp_path / "out")
    listed = subprocess.run([umoci, "ls", "--layout", str(layout)], check=True,
                            capture_output=True, text=True).stdout  # fmt: skip
    assert listed.split() == [TAG]

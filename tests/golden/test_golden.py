"""The whole output of the main example, byte for byte, as reviewers would diff it.

Goldens hold on every machine with the locked dependencies. Alone what an int8 model is depends on
the processor: instruction sets add floats in other orders, so calibration finds other ranges, and
AVX2, VNNI and NEON round integer products differently. Those values, and the digests over them,
are replaced here by a word; nothing else is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE, Cli, check_golden, copy_example

from hybridspec.bundle.manifest import canonical_json, release_id
from hybridspec.bundle.members import ENVELOPES, SBOM
from hybridspec.optimise import store
from hybridspec.report.markdown import markdown
from hybridspec.report.page import page

GOLDEN = Path(__file__).parent / EXAMPLE.name
PROCESSOR = "depends on the processor"
MEASURED = ("maxError", "value", "interval", "agreement", "cosine", "sqnrDb")
"""What the gate measured of an int8 variant's outputs."""


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by relative path."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def steady_manifest(data: bytes) -> bytes:
    """A release manifest without the digests and the tolerance of its int8 models.

    Sizes stay: the tensors of a model and of its golden outputs are stored as they are.
    """
    manifest = json.loads(data)
    for model in manifest["models"]:
        golden = model["golden"]
        unsteady = {golden["outputs"]}
        if model["variant"] == "int8":
            unsteady.add(model["path"])
            golden["absolute"] = PROCESSOR
        for record in manifest["files"]:
            if record["path"] in unsteady:
                record["sha256"] = PROCESSOR
    for record in manifest["files"]:
        if record["path"] in (SBOM, *ENVELOPES):  # digests and figures of the above are in them
            record.update(sha256=PROCESSOR, size=PROCESSOR)
    return canonical_json(manifest)


def steady_report(data: bytes) -> dict[str, Any]:
    """A report without what was measured of int8 models, and without the archives' digests."""
    report: dict[str, Any] = json.loads(data)
    for model in report["models"]:
        if model["variant"] == "int8":
            model["sha256"] = PROCESSOR
        for candidate in model["search"]["candidates"]:
            candidate["front"] = False  # whom the measured ones beat
            if candidate["variant"] == "int8":
                candidate.update(quality=None, sha256=PROCESSOR)
        for verdict in model["verdicts"]:
            if verdict["variant"] == "int8":
                verdict.update(dict.fromkeys(MEASURED, PROCESSOR), cautions=[], outputs=[])
    for bundle in report["bundles"]:
        bundle.update(dict.fromkeys(("sha256", "bytes", "size"), PROCESSOR))
    return report


def steady(made: Mapping[str, bytes]) -> dict[str, bytes]:
    """What is compared: plan and stacks as they are, report and manifests without the above."""
    report = steady_report(made["report/report.json"])
    kept = {
        p: d
        for p, d in made.items()
        if p in ("plan.json", "placement.json") or p.startswith("stacks/")
    }
    manifests = {p: steady_manifest(d) for p, d in made.items() if p.endswith("/manifest.json")}
    return {
        **kept,
        **manifests,
        "report/report.json": canonical_json(report),
        "report/report.md": markdown(report).encode(),
    }


def readable(made: Mapping[str, bytes]) -> dict[str, bytes]:
    """JSON on many lines, so that a diff shows the value that moved."""
    return {
        path: (json.dumps(json.loads(data), indent=1, ensure_ascii=False) + "\n").encode()
        if path.endswith(".json")
        else data
        for path, data in made.items()
    }


def test_the_example_builds_what_was_reviewed(built: Path, *, update: bool) -> None:
    check_golden(GOLDEN, readable(steady(files(built))), update=update)


def test_every_file_is_golden_or_follows_from_one_that_is(built: Path) -> None:
    made = files(built)
    report = json.loads(made["report/report.json"])
    follows = {
        "report/index.html": page(report).encode(),
        "report/report.md": markdown(report).encode(),
    }
    assert {path: made[path] for path in follows} == follows
    inside = ("bundle.tar.zst", SBOM, *ENVELOPES)
    bundles = {p for p in made if p.startswith("bundles/") and not p.endswith("/manifest.json")}
    assert bundles == {f"bundles/{b['deviceClass']}/{p}" for b in report["bundles"] for p in inside}
    others = set(made) - set(steady(made)) - set(follows) - bundles
    assert others == {".hybridspec-files.json"}
    for path in (p for p in made if p.endswith(".json") and p not in others):
        assert made[path] == canonical_json(json.loads(made[path])), path


def test_goldens_name_no_machine_dependent_value_twice(built: Path) -> None:
    """A digest that is masked in one golden must not stand in another."""
    made = files(built)
    manifests = [json.loads(d) for p, d in made.items() if p.endswith("/manifest.json")]
    masked = {
        record["sha256"]
        for manifest in manifests
        for model in manifest["models"]
        for record in manifest["files"]
        if record["path"] in (model["path"], model["golden"]["outputs"])
    }
    masked |= {b["sha256"] for b in json.loads(made["report/report.json"])["bundles"]}
    masked |= {release_id(d) for p, d in made.items() if p.endswith("/manifest.json")}
    assert len(masked) >= 6
    for path, data in steady(made).items():
        assert not [digest for digest in masked if digest.encode() in data], path


@pytest.fixture
def another_processor(tmp_path: Path, cli: Cli) -> Path:
    """A cache as another processor would have filled it: other last bits in int8 models."""
    other = tmp_path / "cache"  # the shared one also holds other tests' failed and half-made jobs
    done = cli("build", copy_example(tmp_path / "first"), env={"HYBRIDSPEC_CACHE": str(other)})
    assert done.returncode == 0, done.stderr
    for folder in (other / "variants").iterdir():
        figures = json.loads((folder / "figures.json").read_bytes())
        if figures["cosine"] < 1:  # fp32 is the original, whatever computes it
            figures |= {"variant": 0.951667, "cosine": 0.998765, "scale": figures["scale"] + 2e-6}
            figures |= {"agreement": 0.985, "sqnr_db": 27.5, "interval": 0.001}
            _flip_last_bit(folder / "model.onnx", at=b"scale")
        _flip_last_bit(folder / "golden_outputs.npz", at=b"PK\x01\x02")
        (folder / "figures.json").write_text(json.dumps(figures))
        store.record(folder)
    return other


def _flip_last_bit(path: Path, *, at: bytes) -> None:
    """Change the byte before the first occurrence of `at`."""
    data = bytearray(path.read_bytes())
    data[data.index(at) - 1] ^= 1
    path.write_bytes(data)


def test_on_another_processor_the_goldens_are_the_same(
    built: Path, another_processor: Path, tmp_path: Path, cli: Cli
) -> None:
    example = copy_example(tmp_path)
    done = cli("build", example, env={"HYBRIDSPEC_CACHE": str(another_processor)})
    assert done.returncode == 0, done.stderr
    here, there = files(built), files(example / "build" / EXAMPLE.name)
    assert here["report/report.json"] != there["report/report.json"]
    assert steady(here) == steady(there)

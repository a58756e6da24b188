"""Measurement files of a spec: they decide estimates, and a fault in one stands on its line."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cli.test_model_estimate import kept, one

from hybridspec.base.diagnostic import SpecInvalid
from hybridspec.compiler import Options, validate_file
from hybridspec.ir.plan import Estimate
from hybridspec.load.file import digest
from hybridspec.optimise.measured import exact

MODEL = "bearing-fault"


def written(example: Path, *measurements: dict[str, Any], name: str = "m.json") -> Path:
    """The example, whose gateways have this file of measurements."""
    kept(example, *measurements)
    spec = example / "hybridspec.yaml"
    text = spec.read_text()
    assert "  gateway:\n" in text
    spec.write_text(text.replace("  gateway:\n", f"  gateway:\n    measurements: [{name}]\n", 1))
    return spec


def estimate(spec: Path, cache: Path, device: str, variant: str = "fp32") -> Estimate:
    build = validate_file(spec, Options(cache=cache))
    assert device != "gateway" or any(path.name == "m.json" for path, _ in build.inputs)
    classes = {device.name: device for device in build.graph.device_classes}
    found = build.table.model(MODEL, classes[device], variant)
    assert found is not None
    return found


def test_what_was_measured_decides_and_corrects(example: Path, cache: Path) -> None:
    plain = estimate(example / "hybridspec.yaml", cache, "line-server", "int8")
    own = digest((example / "model" / "bearing_fault.onnx").read_bytes())
    half = one("b", "b" * 64, variant="int8", p50=4_000, p95=5_000, least=3_000)
    spec = written(example, one(digest=own, p50=900, p95=1_200, least=800), half)
    measured = estimate(spec, cache, "gateway")
    assert (measured.mid, measured.high) == (900, 1_200)
    assert measured.basis == "measured on `gateway`, fp32, on 2026-10-01"
    assert "1 model measured" in estimate(spec, cache, "gateway", "int8").basis
    assert estimate(spec, cache, "line-server", "int8") == plain  # another class


def test_no_plan_takes_one_size_for_all(example: Path, cache: Path) -> None:
    own = digest((example / "model" / "bearing_fault.onnx").read_bytes())
    spec = written(example, one(digest=own, p50=900, p95=1_200, least=800, free=64))
    assert estimate(spec, cache, "gateway").basis.startswith("estimated")
    kept(example, one(digest=own))
    build = validate_file(spec, Options(cache=cache))
    (timed,) = next(d for d in build.graph.device_classes if d.name == "gateway").timed
    facts = build.graph.models[0].facts
    assert exact([timed], facts, "fp32", "it") is not None
    free = tuple(replace(tensor, shape=(-1, 1, -1)) for tensor in facts.inputs)
    assert exact([timed], replace(facts, inputs=free), "fp32", "it") is None


def test_a_machine_of_another_architecture_is_no_such_device(example: Path, cache: Path) -> None:
    own = one()
    spec = written(example, own | {"machine": own["machine"] | {"architecture": "x86_64"}})
    with pytest.raises(SpecInvalid) as caught:
        validate_file(spec, Options(cache=cache))
    (found,) = caught.value.findings
    assert found.code == "HS0212"
    assert found.span is not None
    assert "x86_64" in found.span.file.text.splitlines()[found.span.line - 1]
    assert "amd64, and `gateway` (raspberry-pi-5) is arm64" in found.message
    assert "--ssh" in found.help


@pytest.mark.parametrize(("name", "text", "says"), [
    ("absent.json", "", "there is no such file"),
    ("../m.json", "", "leaves the folder"),
    ("m.json", '{"schemaVersion": "hybridspec.dev/measurements/v1",\n "measurements": [7]}', ":2:"),
    ("m.json", "\x00", "m.json"),
    ("m.json", json.dumps({"schemaVersion": "hybridspec.dev/measurements/v1",
                           "measurements": [one(threads=0)]}), "m.json:1:"),
])  # fmt: skip
def test_a_fault_stands_where_it_is(
    name: str, text: str, says: str, example: Path, cache: Path
) -> None:
    spec = written(example, one(), name=name)
    (example / "m.json").write_text(text)
    with pytest.raises(SpecInvalid) as caught:
        validate_file(spec, Options(cache=cache))
    found = caught.value.findings
    assert any(says in f"{f.span.shown if f.span else ''} {f.message}" for f in found), found
    assert all(finding.help for finding in found)

"""Findings of the stages that fixtures do not reach: figures, optimiser, emitter, stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from diagnostics.expectations import bare
from diagnostics.small_models import linear, model, samples, wide
from onnx import helper, numpy_helper

from hybridspec.base.diagnostic import Diagnostic, Severity, Sink, SpecInvalid
from hybridspec.compiler import Build, Options, compile_file, validate_file
from hybridspec.optimise.data import Arrays, write_arrays
from hybridspec.place.place import place

SPEC = bare("clean_model_and_store")


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec of one's own, beside its model."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "tiny.onnx").write_bytes(linear().SerializeToString())
    write_arrays(tmp_path / "model" / "tiny.npz", samples())
    path = tmp_path / "hybridspec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def refused(spec: Path, cache: Path) -> Diagnostic:
    """The one error that compiling ends with."""
    with pytest.raises(SpecInvalid) as invalid:
        compile_file(spec, Options(cache=cache))
    (found,) = (f for f in invalid.value.findings if f.severity is Severity.ERROR)
    assert found.span is not None
    return found


def written(found: Diagnostic) -> str:
    """The line that a finding points at."""
    return found.span.file.line(found.span.line).strip() if found.span else ""


def test_hs0601_a_model_below_its_own_floor_may_not_ship(spec: Path, cache: Path) -> None:
    wrong = {**samples(), "label": 1 - samples()["label"]}
    write_arrays(spec.parent / "model" / "tiny.npz", wrong)
    found = refused(spec, cache)
    assert found.code == "HS0601"
    assert "accuracy 0.0000 is below the floor of 0.9" in found.message
    assert written(found) == "floor: 0.9"
    assert "lower `floor` to 0.0000" in found.help


def test_hs0601_a_model_that_does_not_run_is_not_told_to_lower_its_floor(
    spec: Path, cache: Path
) -> None:
    shape = numpy_helper.from_array(np.array([7, 1], np.int64), "s")
    nodes = [helper.make_node("Reshape", ["x", "s"], ["r"]), helper.make_node("Relu", ["r"], ["y"])]
    (spec.parent / "model" / "tiny.onnx").write_bytes(model(nodes, [shape]).SerializeToString())
    found = refused(spec, cache)
    assert found.code == "HS0601"
    assert "failed" in found.message
    assert "floor" not in found.help


def test_hs0602_a_variant_that_fails_its_gate_is_replaced_by_the_original(
    spec: Path, cache: Path
) -> None:
    slow = wide(width=2_000_000).SerializeToString()
    (spec.parent / "model" / "tiny.onnx").write_bytes(slow)
    build = compile_file(spec, Options(cache=cache))
    (found,) = (f for f in build.findings if f.code == "HS0602")
    assert found.severity is Severity.WARNING
    assert "the int8 variant of `m` on `box` was rejected" in found.message
    assert written(found) == "source: model/tiny.onnx"
    assert [a.variant for a in build.artefacts] == ["fp32"]


def test_hs0602_a_model_without_another_variant_may_not_ship(spec: Path, cache: Path) -> None:
    text = SPEC.replace("    floor", "    variants: [int8]\n    floor")
    spec.write_text(text, encoding="utf-8")
    found = refused(spec, cache)
    assert found.code == "HS0602"
    assert written(found) == "source: model/tiny.onnx"
    assert "add `fp32` to `variants`" in found.help


@pytest.mark.parametrize("which", ["evaluation", "calibration"])
@pytest.mark.parametrize("spoil", [
    lambda arrays: {**arrays, "x": np.full_like(arrays["x"], np.nan)},
    lambda arrays: {**arrays, "x": np.full_like(arrays["x"], np.inf)},
])  # fmt: skip
def test_hs0226_numbers_that_are_none_are_found_where_the_file_is_named(
    spec: Path, cache: Path, which: str, spoil: Callable[[Arrays], Arrays]
) -> None:
    write_arrays(spec.parent / "model" / "spoilt.npz", spoil(samples()))
    text = SPEC.replace("    evaluation: model/tiny.npz\n", "".join(
        f"    {name}: model/{'spoilt' if name == which else 'tiny'}.npz\n"
        for name in ("evaluation", "calibration")
    ) + "    variants: [int8]\n")  # fmt: skip
    spec.write_text(text, encoding="utf-8")
    found = refused(spec, cache)
    assert found.code == "HS0226"
    assert "the array `x` holds NaN or infinity" in found.message
    assert written(found) == f"{which}: model/spoilt.npz"


def test_hs0226_data_that_does_not_unpack_is_no_crash(spec: Path, cache: Path) -> None:
    path = spec.parent / "model" / "tiny.npz"
    data = bytearray(path.read_bytes())
    last = data.rindex(b"PK\x01\x02", 0, data.rindex(b"PK\x05\x06"))
    data[last - 4] ^= 1
    path.write_bytes(data)
    found = refused(spec, cache)
    assert (found.code, written(found)) == ("HS0226", "evaluation: model/tiny.npz")


def without_figures(build: Build) -> Sink:
    sink = Sink()
    assert place(build.graph, replace(build.table, models={}), sink) is None
    return sink


def test_hs0603_a_board_without_figures_is_no_placement(spec: Path, cache: Path) -> None:
    sink = without_figures(validate_file(spec, Options(cache=cache)))
    (found,) = sink.findings
    assert found.code == "HS0603"
    assert "runs `judge` on box, where nobody has latency figures for it" in found.message
    assert found.help

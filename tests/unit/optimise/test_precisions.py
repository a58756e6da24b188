"""Precisions beside fp32 and int8: chosen where somebody has figures, built where they pay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from unit.optimise.test_fallback import written
from unit.optimise.test_optimise import CLASSES, WIDTH, benign, network, planned, saved
from unit.resolve.lowering import spec

from hybridspec.base.diagnostic import Severity, Sink, SpecInvalid
from hybridspec.compiler import Build, Options, compile_file
from hybridspec.ir.candidate import State
from hybridspec.ir.half import head_variant
from hybridspec.ir.plan import Estimate
from hybridspec.optimise.candidate import Host, Way, judged, task
from hybridspec.optimise.optimise import optimise
from hybridspec.optimise.recipe import default
from hybridspec.optimise.workshop import Local


def built(
    folder: Path,
    cache: Path,
    variants: list[str],
    *measured: tuple[str, str],
    runtime: str = "",
    weights: Sequence[np.ndarray] | None = None,
) -> Build:
    """The build of a spec that allows these variants, with what was measured of some."""
    sections: Any = spec()
    (device,) = sections["devices"]
    ((_, model),) = sections["models"].items()
    model["variants"] = variants
    if weights is not None:
        model["allowed_drop"] = 0.1  # the runtime rounds activations, too
    model["measured"] = [
        {"device": device, "variant": variant, "p50": time, "p95": time, "on": "2026-10-01"}
        for variant, time in measured
    ]
    if runtime:
        sections["devices"][device] |= {"board": "jetson-orin-nano", "runtime": runtime}
    path = written(folder, network(weights or benign()), devices=sections["devices"],
                   models=sections["models"])  # fmt: skip
    return compile_file(path, Options(cache=cache))


@pytest.mark.parametrize("precision", ["fp16", "int4"])
def test_what_nobody_has_figures_for_is_not_chosen(
    tmp_path: Path, cache: Path, precision: str
) -> None:
    build = built(tmp_path, cache, ["fp32", precision])
    assert [a.variant for a in build.artefacts] == ["fp32"]
    with pytest.raises(SpecInvalid) as raised:
        built(tmp_path, cache, [precision])
    assert {f.code for f in raised.value.findings} == {"HS0603"}


def test_sixteen_bits_are_built_for_a_runtime_that_computes_in_them(
    tmp_path: Path, cache: Path
) -> None:
    measured = ("fp32", "2ms"), ("fp16", "1ms")
    build = built(tmp_path, cache, ["fp32", "fp16"], *measured, runtime="tensorrt")
    (made,) = build.artefacts
    assert (made.variant, made.verdicts[-1].evidence.recipe) == ("fp16", "fp16-keep-io")
    assert made.size < made.model.facts.size * 0.6
    assert made.memory < build.table.memory[made.model.name, "fp32"]


def test_sixteen_bits_are_refused_for_a_cpu_that_has_no_kernels(
    tmp_path: Path, cache: Path
) -> None:
    build = built(tmp_path, cache, ["fp32", "fp16"], ("fp32", "2ms"), ("fp16", "1ms"))
    (finding,) = (f for f in build.findings if f.code == "HS0602")
    assert finding.severity is Severity.WARNING
    assert "no recipe is known to make fp16" in finding.message
    assert [a.variant for a in build.artefacts] == ["fp32"]


def test_what_alone_fits_may_be_slower_than_what_does_not(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign()))
    _, plan, table = planned(net)
    slow = {key: replace(value, mid=value.mid * (9 if key[2] == "int8" else 1))
            for key, value in table.models.items()}  # fmt: skip
    for big, rejected in ((10**15, frozenset()), (1, frozenset({(net.name, "int8")}))):
        known = replace(table, models=slow, memory={**table.memory, (net.name, "fp32"): big})
        made, refused = optimise(plan, known, tmp_path / "cache", lambda _: None, Sink())
        assert refused == rejected
        assert [one.variant for one in made] == (["int8"] if not rejected else [])


def four_bits() -> list[np.ndarray]:
    """Weights that four bits hold exactly: whole numbers, of which each block has the least."""
    found = []
    for weight in benign():
        whole = np.random.default_rng(2).integers(-8, 8, size=weight.shape)
        whole[::32] = -8
        found.append(whole.astype(np.float32) / 32)
    return found


def test_four_bits_are_built_and_kept_where_they_lose_nothing(tmp_path: Path, cache: Path) -> None:
    build = built(tmp_path, cache, ["fp32", "int4"], ("fp32", "2ms"), ("int4", "1ms"),
                  weights=four_bits())  # fmt: skip
    (made,) = build.artefacts
    assert (made.variant, made.verdicts[-1].evidence.recipe) == ("int4", "int4-weights")
    assert made.verdicts[-1].accepted
    assert made.size < made.model.facts.size / 2
    assert "MatMulNBits" in {node.op_type for node in onnx.load(made.path).graph.node}


def test_the_first_half_of_a_model_is_built_in_sixteen_bits_too(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    shapes = ((WIDTH, 64), (64, 8), (8, 1500), (1500, CLASSES))
    narrow = [rng.normal(size=shape).astype(np.float32) / np.float32(shape[0] ** 0.5)
              for shape in shapes]  # fmt: skip
    net = saved(tmp_path, network(narrow), variants=("fp32", "fp16"))
    variant = head_variant("fp16", len(net.facts.cuts) - 1)
    way = Way(variant=variant, recipe=default("fp16"))
    entry = Local(tmp_path / "cache", lambda _: None).build(task(net, way))
    host = Host(
        name="jetson", architecture="arm64", runtime="tensorrt", memory=lambda _: 1,
        estimate=lambda one: Estimate(low=1, mid=900 if "fp16" in one else 2_000, high=3_000,
                                      basis="t"),
    )  # fmt: skip
    found = judged(net, way, entry, host)
    assert (found.state, found.reasons) == (State.PASSED, ())
    assert found.verdict is not None
    assert found.verdict.evidence.sqnr_db > 40
    graph = onnx.load(entry.folder / "model.onnx").graph
    assert {tensor.data_type for tensor in graph.initializer} >= {onnx.TensorProto.FLOAT16}
    assert [value.name for value in graph.output] == [net.facts.cuts[-1].tensor.name]
    assert {value.type.tensor_type.elem_type for value in (*graph.input, *graph.output)} == {
        onnx.TensorProto.FLOAT}  # fmt: skip
    assert found.size < net.facts.size / 2

"""Runtimes: what is built on the device, and figures of one runtime that say nothing of others."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from hybridspec_targets.agent.emit import emit
from property.graphs import at, board, data, device, facts, flow, graph, infer, model, site, zone
from unit.optimise.test_optimise import FP32, INT8, benign, network, saved

from hybridspec.base.diagnostic import Sink
from hybridspec.emit.cut import edge_slice
from hybridspec.ir.graph import Graph, Measurement, Model, Rates, Tensor
from hybridspec.ir.plan import Plan
from hybridspec.ir.runtime import RUNTIMES, steps
from hybridspec.optimise.latency import latency_table
from hybridspec.optimise.optimise import optimise
from hybridspec.place.place import place
from hybridspec.target.api import Payload

FACTS = facts(inputs=(Tensor(name="in put", dtype="float32", shape=(-1, 3, -1, 8)),))
FIRST = {
    "tensorrt": "trtexec", "openvino": "ovc", "qnn": "python3", "coreml": "python3",
    "edgetpu": "python3", "tflm": "python3",
}  # fmt: skip


def test_onnxruntime_runs_what_the_bundle_carries() -> None:
    assert steps("onnxruntime", "net", "int8", FACTS) == ()
    assert set(FIRST) == set(RUNTIMES) - {"onnxruntime"}


@pytest.mark.parametrize("runtime", FIRST)
def test_every_other_runtime_has_commands_that_follow_from_each_other(runtime: str) -> None:
    found = steps(runtime, "net", "int8", FACTS)
    words = [shlex.split(step.command) for step in found]
    assert words[0][0] == FIRST[runtime]
    there = {f"model/net/{name}" for name in
             ("model.onnx", "golden_inputs.npz", "golden_outputs.npz")}  # fmt: skip
    for step, line in zip(found, words, strict=True):
        assert set(step.inputs) <= there
        there |= set(step.outputs)
        assert all(name in " ".join(line) for name in step.inputs)
        assert step.why
        assert step.needs
        assert step.source.startswith("https://")
        if line[:2] == ["python3", "-c"]:
            compile(line[2], "step", "exec")


def test_sizes_are_those_of_one_sample_and_open_ones_are_asked_for() -> None:
    (step,) = steps("tensorrt", "net", "int8", FACTS)
    assert shlex.split(step.command)[-3:] == [
        "--minShapes=in put:1x3xSMALLESTx8", "--optShapes=in put:1x3xUSUALx8",
        "--maxShapes=in put:1x3xLARGESTx8",
    ]  # fmt: skip
    assert "your own sizes for SMALLEST, USUAL and LARGEST" in step.needs
    assert "`--int8` in place of `--stronglyTyped`" in step.needs
    first, second = steps("openvino", "net", "fp16", FACTS)
    assert "in put[1,3,SMALLEST..LARGEST,8]" in shlex.split(first.command)
    assert shlex.split(second.command)[-2:] == ["-data_shape", "in put[1,3,USUAL,8]"]


def test_sizes_are_told_to_trtexec_for_inputs_that_leave_some_open_alone() -> None:
    shape = (1, 3, 8, 8)
    two = tuple(Tensor(name=name, dtype="float32", shape=shape) for name in ("a", "b:0"))
    fixed = facts(inputs=two)
    (step,) = steps("tensorrt", "net", "fp32", fixed)
    assert shlex.split(step.command)[-1] == "--stronglyTyped"
    (step,) = steps("tensorrt", "net", "fp32", replace(fixed, free_batch=("b:0",)))
    assert shlex.split(step.command)[-1] == "--maxShapes='b:0':1x3x8x8"
    assert "your own" not in step.needs
    _, second = steps("openvino", "net", "fp32", fixed)
    assert "-data_shape" not in second.command


def test_the_converter_of_tflite_gets_samples_and_its_result_is_compared() -> None:
    inputs = (
        Tensor(name="wave", dtype="float32", shape=(1, 1, 64)),
        Tensor(name='im"age', dtype="float32", shape=(1, 3, 8, 8)),
    )
    samples, convert, compare, compiled = steps("edgetpu", "n", "fp32", facts(inputs=inputs))
    words = shlex.split(convert.command)
    assert words[words.index("-kat") + 1 : words.index("-cind")] == ["wave", 'im"age']
    assert words[-5:] == ["-cind", 'im"age', "built/n/input1.npy", "[0.0]", "[1.0]"]
    assert "golden_inputs.npz" in samples.command
    assert "model_integer_quant.tflite" in compare.command
    assert compiled.command.startswith("edgetpu_compiler")
    assert "training framework" not in convert.needs
    recurrent = replace(facts(inputs=inputs), kinds=(("LSTM", 1),))
    assert "this LSTM, export the model to TFLite" in steps("tflm", "n", "fp32", recurrent)[1].needs
    for step in (samples, compare):
        compile(shlex.split(step.command)[2], "step", "exec")


def planned(
    net: Model, runtime: str, rates: tuple[Rates, ...] = (FP32, INT8)
) -> tuple[Graph, Plan | None, Sink]:
    """A plan that runs the model on one board by a runtime, and what was found."""
    mine = device(board=board(rates=rates), runtime=runtime)
    of = graph(flow("watch", data(), (site("lab", zone(), (mine, 1)),),
                    infer("see", net, "frames", place="site")))  # fmt: skip
    sink = Sink()
    return of, place(of, latency_table(of), sink), sink


def test_figures_of_one_runtime_say_nothing_of_another() -> None:
    of, plan, _ = planned(model(), "onnxruntime")
    table = latency_table(of)
    mine = of.device_classes[0]
    assert plan is not None
    assert table.model("detect", mine, "int8") is not None
    other = replace(mine, runtime="tensorrt")
    assert table.model("detect", other, "int8") is None
    assert latency_table(planned(model(), "tensorrt")[0]).model("detect", other, "int8") is None
    rows = (FP32, INT8, replace(INT8, runtime="tensorrt", conv_ps=1, gemm_ps=1))
    fast = device(board=board(rates=rows), runtime="tensorrt")
    known = graph(flow("watch", data(), (site("lab", zone(), (fast, 1)),),
                       infer("see", model(), "frames")))  # fmt: skip
    found = latency_table(known)
    assert found.model("detect", fast, "int8") is not None
    assert found.model("detect", fast, "fp32") is None


def test_what_was_measured_is_planned_built_in_the_runtimes_form_and_carried(
    tmp_path: Path,
) -> None:
    own = tuple(
        Measurement(
            device="gateway", variant=variant, p50=p50, p95=2 * p50, on="2026-10-01", origin=at(9)
        )
        for variant, p50 in (("fp32", 900), ("int8", 400))
    )
    net = saved(tmp_path, network(benign()), measured=own)
    of, plan, sink = planned(net, "tensorrt")
    assert plan is not None, sink.findings
    sink = Sink()
    (made,), rejected = optimise(plan, latency_table(of), tmp_path / "c", lambda _: None, sink)
    assert (made.variant, rejected, sink.findings) == ("int8", frozenset(), ())
    assert made.verdicts[-1].evidence.recipe == "int8-static-s8s8"
    assert [step.command.split()[0] for step in made.steps] == ["trtexec"]
    files = {one.path: one.data for one in emit(edge_slice(of, plan, plan.fleet[0], lambda _: ()))
             if isinstance(one, Payload)}  # fmt: skip
    listed = json.loads(files["runtime/steps.json"] or b"")
    assert listed["runtime"] == "tensorrt"
    assert listed["steps"][0]["command"] == made.steps[0].command
    assert made.steps[0].command.encode() in (files["runtime/STEPS.md"] or b"")

"""Variants: built once and judged; what keeps its promises becomes an artefact."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from property.graphs import board, data, device, flow, graph, infer, site, zone
from property.graphs import model as plain

from hybridspec.base.diagnostic import Severity, Sink
from hybridspec.ir.artefact import Artefact
from hybridspec.ir.graph import Graph, Model, Rates
from hybridspec.ir.plan import Plan
from hybridspec.load.model import facts_of
from hybridspec.load.probe_child import probe
from hybridspec.optimise.data import write_arrays
from hybridspec.optimise.latency import latency_table
from hybridspec.optimise.optimise import optimise
from hybridspec.place.place import place

WIDTH, CLASSES, SAMPLES = 64, 4, 60
FP32 = Rates(runtime="onnxruntime", precision="fp32", threads=1, conv_ps=20_000, gemm_ps=20_000,
             byte_ps=100, operator_us=0, spread=10, source="t")  # fmt: skip
INT8 = replace(FP32, precision="int8", conv_ps=5_000, gemm_ps=5_000)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def network(
    weights: Sequence[np.ndarray], shape: Sequence[int | str] = ("N", WIDTH), outputs: int = 1
) -> onnx.ModelProto:
    """Products in a row, with a rectifier between them; the last tensors are outputs."""
    nodes, last = [], "x"
    for index in range(len(weights)):
        nodes.append(helper.make_node("MatMul", [last, f"w{index}"], [f"m{index}"]))
        last = f"m{index}"
        if index < len(weights) - 1:
            nodes.append(helper.make_node("Relu", [last], [f"r{index}"]))
            last = f"r{index}"
    names = [f"m{len(weights) - 1 - i}" for i in range(outputs)]
    made = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", "K"]) for n in names],
        [numpy_helper.from_array(w, f"w{i}") for i, w in enumerate(weights)],
    )  # fmt: skip
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def benign() -> list[np.ndarray]:
    """Weights that quantise well."""
    rng = np.random.default_rng(5)
    return [rng.normal(size=(WIDTH, 512)).astype(np.float32),
            rng.normal(size=(512, CLASSES)).astype(np.float32)]  # fmt: skip


def hostile() -> list[np.ndarray]:
    """One feature is huge and cancels out; the class hangs on what is left of the others.

    Min-max ranges of the activations are wide enough for the huge feature, so that an eighth of a
    bit is left for the others.
    """
    first, second = np.zeros((WIDTH, 512), np.float32), np.zeros((512, CLASSES), np.float32)
    first[0, 0] = first[0, 1] = 1e4
    second[0, :], second[1, :] = 1e4, -1e4
    for name in range(CLASSES):
        first[name + 1, name + 2] = 1.0
        second[name + 2, name] = 1.0
    return [first, second]


def samples(made: onnx.ModelProto, rng_seed: int = 7) -> dict[str, np.ndarray]:
    """Inputs, and as labels what the model answers."""
    import onnxruntime

    x = np.random.default_rng(rng_seed).random((SAMPLES, WIDTH)).astype(np.float32)
    x[:, 0] = 1.0
    session = onnxruntime.InferenceSession(
        made.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    fixed = isinstance(session.get_inputs()[0].shape[0], int)
    rows = [session.run(None, {"x": x[i : i + 1]})[0] for i in range(SAMPLES)] if fixed else [
        session.run(None, {"x": x})[0]]  # fmt: skip
    return {"x": x, "label": np.concatenate(rows).argmax(axis=1).astype(np.int64)}


def saved(
    folder: Path, made: onnx.ModelProto, arrays: dict[str, np.ndarray] | None = None, **fields: Any
) -> Model:
    """The model as `resolve` would hand it on."""
    folder.mkdir(parents=True, exist_ok=True)
    path, evaluation = folder / "m.onnx", folder / "e.npz"
    path.write_bytes(made.SerializeToString())
    write_arrays(evaluation, arrays if arrays is not None else samples(made))
    known = facts_of(probe(str(path)), digest(path), path.stat().st_size)
    made_fields = {"path": path, "facts": known, "evaluation": evaluation,
                   "evaluation_digest": digest(evaluation), "floor": Fraction(9, 10),
                   "allowed_drop": Fraction(1, 20)}  # fmt: skip
    return plain(**{**made_fields, **fields})


def planned(net: Model, rates: tuple[Rates, ...] = (FP32, INT8)) -> tuple[Graph, Plan, Any]:
    """A plan that runs the model on one board."""
    lab = site("lab", zone(), (device(board=board(rates=rates)), 1))
    of = graph(flow("watch", data(), (lab,), infer("see", net, "frames")))
    table, sink = latency_table(of), Sink()
    plan = place(of, table, sink)
    assert plan is not None, sink.findings
    return of, plan, table


def run(
    net: Model, cache: Path, rates: tuple[Rates, ...] = (FP32, INT8)
) -> tuple[tuple[Artefact, ...], frozenset[tuple[str, str]], Sink]:
    """Artefacts, rejected variants and findings of one round."""
    _, plan, table = planned(net, rates)
    sink = Sink()
    artefacts, rejected = optimise(plan, table, cache, lambda _: None, sink)
    return artefacts, rejected, sink


def test_a_variant_that_keeps_its_promises_becomes_an_artefact(tmp_path: Path) -> None:
    artefacts, rejected, sink = run(saved(tmp_path, network(benign())), tmp_path / "cache")
    (made,) = artefacts
    assert (made.variant, rejected, sink.findings) == ("int8", frozenset(), ())
    assert [verdict.variant for verdict in made.verdicts] == ["fp32", "int8"]
    assert all(verdict.accepted for verdict in made.verdicts)
    assert made.digest == digest(made.path)
    assert made.size == made.path.stat().st_size < (tmp_path / "m.onnx").stat().st_size
    assert made.memory > 60 * 2**20
    assert made.golden_inputs.exists()
    assert made.golden_outputs.exists()


def test_a_model_that_quantisation_ruins_falls_back(tmp_path: Path) -> None:
    artefacts, rejected, sink = run(saved(tmp_path, network(hostile())), tmp_path / "cache")
    assert (artefacts, rejected) == ((), frozenset({("detect", "int8")}))
    (finding,) = sink.findings
    assert (finding.code, finding.severity) == ("HS0602", Severity.WARNING)
    assert "agreement" in finding.message
    assert "falls back to fp32" in finding.help


def test_a_variant_that_is_estimated_slower_is_rejected(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign()))
    _, plan, table = planned(net)
    slow = {key: replace(value, mid=value.mid * (9 if key[2] == "int8" else 1))
            for key, value in table.models.items()}  # fmt: skip
    sink = Sink()
    artefacts, rejected = optimise(
        plan, replace(table, models=slow), tmp_path / "cache", lambda _: None, sink
    )
    assert (artefacts, rejected) == ((), frozenset({("detect", "int8")}))
    assert "1.02 times faster" in sink.findings[0].message


def test_a_variant_without_an_estimate_is_rejected(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign()))
    _, plan, table = planned(net)
    less = {key: value for key, value in table.models.items() if key[2] != "fp32"}
    sink = Sink()
    _, rejected = optimise(plan, replace(table, models=less), tmp_path, lambda _: None, sink)
    assert rejected == {("detect", "int8")}


def test_a_model_below_its_floor_may_not_ship(tmp_path: Path) -> None:
    made = network(benign())
    arrays = samples(made)
    arrays["label"] = (arrays["label"] + 1) % CLASSES
    artefacts, rejected, sink = run(saved(tmp_path, made, arrays), tmp_path / "cache")
    assert (artefacts, rejected) == ((), frozenset({("detect", "int8")}))
    assert [(f.code, f.severity) for f in sink.findings] == [("HS0601", Severity.ERROR)]


def test_numbers_that_are_none_are_a_finding_and_no_crash(tmp_path: Path) -> None:
    made = network(benign())
    arrays = samples(made)
    arrays["x"][3, 5] = np.nan
    artefacts, _, sink = run(saved(tmp_path, made, arrays), tmp_path / "cache")
    assert artefacts == ()
    assert [(f.code, f.severity) for f in sink.findings] == [("HS0226", Severity.ERROR)]


def test_a_model_whose_own_outputs_are_none_may_not_ship(tmp_path: Path) -> None:
    weights = benign()
    weights[0][:] = 3e38  # finite, but no sum of two of them is
    artefacts, _, sink = run(
        saved(tmp_path, network(weights), samples(network(benign()))), tmp_path / "cache"
    )
    assert artefacts == ()
    assert [f.code for f in sink.findings] == ["HS0601"]
    assert "not finite" in sink.findings[0].message


def test_several_outputs_are_all_kept_and_judged(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign(), outputs=2), variants=("fp32",))
    (made,), _, _ = run(net, tmp_path / "cache")
    with np.load(made.golden_outputs) as golden:
        assert sorted(golden.files) == ["output_000", "output_001"]


def test_a_fixed_batch_of_one_is_run_sample_by_sample(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign(), shape=(1, WIDTH)))
    (made,), _, _ = run(net, tmp_path / "cache")
    with np.load(made.golden_outputs) as golden:
        assert golden["output_000"].shape == (8, CLASSES)


def test_several_inputs_are_all_fed(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Add", ["x", "z"], ["s"]),
        helper.make_node("MatMul", ["s", "w"], ["y"]),
    ]
    made = helper.make_model(helper.make_graph(
        nodes, "two",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", WIDTH]) for n in ("x", "z")],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", CLASSES])],
        [numpy_helper.from_array(np.eye(WIDTH, CLASSES, dtype=np.float32), "w")],
    ), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)  # fmt: skip
    x = np.random.default_rng(1).random((SAMPLES, WIDTH)).astype(np.float32)
    arrays = {"x": x, "z": x[::-1].copy(), "label": (x + x[::-1])[:, :CLASSES].argmax(axis=1)}
    net = saved(tmp_path, made, arrays, variants=("fp32",))
    (artefact,), _, _ = run(net, tmp_path / "cache")
    with np.load(artefact.golden_inputs) as golden:
        assert sorted(golden.files) == ["x", "z"]
    assert artefact.verdicts[0].evidence.variant == 1.0

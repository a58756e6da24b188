"""Fixed sizes: one sample, what the data have, and no success where a size stays open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from property.graphs import facts
from unit.optimise.test_optimise import FP32, INT8, benign, network, saved
from unit.optimise.test_runtime import planned

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.graph import Tensor
from hybridspec.ir.runtime import FIXED, RUNTIMES
from hybridspec.optimise.candidate import Host, ways
from hybridspec.optimise.fixed import StaysOpen, fix
from hybridspec.optimise.latency import latency_table
from hybridspec.optimise.optimise import optimise
from hybridspec.optimise.passes import PassFailed, build
from hybridspec.optimise.recipe import recipe, recipes
from hybridspec.optimise.run import outputs, session
from hybridspec.optimise.runtime import misfits
from hybridspec.optimise.search import search
from hybridspec.optimise.workshop import Local

VALUE = helper.make_tensor_value_info


def written(path: Path, nodes: list[onnx.NodeProto], given: object, made: object) -> Path:
    """A file of these operators over the tensor `x`, with its result `y`."""
    shape = [numpy_helper.from_array(np.array([0, -1], np.int64), "flat")]
    graph = helper.make_graph(
        nodes, "g", [VALUE("x", TensorProto.FLOAT, given)], [VALUE("y", TensorProto.FLOAT, made)],
        shape,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def sized(tmp_path: Path) -> Path:
    """A model that works out its own shapes from an open size."""
    return written(tmp_path / "m.onnx", [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("ConstantOfShape", ["s"], ["zeros"]),
        helper.make_node("Add", ["x", "zeros"], ["sum"]),
        helper.make_node("Reshape", ["sum", "flat"], ["y"]),
    ], ["N", "T", 4], ["N", "M"])  # fmt: skip


def test_sizes_become_those_of_the_data_and_what_follows_is_folded(tmp_path: Path) -> None:
    source, target = sized(tmp_path), tmp_path / "f.onnx"
    fix(source, target, {"x": (1, 6, 4)})
    loaded = session(target)
    assert loaded.get_inputs()[0].shape == [1, 6, 4]
    assert loaded.get_outputs()[0].shape == [1, 24]
    kinds = {node.op_type for node in onnx.load(target).graph.node}
    assert not kinds & {"Shape", "ConstantOfShape"}
    given = {"x": np.random.default_rng(0).normal(size=(3, 6, 4)).astype(np.float32)}
    assert np.array_equal(outputs(source, given)[0], outputs(target, given)[0])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["f.onnx", "m.onnx"]


def test_a_size_that_only_data_tell_is_asked_for(tmp_path: Path) -> None:
    source = sized(tmp_path)
    with pytest.raises(StaysOpen, match="`x` leaves a size open: give evaluation data"):
        fix(source, tmp_path / "f.onnx", {})
    with pytest.raises(PassFailed, match="give evaluation data"):
        build(recipe("fp32-fixed"), source, tmp_path / "f.onnx", {}, ["x"])


def test_sizes_that_follow_from_values_are_no_success(tmp_path: Path) -> None:
    source = written(tmp_path / "m.onnx", [
        helper.make_node("NonZero", ["x"], ["places"]),
        helper.make_node("Cast", ["places"], ["y"], to=TensorProto.FLOAT),
    ], ["N", 4], None)  # fmt: skip
    with pytest.raises(StaysOpen, match=r"open|what is in the inputs"):
        fix(source, tmp_path / "f.onnx", {"x": (1, 4)})


def test_only_runtimes_that_need_it_get_fixed_sizes() -> None:
    open_one = facts(free_batch=("x",), inputs=(Tensor(name="x", dtype="float32", shape=(1, 8)),))
    for runtime in RUNTIMES:
        found = {one.id: one.fixed for one in recipes(open_one, "fp32", runtime, "arm64")}
        assert ("fp32-fixed" in found) == (runtime in FIXED)
        assert bool(misfits(runtime, open_one, fixed=False)) == (runtime in FIXED)
        assert misfits(runtime, open_one, fixed=True) == ()
        assert all(one.fixed == (runtime == "qnn")
                   for one in recipes(open_one, "int8", runtime, "arm64"))  # fmt: skip
    closed = replace(open_one, free_batch=())
    assert "fp32-fixed" not in {one.id for one in recipes(closed, "fp32", "qnn", "arm64")}
    assert misfits("qnn", closed, fixed=False) == ()
    words = facts(inputs=(Tensor(name="ids", dtype="int64", shape=(1, 8)),))
    (why,) = misfits("tflm", words, fixed=True)
    assert "`ids` is int64" in why


def test_what_an_npu_gets_is_fixed_and_judged_like_anything_else(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign()))
    assert net.facts.free_batch
    host = Host(name="phone", architecture="arm64", runtime="qnn", estimate=lambda _: None,
                memory=lambda _: 1)  # fmt: skip
    assert [way.recipe.id for way in ways(net, "fp32", host)] == ["fp32-as-written", "fp32-fixed"]
    found = search(net, ("fp32",), host, Local(tmp_path / "c", lambda _: None), lambda _: None)
    first, second = found.candidates
    assert "it leaves sizes open" in first.reasons[0]
    assert found.chosen is not None
    assert found.chosen.recipe == second.recipe == "fp32-fixed"
    assert second.verdict is not None
    assert second.verdict.evidence.cosine > 0.99999
    assert second.folder is not None
    shapes = [value.shape for value in session(second.folder / "model.onnx").get_inputs()]
    assert all(isinstance(size, int) for shape in shapes for size in shape)


def test_a_plan_ships_fixed_sizes_where_a_runtime_needs_them(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign()), variants=("fp32",))
    rows = (FP32, INT8, replace(FP32, runtime="qnn"))
    of, plan, sink = planned(net, "qnn", rows)
    assert plan is not None, sink.findings
    sink = Sink()
    (made,), _ = optimise(plan, latency_table(of), tmp_path / "c", lambda _: None, sink)
    assert (made.variant, sink.findings) == ("fp32", ())
    assert made.verdicts[-1].evidence.recipe == "fp32-fixed"
    assert session(made.path).get_inputs()[0].shape[0] == 1


def test_eight_bits_of_an_npu_are_compared_with_the_original_on_the_cpu(tmp_path: Path) -> None:
    net = saved(tmp_path, network(benign()))
    of, plan, sink = planned(net, "qnn", (FP32, INT8, replace(INT8, runtime="qnn")))
    assert plan is not None, sink.findings
    sink = Sink()
    (made,), rejected = optimise(plan, latency_table(of), tmp_path / "c", lambda _: None, sink)
    assert (made.variant, rejected, sink.findings) == ("int8", frozenset(), ())
    assert made.verdicts[-1].evidence.recipe == "int8-static-qnn"
    assert made.estimate.basis.startswith("estimated, qnn int8")
    assert session(made.path).get_inputs()[0].shape[0] == 1

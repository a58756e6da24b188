"""A model is cut where one small tensor carries everything, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper, utils
from unit.load.test_work import facts, node, zeros

from hybridspec.ir.half import head, tail
from hybridspec.load.cuts import MAX_CUTS
from hybridspec.load.model import facts_of


def names(found: dict[str, Any]) -> list[str]:
    return [cut["tensor"]["name"] for cut in found["cuts"]]


def chain(folder: Path, widths: Sequence[int], first: int = 32) -> dict[str, Any]:
    """Products that take `first` numbers to each width in turn; the last is the output."""
    sizes = [first, *widths]
    weights = {f"w{i}": zeros(a, b) for i, (a, b) in enumerate(zip(sizes, widths, strict=False))}
    tensors = ["x", *(f"t{i}" for i in range(len(widths) - 1)), "y"]
    nodes = [node("MatMul", tensors[i], f"w{i}", out=tensors[i + 1]) for i in range(len(widths))]
    return facts(folder, nodes, ["N", first], weights)


def test_a_cut_is_smaller_than_all_before_it(tmp_path: Path) -> None:
    found = chain(tmp_path, [64, 16, 24, 16, 8, 4])
    assert names(found) == ["t1", "t4"]  # 64 widens, 24 and the second 16 gain nothing
    assert [cut["size"] for cut in found["cuts"]] == [64, 32]


def test_work_is_shared_between_the_halves(tmp_path: Path) -> None:
    found = chain(tmp_path, [16, 8, 4])
    known = facts_of(found, "d", 10_000)
    for index in range(len(known.cuts)):
        first, second = head(known, index), tail(known, index)
        assert known.kernels.without(first.kernels) == second.kernels
        for key in ("gemm_macs", "conv_macs", "moved", "operators", "weights"):
            assert getattr(first, key) + getattr(second, key) == getattr(known, key)
        assert first.outputs == second.inputs == (known.cuts[index].tensor,)
        assert first.peak_activations <= known.peak_activations
    assert head(known, 0).gemm_macs == 32 * 16


def test_a_branch_is_not_cut_inside(tmp_path: Path) -> None:
    nodes = [
        node("MatMul", "x", "w", out="a"), node("Relu", "a", out="b"),
        node("Sigmoid", "a", out="c"),
        node("Add", "b", "c", out="d"), node("ReduceMax", "d", out="e", keepdims=1, axes=[1]),
        node("Exp", "e"),
    ]  # fmt: skip
    assert names(facts(tmp_path, nodes, ["N", 32], {"w": zeros(32, 8)})) == ["a", "e"]


def test_an_input_that_is_read_later_is_not_left_behind(tmp_path: Path) -> None:
    nodes = [node("MatMul", "x", "w", out="a"), node("MatMul", "x", "w", out="b"),
             node("Mul", "a", "b")]  # fmt: skip
    assert names(facts(tmp_path, nodes, ["N", 32], {"w": zeros(32, 8)})) == []


def test_what_depends_on_weights_alone_is_no_second_tensor(tmp_path: Path) -> None:
    nodes = [node("Relu", "w2", out="k"), node("MatMul", "x", "w", out="a"),
             node("MatMul", "a", "k")]  # fmt: skip
    found = facts(tmp_path, nodes, ["N", 32], {"w": zeros(32, 8), "w2": zeros(8, 2)})
    assert names(found) == ["a"]


def test_an_early_output_forbids_cuts_after_it(tmp_path: Path) -> None:
    def both(made: onnx.ModelProto) -> None:
        made.graph.output.append(helper.make_tensor_value_info("a", TensorProto.FLOAT, ["N", 8]))

    nodes = [node("MatMul", "x", "w", out="a"), node("MatMul", "a", "w2", out="b"),
             node("Relu", "b")]  # fmt: skip
    weights = {"w": zeros(32, 8), "w2": zeros(8, 4)}
    assert names(facts(tmp_path, nodes, ["N", 32], weights)) == ["a", "b"]
    assert names(facts(tmp_path, nodes, ["N", 32], weights, change=both)) == []


@pytest.mark.parametrize("kind", ["If", "unpriced", "free"])
def test_what_cannot_be_told_is_not_cut(tmp_path: Path, kind: str) -> None:
    nodes = [node("MatMul", "x", "w", out="a"), node("Relu", "a")]
    shape: list[int | str] = ["N", 32]
    if kind == "If":
        y = helper.make_tensor_value_info("b", TensorProto.FLOAT, None)
        inner = helper.make_graph([node("Relu", "x", out="b")], "g", [], [y])
        truth = numpy_helper.from_array(np.array(True), "t")
        nodes = [helper.make_node("Constant", [], ["t"], value=truth),
                 node("MatMul", "x", "w", out="a"),
                 helper.make_node("If", ["t"], ["c"], then_branch=inner, else_branch=inner),
                 node("Add", "a", "c")]  # fmt: skip
    elif kind == "unpriced":
        nodes = [node("MatMul", "x", "w", out="a"), node("Det", "a")]
    else:
        shape = ["N", "M", 32]
    assert facts(tmp_path, nodes, shape, {"w": zeros(32, 32 if kind == "If" else 8)})["cuts"] == []


def test_of_many_cuts_a_spread_few_are_kept_with_the_last(tmp_path: Path) -> None:
    found = chain(tmp_path, list(range(60, 1, -1)), first=64)
    assert len(found["cuts"]) == MAX_CUTS
    assert names(found)[-1] == "t57"
    assert [cut["size"] for cut in found["cuts"]] == sorted(
        {cut["size"] for cut in found["cuts"]}, reverse=True
    )


def test_the_halves_compute_what_the_whole_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    weights = {"w": rng.random((32, 8), np.float32), "w2": rng.random((8, 4), np.float32)}
    nodes = [node("MatMul", "x", "w", out="a"), node("Relu", "a", out="b"),
             node("MatMul", "b", "w2")]  # fmt: skip
    (first, *_) = facts(tmp_path, nodes, ["N", 32], weights, out=["N", 4])["cuts"]
    whole, before, after = (str(tmp_path / name) for name in ("m.onnx", "h.onnx", "t.onnx"))
    name = first["tensor"]["name"]
    utils.extract_model(whole, before, ["x"], [name])
    utils.extract_model(whole, after, [name], ["y"])
    x = rng.random((5, 32), np.float32)

    def answer(path: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return np.asarray(session.run(None, inputs)[0])

    both = answer(after, {name: answer(before, {"x": x})})
    np.testing.assert_array_equal(both, answer(whole, {"x": x}))

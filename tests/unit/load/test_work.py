"""Work is counted or it is unpriced: never zero because nobody could tell."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from hybridspec.load.probe_child import probe
from hybridspec.load.structure import MAX_NODES, Refused


def facts(
    folder: Path, nodes: Sequence[onnx.NodeProto], shape: Sequence[int | str],
    weights: dict[str, np.ndarray] | None = None, change: Any = None, out: Any = None,
    domain: str = "",
) -> dict[str, Any]:  # fmt: skip
    """What the probe counts for a model from `x` to `y`."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, out or ["any"])
    named = [numpy_helper.from_array(a, name) for name, a in (weights or {}).items()]
    graph = helper.make_graph(nodes, "g", [x], [y], named)
    opsets = [helper.make_opsetid("", 17)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    made = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    if change is not None:
        change(made)
    path = folder / "m.onnx"
    path.write_bytes(made.SerializeToString())
    return probe(str(path))


def node(kind: str, *inputs: str, out: str = "y", **attributes: Any) -> onnx.NodeProto:
    """A node with one output."""
    return helper.make_node(kind, list(inputs), [out], **attributes)


def zeros(*shape: int, kind: type = np.float32) -> np.ndarray:
    return np.zeros(shape, kind)


def test_convolutions_and_products_are_counted(tmp_path: Path) -> None:
    conv = facts(tmp_path, [node("Conv", "x", "w")], ["N", 3, 8, 8], {"w": zeros(4, 3, 3, 3)})
    assert (conv["conv_macs"], conv["gemm_macs"]) == (4 * 6 * 6 * 3 * 9, 0)
    grouped = facts(tmp_path, [node("Conv", "x", "w", group=3)], ["N", 3, 8, 8],
                    {"w": zeros(3, 1, 3, 3)})  # fmt: skip
    assert grouped["conv_macs"] == 3 * 6 * 6 * 9
    back = facts(tmp_path, [node("ConvTranspose", "x", "w")], ["N", 3, 8, 8],
                 {"w": zeros(3, 4, 2, 2)})  # fmt: skip
    assert back["conv_macs"] == 3 * 64 * 4 * 4
    product = facts(tmp_path, [node("MatMul", "x", "w")], ["N", 5, 7], {"w": zeros(7, 2)})
    assert product["gemm_macs"] == 5 * 2 * 7
    turned = facts(tmp_path, [node("Gemm", "x", "w", transA=1)], [1, 7], {"w": zeros(1, 2)})
    assert turned["gemm_macs"] == 7 * 2 * 1
    for counted in (conv, grouped, back, product, turned):
        assert counted["unpriced"] == counted["unknown"] == []


@pytest.mark.parametrize(("kind", "gates"), [("RNN", 1), ("GRU", 3), ("LSTM", 4)])
def test_recurrent_operators_are_counted(tmp_path: Path, kind: str, gates: int) -> None:
    weights = {"w": zeros(1, gates * 16, 8), "r": zeros(1, gates * 16, 16)}
    turned = node("Transpose", "x", out="t", perm=[1, 0, 2])
    recurrent = node(kind, "t", "w", "r", hidden_size=16)
    counted = facts(tmp_path, [turned, recurrent], ["N", 50, 8], weights)
    assert counted["gemm_macs"] == 50 * gates * 16 * (8 + 16)
    assert counted["kernels"]["recurrent"] == counted["gemm_macs"]
    assert counted["unpriced"] == []


def test_quantised_operators_are_counted_like_the_others(tmp_path: Path) -> None:
    nodes = [
        node("QuantizeLinear", "x", "s", "z", out="q"),
        node("QLinearConv", "q", "s", "z", "w", "s", "wz", "s", "z", out="c"),
        node("DequantizeLinear", "c", "s", "z"),
    ]
    weights = {"s": np.array(1, np.float32), "z": np.array(0, np.uint8),
               "wz": np.array(0, np.int8), "w": zeros(4, 3, 3, 3, kind=np.int8)}  # fmt: skip
    counted = facts(tmp_path, nodes, ["N", 3, 8, 8], weights)
    assert counted["conv_macs"] == 4 * 6 * 6 * 3 * 9


def test_sizes_that_follow_from_the_batch_are_worked_out(tmp_path: Path) -> None:
    nodes = [
        node("Shape", "x", out="s"), node("Gather", "s", "zero", out="n"),
        node("Unsqueeze", "n", "first", out="n1"), helper.make_node("Concat", ["n1", "rest"], ["t"],
                                                                    axis=0),
        node("Reshape", "x", "t", out="flat"), node("MatMul", "flat", "w"),
    ]  # fmt: skip
    weights = {"zero": np.array(0), "first": np.array([0]), "rest": np.array([-1]),
               "w": zeros(32, 5)}  # fmt: skip
    counted = facts(tmp_path, nodes, ["N", 4, 8], weights)
    assert (counted["gemm_macs"], counted["unpriced"]) == (160, [])


def test_sizes_that_are_left_open_make_the_work_unpriced(tmp_path: Path) -> None:
    counted = facts(tmp_path, [node("Conv", "x", "w")], ["N", 3, "H", "W"],
                    {"w": zeros(4, 3, 3, 3)})  # fmt: skip
    assert counted["unpriced"] == ["Conv"]
    light = facts(tmp_path, [node("Relu", "x")], ["N", "H"])
    assert (light["unpriced"], light["unknown"]) == ([], ["Relu"])


def test_sizes_that_a_file_claims_are_not_believed(tmp_path: Path) -> None:
    def lie(made: onnx.ModelProto) -> None:
        made.graph.value_info.append(
            helper.make_tensor_value_info("c", TensorProto.FLOAT, [1, 1, 1, 1])
        )

    nodes = [node("Conv", "x", "w", out="c"), node("Relu", "c")]
    counted = facts(tmp_path, nodes, ["N", 3, 8, 8], {"w": zeros(4, 3, 3, 3)}, lie, [1, 1, 1, 1])
    assert counted["conv_macs"] == 4 * 6 * 6 * 3 * 9
    assert counted["outputs"][0]["shape"] == [1, 1, 1, 1]


def test_functions_of_a_model_are_looked_into(tmp_path: Path) -> None:
    def define(made: onnx.ModelProto) -> None:
        made.functions.append(helper.make_function(
            "own", "Twice", ["a", "b"], ["d"],
            [helper.make_node("MatMul", ["a", "b"], ["m"]), helper.make_node("Relu", ["m"], ["d"])],
            [helper.make_opsetid("", 17)],
        ))  # fmt: skip

    call = helper.make_node("Twice", ["x", "w"], ["y"], domain="own")
    counted = facts(tmp_path, [call], ["N", 6], {"w": zeros(6, 3)}, define, domain="own")
    assert (counted["gemm_macs"], counted["unpriced"]) == (18, [])


def test_functions_that_grow_without_end_are_refused(tmp_path: Path) -> None:
    own = helper.make_opsetid("own", 1)

    def define(made: onnx.ModelProto) -> None:
        for depth in range(30):
            deeper = f"F{depth + 1}" if depth < 29 else "Relu"
            domain = "own" if depth < 29 else ""
            made.functions.append(helper.make_function(
                "own", f"F{depth}", ["a"], ["c"],
                [helper.make_node(deeper, ["a"], ["b"], domain=domain),
                 helper.make_node(deeper, ["b"], ["c"], domain=domain)],
                [helper.make_opsetid("", 17), own],
            ))  # fmt: skip

    with pytest.raises(Refused, match="more than 100,000 operators"):
        facts(tmp_path, [helper.make_node("F0", ["x"], ["y"], domain="own")], ["N", 4], {}, define,
              domain="own")  # fmt: skip


def test_a_model_of_too_many_operators_is_refused(tmp_path: Path) -> None:
    nodes = [node("Relu", f"t{i}" if i else "x", out=f"t{i + 1}") for i in range(MAX_NODES + 1)]
    with pytest.raises(Refused, match="more than 100,000 operators"):
        facts(tmp_path, nodes, ["N", 4])


def test_a_batch_that_is_fixed_to_several_samples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="takes 8 samples at once"):
        facts(tmp_path, [node("MatMul", "x", "w")], [8, 4], {"w": zeros(4, 2)})
    assert facts(tmp_path, [node("MatMul", "x", "w")], [1, 4], {"w": zeros(4, 2)})["opset"] == 17


def branch() -> onnx.GraphProto:
    """A branch that multiplies, out of sight of a count over the main graph."""
    made = helper.make_tensor_value_info("b", TensorProto.FLOAT, [4, 4])
    return helper.make_graph([node("MatMul", "big", "big", out="b")], "branch", [], [made])


def test_branches_and_custom_operators_are_unpriced(tmp_path: Path) -> None:
    choice = node("If", "c", then_branch=branch(), else_branch=branch())
    nodes = [node("Identity", "x", out="big"), choice]
    counted = facts(tmp_path, nodes, ["N", 4], {"c": np.array(True)})
    assert counted["unpriced"] == ["If"]
    custom = helper.make_node("FusedConv", ["x"], ["y"], domain="com.microsoft")
    counted = facts(tmp_path, [custom], ["N", 4], domain="com.microsoft")
    assert counted["unpriced"] == ["com.microsoft.FusedConv"]


def test_an_operator_that_nobody_has_classed_is_unpriced(tmp_path: Path) -> None:
    counted = facts(tmp_path, [node("Einsum", "x", "w", equation="ij,jk->ik")], ["N", 4],
                    {"w": zeros(4, 4)})  # fmt: skip
    assert counted["unpriced"] == ["Einsum"]


def kinds(counted: dict[str, Any]) -> dict[str, int]:
    return {kind: macs for kind, macs in counted["kernels"].items() if macs}


@pytest.mark.parametrize(
    ("kind", "weight", "attributes"),
    [
        ("dense", (4, 3, 3, 3), {}),
        ("dense", (4, 3, 3, 3), {"pads": [1, 1, 1, 1], "strides": [1, 1]}),
        ("other", (4, 3, 3, 3), {"strides": [2, 2]}),
        ("other", (4, 3, 3, 3), {"dilations": [2, 2]}),
        ("other", (4, 3, 5, 5), {}),
        ("pointwise", (4, 3, 1, 1), {"strides": [2, 2]}),
        ("depthwise", (3, 1, 3, 3), {"group": 3}),
        ("depthwise", (6, 1, 1, 1), {"group": 3}),
    ],
)
def test_convolutions_have_a_kind(
    tmp_path: Path, kind: str, weight: tuple[int, ...], attributes: dict[str, Any]
) -> None:
    counted = facts(tmp_path, [node("Conv", "x", "w", **attributes)], ["N", 3, 8, 8],
                    {"w": zeros(*weight)})  # fmt: skip
    assert kinds(counted) == {kind: counted["conv_macs"]}


def test_products_of_computed_tensors_are_attention(tmp_path: Path) -> None:
    nodes = [
        node("DequantizeLinear", "q", "s", out="w"), node("MatMul", "x", "w", out="a"),
        node("Transpose", "a", out="b", perm=[0, 2, 1]), node("MatMul", "a", "b"),
    ]  # fmt: skip
    weights = {"q": zeros(8, 4, kind=np.int8), "s": np.array(1, np.float32)}
    counted = facts(tmp_path, nodes, ["N", 6, 8], weights)
    assert kinds(counted) == {"gemm": 6 * 8 * 4, "attention": 6 * 6 * 4}
    assert counted["gemm_macs"] == 6 * 8 * 4 + 6 * 6 * 4

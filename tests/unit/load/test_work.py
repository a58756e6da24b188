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
from hybridspec.load.work import COUNTED, LIGHT, kind_of


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
    assert facts(tmp_path, [node("Det", "x")], ["N", 4, 4])["unpriced"] == ["Det"]


@pytest.mark.parametrize(("equation", "shape", "other", "macs"), [
    ("ij,jk->ik", ["N", 4], (4, 5), 20), ("bij,jk->bik", ["N", 3, 4], (4, 5), 60),
    ("...ij,jk->...ik", ["N", 2, 3, 4], (4, 5), 120), ("ij,kj", ["N", 4], (5, 4), 20),
])  # fmt: skip
def test_einstein_sums_multiply_as_many_numbers_as_their_letters_have_values(
    tmp_path: Path, equation: str, shape: list[int | str], other: tuple[int, ...], macs: int
) -> None:
    made = node("Einsum", "x", "w", equation=equation)
    found = facts(tmp_path, [made], shape, {"w": zeros(*other)})
    assert (found["kernels"]["gemm"], found["unpriced"]) == (macs, [])
    alone = facts(tmp_path, [node("Einsum", "x", equation="ij->ji")], ["N", 4])
    assert (alone["gemm_macs"], alone["moved"], alone["unpriced"]) == (0, 32, [])


def own(kind: str, *inputs: str, out: str = "y", **attributes: Any) -> onnx.NodeProto:
    """An operator of onnxruntime."""
    return helper.make_node(kind, list(inputs), [out], domain="com.microsoft", **attributes)


def test_a_transformer_in_operators_of_onnxruntime_is_counted_throughout(tmp_path: Path) -> None:
    weights = {
        "qkv": zeros(8, 24), "b": zeros(24), "g": zeros(8), "up": zeros(8, 32), "bias": zeros(32),
        "down": zeros(32, 8), "square": zeros(8, 8),
        "narrow": zeros(4, 1, 16, kind=np.uint8), "scale": zeros(4),
    }  # fmt: skip
    nodes = [
        own("Attention", "x", "qkv", "b", out="a", num_heads=2),
        own("SkipLayerNormalization", "a", "x", "g", "g", out="n"),
        node("MatMul", "n", "up", out="u"),
        own("BiasGelu", "u", "bias", out="f"),
        own("FusedMatMul", "f", "down", out="e"),
        own("FusedMatMul", "e", "square", out="d", transB=1),
        own("MultiHeadAttention", "d", "n", "n", out="m", num_heads=2),
        own("MatMulNBits", "m", "narrow", "scale", K=8, N=4, bits=4, block_size=32),
    ]
    found = facts(tmp_path, nodes, ["N", 6, 8], weights, domain="com.microsoft")
    assert found["unpriced"] == found["unknown"] == []
    assert found["kernels"]["attention"] == 2 * (2 * 6 * 6 * 8)
    assert found["kernels"]["gemm"] == 6 * (8 * 24 + 2 * 8 * 32 + 8 * 8 + 8 * 4)


def test_convolutions_of_onnxruntime_and_quantised_sums_are_counted(tmp_path: Path) -> None:
    nodes = [
        own("FusedConv", "x", "w", out="c", activation="Relu", strides=[2, 2]),
        own("QuantizeLinear", "c", "s", "z", out="q"),
        own("QLinearAdd", "q", "s", "z", "q", "s", "z", "s", "z", out="t"),
        own("QLinearGlobalAveragePool", "t", "s", "z", "s", "z", out="p"),
        own("DequantizeLinear", "p", "s", "z"),
    ]
    weights = {"w": zeros(4, 3, 3, 3), "s": np.array(1, np.float32), "z": np.array(0, np.uint8)}
    found = facts(tmp_path, nodes, ["N", 3, 9, 9], weights, domain="com.microsoft")
    assert found["conv_macs"] == 4 * 4 * 4 * 27
    assert found["unpriced"] == found["unknown"] == []
    assert found["moved"] < 2400  # quantised tensors have one byte a number


@pytest.mark.parametrize("wrong", [
    own("Attention", "x", "x"), own("MatMulNBits", "x", K=-1, N=2), own("FusedMatMul", "x"),
    own("GroupQueryAttention", "x", "", ""), own("Nonsense", "x"),
    node("Einsum", "x", "x", equation="->"),
])  # fmt: skip
def test_what_onnxruntime_would_refuse_is_unpriced(tmp_path: Path, wrong: onnx.NodeProto) -> None:
    try:
        found = facts(tmp_path, [wrong], ["N", 4], domain="com.microsoft")
    except Refused:
        return
    assert found["unpriced"] == [kind_of(wrong)]


UNPRICED = """
CausalConvWithState ConcatFromSequence DFT Det If ImageDecoder LinearAttention Loop MelWeightMatrix
Optional OptionalGetElement OptionalHasElement RegexFullMatch STFT Scan SequenceAt SequenceConstruct
SequenceEmpty SequenceErase SequenceInsert SequenceLength SequenceMap SplitToSequence StringConcat
StringNormalizer StringSplit TfIdfVectorizer
"""


def test_every_operator_of_the_installed_onnx_is_counted_or_known_not_to_be() -> None:
    known = {one.name for one in onnx.defs.get_all_schemas() if one.domain == ""}
    left = known - LIGHT - set(COUNTED)
    assert left == set(UNPRICED.split())
    page = (Path(__file__).parents[3] / "docs/models.md").read_text()
    assert not [name for name in (*left, *COUNTED) if f"`{name.split('.')[-1]}`" not in page]

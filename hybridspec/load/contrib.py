"""Operators of onnxruntime's own: for each an operator of ONNX that has the same shapes.

Runs in the process that opens a hostile model. Shapes are inferred with these in their place, so
that what comes after them is known too. What is not here has no known shape.
"""

from __future__ import annotations

from collections.abc import Mapping

import onnx
from onnx import TensorProto, helper

DOMAIN = "com.microsoft"
_SAME = frozenset(
    """
    BiasAdd BiasGelu FastGelu Gelu GroupNorm QLinearLeakyRelu QLinearSigmoid QLinearSoftmax
    QuickGelu RotaryEmbedding SimplifiedLayerNormalization SkipGroupNorm SkipLayerNormalization
    SkipSimplifiedLayerNormalization
    """.split()
)
"""Operators whose first output is like their first input."""
_OTHERS = {
    "DynamicQuantizeMatMul": ("MatMul", (0, 1)), "EmbedLayerNormalization": ("Gather", (2, 0)),
    "FusedConv": ("Conv", (0, 1, 2)), "FusedGemm": ("Gemm", (0, 1)),
    "MatMulIntegerToFloat": ("MatMul", (0, 1)), "QEmbedLayerNormalization": ("Gather", (2, 0)),
    "QGemm": ("Gemm", (0, 3)), "QLinearAdd": ("Add", (0, 3)),
    "QLinearAveragePool": ("AveragePool", (0,)), "QLinearMul": ("Mul", (0, 3)),
    "QLinearGlobalAveragePool": ("GlobalAveragePool", (0,)), "QLinearWhere": ("Where", (0, 1, 4)),
    "QLinearReduceMean": ("ReduceMean", (0,)),
}  # fmt: skip
"""The operator of ONNX that has the same shapes, and which inputs it takes."""
_SAID = {
    "Conv": ("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"),
    "Gemm": ("transA", "transB"), "ReduceMean": ("axes", "keepdims"),
    "AveragePool": ("auto_pad", "ceil_mode", "kernel_shape", "pads", "strides"),
}  # fmt: skip
LIGHT = frozenset(
    f"{DOMAIN}.{name}"
    for name in (
        *_SAME, *(name for name in _OTHERS if name.startswith(("QLinear", "Embed", "QEmbed"))),
        "DequantizeLinear", "QLinearConcat", "QuantizeLinear",
    )
)  # fmt: skip
"""Operators that take about as long as it takes to move their tensors."""


def standing_in(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """The operators of a graph, those of onnxruntime as what has the same shapes."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    return [made for node in graph.node for made in _stand_in(node, constants)]


def _stand_in(
    node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]
) -> list[onnx.NodeProto]:
    if node.domain != DOMAIN or not node.output or not node.input:
        return [node]
    kind, given, out = node.op_type, list(node.input), [node.output[0]]
    said = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if kind in _SAME or (kind in _ATTENTION and _keeps(node, constants)):
        return [helper.make_node("Identity", given[:1], out)]
    if kind in ("QuantizeLinear", "DequantizeLinear"):
        zero = constants.get(given[2]) if len(given) > 2 else None
        narrow = zero.data_type if zero is not None else TensorProto.UINT8
        to = narrow if kind == "QuantizeLinear" else TensorProto.FLOAT
        return [helper.make_node("Cast", given[:1], out, to=to)]
    if kind in ("FusedMatMul", "TransposeMatMul"):
        turned = [bool(said.get(key)) for key in ("transA", "transB")]
        if not any(turned):
            return [helper.make_node("MatMul", given[:2], out)]
        flat = given[1:] and given[1] in constants and len(constants[given[1]].dims) == 2
        left = "...ki" if turned[0] else "...ik"
        right = ("" if flat else "...") + ("jk" if turned[1] else "kj")
        return [helper.make_node("Einsum", given[:2], out, equation=f"{left},{right}->...ij")]
    if kind == "MatMulNBits" and {"N", "K"} <= set(said):
        sizes, whole = f"{out[0]}/sizes", f"{out[0]}/weights"
        value = helper.make_tensor("", TensorProto.INT64, [2], [said["K"], said["N"]])
        return [
            helper.make_node("Constant", [], [sizes], value=value),
            helper.make_node("ConstantOfShape", [sizes], [whole]),
            helper.make_node("MatMul", [given[0], whole], out),
        ]
    if kind == "QLinearConcat":
        return [helper.make_node("Concat", given[2::3], out, axis=said.get("axis", 0))]
    if kind in _OTHERS:
        name, places = _OTHERS[kind]
        kept = {key: said[key] for key in _SAID.get(name, ()) if key in said}
        taken = [given[place] for place in places if place < len(given)]
        return [helper.make_node(name, taken, out, **kept)]
    return [node]


_ATTENTION = ("Attention", "GroupQueryAttention", "MultiHeadAttention", "QAttention")


def _keeps(node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]) -> bool:
    """Whether attention gives a tensor of its first input's shape: not where that is packed."""
    if node.op_type in ("Attention", "QAttention"):
        weight = constants.get(node.input[1]) if len(node.input) > 1 else None
        return weight is not None and len(weight.dims) == 2 and weight.dims[1] == 3 * weight.dims[0]
    return len(node.input) > 2 and bool(node.input[1]) and bool(node.input[2])

"""Whether an input has time as its first dimension, as ONNX's recurrent operators want it.

Samples have to be along the first dimension: whoever takes time for them gives a wrong answer.
"""

from __future__ import annotations

import onnx

_RECURRENT = ("RNN", "GRU", "LSTM")
_KEEPING = frozenset(
    "Add BatchNormalization Cast Clip DequantizeLinear Div Dropout Elu Gelu Identity LeakyRelu "
    "LayerNormalization MatMul Mul QuantizeLinear Relu Sigmoid Sub Tanh".split()
)
"""Operators after which the first dimension is the one that it was."""
_MOST = 1_000
"""Operators in a row that are followed."""


def time_first(graph: onnx.GraphProto, fed: list[onnx.ValueInfoProto]) -> str:
    """The input whose first dimension is time; empty if there is none."""
    sizes = {value.name: value.type.tensor_type.shape.dim for value in fed}
    made = {name: node for node in graph.node for name in node.output if name}
    for node in graph.node:
        if node.op_type not in _RECURRENT or any(
            a.name == "layout" and a.i for a in node.attribute
        ):
            continue
        name = _origin(node.input[0] if node.input else "", made)
        # One step of one sample is the same either way.
        if (
            name in sizes
            and len(sizes[name]) > 1
            and not all(size.dim_value == 1 for size in sizes[name][:2])
        ):
            return name
    return ""


def _origin(name: str, made: dict[str, onnx.NodeProto]) -> str:
    """The tensor that a tensor was made of, step by step, without moving dimensions."""
    for _ in range(_MOST):
        node = made.get(name)
        if node is None:
            return name
        if node.op_type == "Gather" and len(node.input) > 1:
            name = node.input[1]  # embeddings: what is looked up keeps its dimensions
        elif node.op_type in _KEEPING and node.input:
            name = node.input[0]
        elif node.op_type in _RECURRENT:
            return ""  # that one is looked at itself
        else:
            return ""
    return ""

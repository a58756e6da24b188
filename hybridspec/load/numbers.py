"""What a model's own numbers say against it: weights that are none, and tensors that hold nothing.

Runs in the process that opens a hostile model, after sizes and claims were found to agree.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from hybridspec.load.structure import Refused, refused_name

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.BFLOAT16)
_FACTORS = frozenset(
    "Conv ConvTranspose Gemm MatMul RNN GRU LSTM BatchNormalization LayerNormalization "
    "InstanceNormalization GroupNormalization RMSNormalization".split()
)
"""Operators that multiply by what they read: infinity there ends in NaN. Masks may be infinite."""
_JOINING = frozenset(("Concat", "Resize", "Upsample", "Shape"))
"""Operators for which a tensor without elements is an ordinary thing."""


def refuse_numbers(graph: onnx.GraphProto) -> None:
    """Raise `Refused` where a weight is NaN, or infinite and a factor; it names the tensor."""
    factors = {name for node in graph.node if node.op_type in _FACTORS for name in node.input}
    for name, tensor in _constants(graph):
        if tensor.data_type not in _FLOATS:
            continue
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind != "f":  # a format that numpy itself does not know
            values = values.astype(np.float32)
        if np.isfinite(values).all():
            continue
        if np.isnan(values).any():
            raise Refused(f"its weights {refused_name(name)} hold NaN")
        if name in factors:
            raise Refused(f"its weights {refused_name(name)} hold infinity")


def _constants(graph: onnx.GraphProto) -> Iterator[tuple[str, TensorProto]]:
    yield from ((tensor.name, tensor) for tensor in graph.initializer)
    for node in graph.node:
        if node.op_type == "Constant" and node.output:
            yield from ((node.output[0], a.t) for a in node.attribute if a.HasField("t"))


def refuse_empty(graph: onnx.GraphProto, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Raise `Refused` where an output, or a matrix that something computes with, holds nothing."""
    for value in graph.output:
        if 0 in shapes.get(value.name, ()):
            raise Refused(f"its output {refused_name(value.name)} has a dimension of size 0")
    for node in graph.node:
        for name in () if node.op_type in _JOINING else node.input:
            shape = shapes.get(name, ())
            if len(shape) > 1 and 0 in shape:
                raise Refused(f"its tensor {refused_name(name)} has a dimension of size 0")

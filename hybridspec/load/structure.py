"""What makes a model file unusable before anybody looks at its work: size, depth, names, claims.

Runs in the process that opens a hostile model, before any library follows the graph.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import onnx
from onnx import AttributeProto, TensorProto

from hybridspec.load.time_first import time_first

MAX_NODES = 100_000
"""Operators, with every function written out and those of graphs inside."""
_DEEPEST = 100
"""Functions that may call each other in turn."""
_LONGEST = 500
"""Characters of a name of an input or output."""
_BITS = {
    TensorProto.FLOAT: 32, TensorProto.UINT8: 8, TensorProto.INT8: 8, TensorProto.UINT16: 16,
    TensorProto.INT16: 16, TensorProto.INT32: 32, TensorProto.INT64: 64, TensorProto.BOOL: 8,
    TensorProto.FLOAT16: 16, TensorProto.DOUBLE: 64, TensorProto.UINT32: 32,
    TensorProto.UINT64: 64, TensorProto.COMPLEX64: 64, TensorProto.COMPLEX128: 128,
    TensorProto.BFLOAT16: 16,
}  # fmt: skip
_LEAST_BITS = 2
"""Of the types that are not listed, whose elements may share a byte."""


class Refused(Exception):
    """The file is not a model that can be used; the message is one clause."""


def refuse_structure(model: onnx.ModelProto) -> None:
    """Raise `Refused` for a model that is too large, damaged, or not of the kind that is used."""
    if not model.graph.node or not model.graph.output:
        raise Refused("it is not an ONNX file, or it is truncated")
    if _operators(model) > MAX_NODES:
        raise Refused(f"it has more than {MAX_NODES:,} operators")
    tensors = [*_tensors(model.graph), *(t for f in model.functions for t in _of_nodes(f.node))]
    if any(tensor.data_location == TensorProto.EXTERNAL for tensor in tensors):
        raise Refused("its weights are in external files; save it as one file")
    newest = onnx.defs.onnx_opset_version()
    if any(o.version > newest for o in model.opset_import if o.domain in ("", "ai.onnx")):
        raise Refused(f"its opset is not known; the newest that is known is {newest}")
    for tensor in tensors:
        _refuse_claim(tensor)
    inputs = fed(model.graph)
    if not inputs:
        raise Refused("it has no input")
    if not all(_shown(value.name) for value in (*inputs, *model.graph.output)):
        raise Refused("its inputs or outputs have names that cannot be shown")
    late = time_first(model.graph, inputs)
    if late:
        raise Refused(f"its input `{late[:60]}` has time as its first dimension, and samples have "
                      "to be along the first: export it with `batch_first=True`, or put a "
                      "`Transpose` in front")  # fmt: skip
    for value in inputs:
        _refuse_input(value)


def _shown(name: object) -> bool:
    """Whether a name is text for people; protobuf hands out bytes where it is not UTF-8."""
    return isinstance(name, str) and name.isprintable() and len(name) <= _LONGEST


def refused_name(name: object) -> str:
    """How a sentence names a tensor, whose name anybody may have chosen."""
    return f"`{str(name)[:60]}`" if _shown(name) and name else "one of them"


def fed(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """The inputs that a caller has to feed: old models list their weights as inputs, too."""
    weights = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in weights]


def _refuse_input(value: onnx.ValueInfoProto) -> None:
    name = value.name[:60]
    if value.type.WhichOneof("value") not in ("tensor_type", None):
        raise Refused(f"its input `{name}` is no tensor")
    sizes = value.type.tensor_type.shape.dim
    if not sizes:
        raise Refused(f"its input `{name}` has no batch dimension")
    if any(dim.HasField("dim_value") and dim.dim_value == 0 for dim in sizes[1:]):
        raise Refused(f"its input `{name}` has a dimension of size 0")
    if sizes[0].HasField("dim_value") and sizes[0].dim_value == 0:
        raise Refused(f"its input `{name}` takes 0 samples at once; export it with a free first "
                      "dimension, or with 1")  # fmt: skip
    if sizes[0].dim_value > 1:
        raise Refused(f"its input `{name}` takes {sizes[0].dim_value} samples at once; export it "
                      "with a free first dimension, or with 1")  # fmt: skip


def _refuse_claim(tensor: onnx.TensorProto) -> None:
    """A tensor holds as much as its sizes say: nobody allocates what a file merely claims."""
    if tensor.data_type == TensorProto.UNDEFINED and not tensor.dims and not tensor.raw_data:
        return  # an attribute that holds no tensor
    name = refused_name(tensor.name)
    if any(size < 0 for size in tensor.dims):
        raise Refused(f"its weights are damaged: {name} has a negative size")
    count = math.prod(tensor.dims)
    bits = count * _BITS.get(tensor.data_type, _LEAST_BITS)
    if tensor.HasField("raw_data"):
        held = 8 * len(tensor.raw_data)
        exact = tensor.data_type in _BITS
    else:
        parts = 1 if tensor.data_type in _BITS or tensor.data_type == TensorProto.STRING else 16
        held, bits, exact = parts * _values(tensor), count, False
    if held < bits or (exact and held != bits):
        raise Refused(f"its weights are damaged: {name} is not as large as it says")


def _values(tensor: onnx.TensorProto) -> int:
    return max(map(len, (tensor.float_data, tensor.int32_data, tensor.int64_data,
                         tensor.double_data, tensor.uint64_data, tensor.string_data)))  # fmt: skip


def _operators(model: onnx.ModelProto) -> int:
    """Operators with every function written out; a function may hold others."""
    bodies = {(f.domain, f.name): f.node for f in model.functions}
    known: dict[tuple[str, str], int] = {}

    def count(nodes: Iterable[onnx.NodeProto], depth: int) -> int:
        if depth > _DEEPEST:
            raise Refused(f"its functions are nested more than {_DEEPEST} deep")
        total = 0
        for node in nodes:
            name = (node.domain, node.op_type)
            if name in bodies and name not in known:
                known[name] = 0  # a function that calls itself is refused by the checker
                known[name] = count(bodies[name], depth + 1)
            total += known.get(name, 1)
            total += sum(count(graph.node, depth + 1) for graph in _graphs(node))
        return total

    return count(model.graph.node, 0)


def _graphs(node: onnx.NodeProto) -> Iterator[onnx.GraphProto]:
    """The graphs inside an operator."""
    for attribute in node.attribute:
        if attribute.type == AttributeProto.GRAPH or attribute.HasField("g"):
            yield attribute.g
        yield from attribute.graphs


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every constant of the graph and of the graphs inside it."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for node in nodes:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
        for graph in _graphs(node):
            yield from _tensors(graph)

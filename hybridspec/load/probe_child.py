"""The process that opens a hostile model file: counts its work, prints JSON, nothing else.

Run as `python -m hybridspec.load.probe_child MODEL`. Faults are printed as `{"fault": clause}`.
Work is counted for batch 1; a multiply-accumulate is counted once (ONNX operator semantics,
https://onnx.ai/onnx/operators/).
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import onnx
import onnx.inliner
from onnx import TensorProto

from hybridspec.load.cuts import cuts, fixed, lives, sendable
from hybridspec.load.footprint import footprint
from hybridspec.load.work import kind_of, macs, total, work

MAX_NODES = 100_000
_ELEMENT = {
    TensorProto.FLOAT: ("float32", 4), TensorProto.UINT8: ("uint8", 1),
    TensorProto.INT8: ("int8", 1), TensorProto.INT32: ("int32", 4),
    TensorProto.INT64: ("int64", 8), TensorProto.BOOL: ("bool", 1),
    TensorProto.FLOAT16: ("float16", 2), TensorProto.DOUBLE: ("float64", 8),
}  # fmt: skip


class Refused(Exception):
    """The file is not a model that can be used; the message is one clause."""


def probe(path: str) -> dict[str, Any]:
    """Facts of the ONNX file at `path`; raises `Refused`."""
    try:
        model = onnx.load_model(path, load_external_data=False)
    except Exception as fault:
        raise Refused("it is not an ONNX file, or it is truncated") from fault
    _refuse_structure(model)
    _fix_batch(model)
    declared = [_tensor(value) for value in model.graph.output]
    try:
        onnx.checker.check_model(model, full_check=False)
        inferred = onnx.shape_inference.infer_shapes(
            _unclaimed(model), check_type=True, data_prop=True
        )
    except Exception as fault:
        reason = str(fault).strip().splitlines()[0][:160] if str(fault).strip() else "invalid graph"
        raise Refused(f"its graph is not valid ONNX ({reason})") from fault
    return {**_facts(inferred.graph, model), "outputs": declared}


def _unclaimed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the sizes that it claims for what it computes, and without functions."""
    plain = onnx.inliner.inline_local_functions(model) if model.functions else model
    del plain.graph.value_info[:]
    for value in plain.graph.output:
        value.type.tensor_type.ClearField("shape")
    return plain


def _refuse_structure(model: onnx.ModelProto) -> None:
    if not model.graph.node or not model.graph.output:
        raise Refused("it is not an ONNX file, or it is truncated")
    if _operators(model) > MAX_NODES:
        raise Refused(f"it has more than {MAX_NODES:,} operators")
    tensors = [*_tensors(model.graph), *(t for f in model.functions for t in _of_nodes(f.node))]
    if any(tensor.data_location == TensorProto.EXTERNAL for tensor in tensors):
        raise Refused("its weights are in external files; save it as one file")
    inputs = _fed(model.graph)
    if not inputs:
        raise Refused("it has no input")
    for value in inputs:
        if not value.type.tensor_type.shape.dim:
            raise Refused(f"its input `{value.name[:60]}` has no batch dimension")
        batch = value.type.tensor_type.shape.dim[0].dim_value
        if batch > 1:
            raise Refused(f"its input `{value.name[:60]}` takes {batch} samples at once; export "
                          "it with a free first dimension, or with 1")  # fmt: skip


def _operators(model: onnx.ModelProto) -> int:
    """Operators of the main graph with every function written out; a function may hold others."""
    bodies = {(f.domain, f.name): f.node for f in model.functions}
    known: dict[tuple[str, str], int] = {}

    def count(nodes: Iterable[onnx.NodeProto]) -> int:
        total = 0
        for node in nodes:
            name = (node.domain, node.op_type)
            if name in bodies and name not in known:
                known[name] = 0  # a function that calls itself is refused by the checker
                known[name] = count(bodies[name])
            total += known.get(name, 1)
        return total

    return count(model.graph.node)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every constant of the graph and of the graphs inside it."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    yield from _of_nodes(graph.node)


def _of_nodes(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.TensorProto]:
    for attribute in (a for node in nodes for a in node.attribute):
        yield from (attribute.t, *attribute.tensors)
        for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
            yield from (sparse.values, sparse.indices)
        for graph in (attribute.g, *attribute.graphs):
            yield from _tensors(graph)


def _fed(graph: onnx.GraphProto) -> list[onnx.ValueInfoProto]:
    """The inputs that a caller has to feed: old models list their weights as inputs, too."""
    weights = {tensor.name for tensor in graph.initializer}
    return [value for value in graph.input if value.name not in weights]


def _fix_batch(model: onnx.ModelProto) -> None:
    """Set the first, free dimension of every input to 1; some exporters write free as -1."""
    for value in (*model.graph.input, *model.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_value < 0:
                dim.ClearField("dim_value")
    for value in _fed(model.graph):
        first = value.type.tensor_type.shape.dim[0]
        if not first.dim_value:
            first.ClearField("dim_param")
            first.dim_value = 1
    for value in model.graph.output:
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.ClearField("dim_param")


def _facts(graph: onnx.GraphProto, model: onnx.ModelProto) -> dict[str, Any]:
    shapes: dict[str, tuple[int, ...]] = {}
    sizes: dict[str, int] = {}
    for value in [*graph.input, *graph.value_info, *graph.output]:
        shape = _shape(value)
        if shape is not None:
            shapes[value.name] = shape
            sizes[value.name] = math.prod(shape) * _width(value.type.tensor_type.elem_type)
    weights = {tensor.name: math.prod(tensor.dims) for tensor in graph.initializer}
    for tensor in graph.initializer:
        shapes[tensor.name] = tuple(tensor.dims)
        sizes[tensor.name] = weights[tensor.name] * _width(tensor.data_type)
    known = fixed(graph, set(weights))
    done = [work(node, shapes, sizes, known) for node in graph.node]
    kernels = total(done)
    opsets = [o.version for o in model.opset_import if o.domain in ("", "ai.onnx")]
    return {
        "opset": max(opsets, default=0),
        "inputs": [_tensor(v) for v in _fed(graph)],
        "parameters": sum(weights.values()),
        "weights": sum(sizes[name] for name in weights),
        **macs(kernels),
        "kernels": kernels,
        "moved": sum(w["moved"] for w in done),
        "operators": sum(w["operators"] for w in done),
        "peak_activations": _peak(graph, sizes),
        "footprint": footprint(graph, {value.name for value in _fed(graph)}, sizes),
        "cuts": [] if model.functions or any(w["unknown"] or w["unpriced"] for w in done)
        else cuts(graph, {value.name for value in _fed(graph)}, sizes, done, _sent(graph)),
        "unknown": sorted({w["unknown"] for w in done if w["unknown"]}),
        "unpriced": sorted({w["unpriced"] for w in done if w["unpriced"]}),
        "kinds": sorted(Counter(kind_of(node)[:60] for node in graph.node).items()),
    }  # fmt: skip


def _sent(graph: onnx.GraphProto) -> dict[str, dict[str, Any]]:
    """The computed tensors that one half of the model could send to the other."""
    kinds = map(_tensor, graph.value_info)
    return {kind["name"]: kind for kind in kinds if sendable(kind)}


def _shape(value: onnx.ValueInfoProto) -> tuple[int, ...] | None:
    dims = value.type.tensor_type.shape.dim
    if not value.type.HasField("tensor_type") or not value.type.tensor_type.HasField("shape"):
        return None
    known = all(d.HasField("dim_value") and d.dim_value >= 0 for d in dims)
    return tuple(d.dim_value for d in dims) if known else None


def _width(element: int) -> int:
    return _ELEMENT.get(element, ("", 8))[1]


def _tensor(value: onnx.ValueInfoProto) -> dict[str, Any]:
    dims = value.type.tensor_type.shape.dim
    dtype = _ELEMENT.get(value.type.tensor_type.elem_type, ("other", 0))[0]
    shape = [d.dim_value if d.HasField("dim_value") else -1 for d in dims]
    return {"name": value.name, "dtype": dtype, "shape": shape}


def _peak(graph: onnx.GraphProto, sizes: dict[str, int]) -> int:
    """Largest sum of tensors alive at once, running the operators in file order."""
    fed = {value.name for value in _fed(graph)}
    first = sum(sizes.get(name, 0) for name in fed)
    return max((most for most, _ in lives(graph, fed, sizes)), default=first)


def main() -> None:
    """Print the facts of the model named by the first argument as one JSON document."""
    try:
        answer = probe(sys.argv[1])
    except Refused as refused:
        answer = {"fault": str(refused)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()

"""The process that opens a hostile model file: counts its work, prints JSON, nothing else.

Run as `python -m hybridspec.load.probe_child MODEL SIZES`, where `SIZES` says as JSON what sizes
that the model leaves open are, by name. Faults are printed as `{"fault": clause}`.
Work is counted for batch 1; a multiply-accumulate is counted once (ONNX operator semantics,
https://onnx.ai/onnx/operators/).
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import onnx
import onnx.inliner
from onnx import TensorProto

from hybridspec.load.contrib import DOMAIN, standing_in
from hybridspec.load.cuts import cuts, fixed, lives, sendable
from hybridspec.load.footprint import footprint
from hybridspec.load.numbers import refuse_empty, refuse_numbers
from hybridspec.load.open_sizes import fix_sizes, open_sizes
from hybridspec.load.structure import Refused, fed, refuse_structure
from hybridspec.load.work import hidden, kind_of, macs, total, work

MAX_TENSOR = 16 * 2**30
"""Bytes of a tensor beyond which no device holds it."""
_ELEMENT = {
    TensorProto.FLOAT: ("float32", 4), TensorProto.UINT8: ("uint8", 1),
    TensorProto.INT8: ("int8", 1), TensorProto.INT32: ("int32", 4),
    TensorProto.INT64: ("int64", 8), TensorProto.BOOL: ("bool", 1),
    TensorProto.FLOAT16: ("float16", 2), TensorProto.DOUBLE: ("float64", 8),
}  # fmt: skip


def probe(path: str, free: Mapping[str, int] = MappingProxyType({})) -> dict[str, Any]:
    """Facts of the ONNX file at `path`; raises `Refused`."""
    try:
        model = onnx.load_model(path, load_external_data=False)
    except Exception as fault:
        raise Refused("it is not an ONNX file, or it is truncated") from fault
    refuse_structure(model)
    refuse_numbers(model.graph)
    batch = [value.name for value in fed(model.graph) if _free(value)]
    _fix_batch(model)
    left = open_sizes(model.graph)
    fix_sizes(model.graph, free)
    declared = [_tensor(value) for value in model.graph.output]
    try:
        onnx.checker.check_model(model, full_check=False)
        inferred = _inferred(_unclaimed(model))
    except Exception as fault:
        reason = str(fault).strip().splitlines()[0][:160] if str(fault).strip() else "invalid graph"
        raise Refused(f"its graph is not valid ONNX ({reason})") from fault
    return {**_facts(inferred.graph, model), "outputs": declared, "open": left,
            "free_batch": batch}  # fmt: skip


def _free(value: onnx.ValueInfoProto) -> bool:
    """Whether an input takes any number of samples; some exporters write that as -1 or 0."""
    return bool(value.type.tensor_type.shape.dim[0].dim_value < 1)


def _inferred(plain: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the shapes of what it computes, behind operators of onnxruntime too."""
    own = [onnx.NodeProto.FromString(node.SerializeToString()) for node in plain.graph.node]
    if any(node.domain == DOMAIN for node in own):
        try:
            stood = standing_in(plain.graph)
            del plain.graph.node[:]
            plain.graph.node.extend(stood)
            found = onnx.shape_inference.infer_shapes(plain, check_type=False, data_prop=True)
        except Exception:  # not as onnxruntime defines them: nothing is known behind them
            found = None
        for one in (plain, *([found] if found else ())):
            del one.graph.node[:]
            one.graph.node.extend(own)
        if found is not None:
            return found
    return onnx.shape_inference.infer_shapes(plain, check_type=True, data_prop=True)


def _unclaimed(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without the sizes that it claims for what it computes, and without functions."""
    plain = onnx.inliner.inline_local_functions(model) if model.functions else model
    del plain.graph.value_info[:]
    for value in plain.graph.output:
        value.type.tensor_type.ClearField("shape")
    return plain


def _fix_batch(model: onnx.ModelProto) -> None:
    """Set the first, free dimension of every input to 1; some exporters write free as -1."""
    for value in (*model.graph.input, *model.graph.output):
        for dim in value.type.tensor_type.shape.dim:
            if dim.dim_value < 0:
                dim.ClearField("dim_value")
    for value in fed(model.graph):
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
    for name, size in sizes.items():
        if size > MAX_TENSOR:
            raise Refused(f"its tensor `{name[:60]}` is larger than {MAX_TENSOR // 2**30} GiB")
    refuse_empty(graph, shapes)
    known = fixed(graph, set(weights))
    joined = hidden(graph, known)
    done = [
        work(node, shapes, sizes, known, joined=place in joined)
        for place, node in enumerate(graph.node)
    ]
    kernels = total(done)
    opsets = [o.version for o in model.opset_import if o.domain in ("", "ai.onnx")]
    return {
        "opset": max(opsets, default=0),
        "inputs": [_tensor(v) for v in fed(graph)],
        "parameters": sum(weights.values()),
        "weights": sum(sizes[name] for name in weights),
        **macs(kernels),
        "kernels": kernels,
        "moved": sum(w["moved"] for w in done),
        "operators": sum(w["operators"] for w in done),
        "peak_activations": _peak(graph, sizes),
        "footprint": footprint(graph, {value.name for value in fed(graph)}, sizes),
        "cuts": [] if model.functions or any(w["unknown"] or w["unpriced"] for w in done)
        else cuts(graph, {value.name for value in fed(graph)}, sizes, done, _sent(graph)),
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
    given = {value.name for value in fed(graph)}
    first = sum(sizes.get(name, 0) for name in given)
    return max((most for most, _ in lives(graph, given, sizes)), default=first)


def main() -> None:
    """Print the facts of the model named by the first argument as one JSON document."""
    try:
        answer = probe(sys.argv[1], json.loads(sys.argv[2]))
    except Refused as refused:
        answer = {"fault": str(refused)}
    except Exception as fault:
        answer = {"fault": f"it cannot be read ({type(fault).__name__}: {str(fault)[:160]})"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()

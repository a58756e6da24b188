"""Fixed sizes: a model for compilers that take nothing else, those of NPUs and of microcontrollers.

The first dimension becomes one sample; what else a model leaves open becomes what the data have.
Whatever follows from these sizes is folded, and a size that stays open is no success.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import onnx
from onnxruntime.tools.onnx_model_utils import make_input_shape_fixed, remove_invalid_dim_values

from hybridspec.optimise.quantise import clean

Sizes = Mapping[str, tuple[int, ...]]


class StaysOpen(Exception):
    """A size that the model leaves open cannot be told; the message is one clause."""


def fix(source: Path, target: Path, sizes: Sizes) -> None:
    """Write `target`, which is `source` for one sample of these sizes, with constants folded.

    `sizes` has the shape of a sample for each input that data or the user say something of.

    Raises:
        StaysOpen: a size depends on something else than the inputs' sizes, or is not known.
    """
    model = onnx.load(str(source))
    remove_invalid_dim_values(model.graph)
    weights = {tensor.name for tensor in model.graph.initializer}
    for value in model.graph.input:
        if value.name not in weights:
            make_input_shape_fixed(model.graph, value.name, _shape(value, sizes))
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")
    middle = target.with_suffix(".sized.onnx")
    try:
        onnx.save(model, str(middle))
        clean(middle, target)
    finally:
        middle.unlink(missing_ok=True)
    known = onnx.shape_inference.infer_shapes(onnx.load(str(target)), data_prop=True)
    prove(known)
    for value in _open_values(known):
        raise StaysOpen(f"the size of `{value[:60]}` follows from what is in the inputs")
    onnx.save(known, str(target))


def prove(model: onnx.ModelProto) -> None:
    """Raise unless every input and output has a fixed size.

    Raises:
        StaysOpen: one of them has not.
    """
    weights = {tensor.name for tensor in model.graph.initializer}
    for value in (*model.graph.input, *model.graph.output):
        if value.name not in weights and not _is_fixed(value):
            raise StaysOpen(f"the size of `{value.name[:60]}` stays open")


def _shape(value: onnx.ValueInfoProto, sizes: Sizes) -> list[int]:
    """The sizes of an input for one sample: its own, else those of the data."""
    dims = value.type.tensor_type.shape.dim
    said = sizes.get(value.name, ())
    shape = []
    for index, dim in enumerate(dims):
        if dim.HasField("dim_value"):
            shape.append(dim.dim_value)
        elif index == 0:
            shape.append(1)
        elif len(said) == len(dims) and said[index] > 0:
            shape.append(said[index])
        else:
            raise StaysOpen(
                f"`{value.name[:60]}` leaves a size open: give evaluation data of the size that "
                "devices get, or `--free`"
            )
    return shape


def _open_values(model: onnx.ModelProto) -> Iterator[str]:
    """Tensors between operators whose sizes nobody can tell before the model runs."""
    known = {value.name for value in (*model.graph.value_info, *model.graph.output)
             if _is_fixed(value)}  # fmt: skip
    for node in model.graph.node:
        yield from (name for name in node.output if name and name not in known)


def _is_fixed(value: onnx.ValueInfoProto) -> bool:
    if not value.type.HasField("tensor_type") or not value.type.tensor_type.HasField("shape"):
        return False
    dims = value.type.tensor_type.shape.dim
    return (
        all(dim.HasField("dim_value") for dim in dims)
        and math.prod(dim.dim_value for dim in dims) > 0
    )

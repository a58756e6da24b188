"""Sizes that a model leaves open beside the number of samples, and what a user says they are.

Runs in the process that opens a hostile model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import onnx

from hybridspec.load.structure import Refused, fed, refused_name

ALL = ""
"""The name that stands for every open size."""


def open_sizes(graph: onnx.GraphProto) -> list[str]:
    """What the open sizes are called: by their names, or by their input where they have none."""
    return [*dict.fromkeys(name for name, _ in _open(graph))]


def fix_sizes(graph: onnx.GraphProto, free: Mapping[str, int]) -> None:
    """Set what is said of open sizes; raises `Refused` for a name that none of them has."""
    known = open_sizes(graph)
    for name in free:
        if name not in (ALL, *known, *(value.name for value in fed(graph))):
            there = ", ".join(map(refused_name, known[:8])) or "none"
            raise Refused(f"it leaves no size {refused_name(name)} open; open are {there}")
    for name, dim in [*_open(graph)]:
        size = free.get(name, free.get(ALL))
        if size is not None:
            dim.dim_value = size
    for value in fed(graph):
        for dim in value.type.tensor_type.shape.dim[1:]:
            if not dim.dim_value and value.name in free:
                dim.dim_value = free[value.name]


def _open(graph: onnx.GraphProto) -> Iterator[tuple[str, onnx.TensorShapeProto.Dimension]]:
    for value in fed(graph):
        for dim in value.type.tensor_type.shape.dim[1:]:
            if not dim.dim_value:
                yield dim.dim_param or value.name, dim

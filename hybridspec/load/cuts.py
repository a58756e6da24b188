"""Where a model can be cut in two: tensors that everything which it computes passes through.

Runs in the process that opens a hostile model; every pass over the graph is linear in its size.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Any

import onnx

from hybridspec.ir.kernel import KINDS
from hybridspec.load.work import macs

MAX_CUTS = 8
"""Of more, those that are spread most evenly, the last among them."""
_LONGEST = 200
"""Characters of a tensor's name that may become the name of an output and an input."""


def cuts(
    graph: onnx.GraphProto, fed: set[str], sizes: Mapping[str, int],
    work: Sequence[Mapping[str, Any]], kinds: Mapping[str, dict[str, Any]],
) -> list[dict[str, Any]]:  # fmt: skip
    """Cuts with what has to be done before each, in the order of the graph.

    `fed` are the inputs that a caller feeds, `sizes` bytes by tensor, `work` what each operator
    does, `kinds` name, type and shape of the tensors that can be sent. Between two operators of
    the file's order there is a cut where one tensor alone is still to be read; what depends on
    weights alone is there on both sides. Kept are those smaller than all before them, the inputs
    included: any other costs more work before it and more bytes after it.
    """
    if any(a.HasField("g") or a.graphs for node in graph.node for a in node.attribute):
        return []  # graphs inside may read tensors without saying so
    found = [*_smaller(graph, fed, sizes, work, kinds)]
    if len(found) <= MAX_CUTS:
        return found
    return [found[-1 - n * (len(found) - 1) // (MAX_CUTS - 1)] for n in reversed(range(MAX_CUTS))]


def _smaller(
    graph: onnx.GraphProto, fed: set[str], sizes: Mapping[str, int],
    work: Sequence[Mapping[str, Any]], kinds: Mapping[str, dict[str, Any]],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    weights = {tensor.name: sizes[tensor.name] for tensor in graph.initializer}
    constant = fixed(graph, set(weights))
    final = {value.name for value in graph.output}
    peak = least = sum(sizes.get(name, 0) for name in fed)
    done = dict.fromkeys(("moved", "operators", "weights"), 0)
    kernels = dict.fromkeys(KINDS, 0)
    for index, (node, (most, alive)) in enumerate(
        zip(graph.node, lives(graph, fed, sizes, constant), strict=True)
    ):
        done["weights"] += sum(weights.pop(name, 0) for name in node.input)
        done["moved"] += work[index]["moved"]
        done["operators"] += work[index]["operators"]
        for kind, count in work[index]["kernels"].items():
            kernels[kind] += count
        peak = max(peak, most)
        if len(alive) != 1 or final.intersection(alive):
            continue
        (name,) = alive
        if name in kinds and 0 < sizes.get(name, 0) < least:
            least = sizes[name]
            yield {"tensor": kinds[name], "size": least, "peak_activations": peak, **done,
                   **macs(kernels), "kernels": {**kernels}}  # fmt: skip


def lives(
    graph: onnx.GraphProto, fed: set[str], sizes: Mapping[str, int],
    fixed: Container[str] = frozenset(),
) -> Iterator[tuple[int, Mapping[str, int]]]:  # fmt: skip
    """For each operator in file order: bytes alive while it runs, and the tensors alive after it.

    The mapping, from names to bytes, is the same each time and changes; what is `fixed` is not in
    it.
    """
    last = {name: i for i, node in enumerate(graph.node) for name in node.input}
    final = {value.name for value in graph.output}
    alive = {name: sizes.get(name, 0) for name in sorted(fed)}
    total = sum(alive.values())
    for index, node in enumerate(graph.node):
        for name in node.output:
            if name and name not in fixed and name not in alive:
                alive[name] = sizes.get(name, 0)
                total += alive[name]
        most = total
        for name in {*node.input, *node.output}:
            if name in alive and name not in final and last.get(name, -1) <= index:
                total -= alive.pop(name)
        yield most, alive


def fixed(graph: onnx.GraphProto, weights: set[str]) -> set[str]:
    """What depends on weights and constants alone."""
    found = set(weights)
    for node in graph.node:
        if all(not name or name in found for name in node.input):
            found.update(node.output)
    return found


def sendable(kind: Mapping[str, Any]) -> bool:
    """Whether a tensor can be what one half sends to the other."""
    shape = kind["shape"]
    known = bool(shape) and shape[0] == 1 and all(size > 0 for size in shape)
    return known and kind["dtype"] != "other" and 0 < len(kind["name"]) <= _LONGEST

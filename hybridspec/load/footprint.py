"""What of a model takes memory in onnxruntime: the weights that it copies, and the arena.

Runs in the process that opens a hostile model. The arena's regions double; tensors lie in it one by
one in the first run, and from the second one on in one block (benchmarks/memory measures it).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import onnx

_ROUND = 256
_REGION = 2**20
"""Bytes that are rounded to in the arena, and of its first region."""
_MOST = 4_000
"""Half of the operators and tensors up to which the arena is followed."""
_IN_PLACE = frozenset(
    """
    Abs Add BatchNormalization Cast Ceil Clip Div Dropout Elu Erf Exp Flatten Floor Gelu
    HardSigmoid HardSwish Identity LayerNormalization LeakyRelu Log Mul Neg Not PRelu Pow
    Reciprocal Relu Reshape Round Selu Sigmoid Sign Softplus Softsign Sqrt Squeeze Sub Sum Tanh
    ThresholdedRelu Unsqueeze
    """.split()
)
"""Operators that may write over what they read for the last time, or are fused with its maker."""


def footprint(graph: onnx.GraphProto, fed: set[str], sizes: Mapping[str, int]) -> dict[str, int]:
    """The fields of a `Footprint`; `fed` are the inputs that a caller feeds, `sizes` are bytes."""
    weights = {tensor.name: sizes[tensor.name] for tensor in graph.initializer}
    convolutions = {node.input[1] for node in graph.node
                    if node.op_type == "Conv" and len(node.input) > 1}  # fmt: skip
    blocked = [size for name, size in weights.items() if name in convolutions]
    others = [size for name, size in weights.items() if name not in convolutions]
    arena = _touched([*_steps(graph, fed, sizes, set(weights))])
    return {"blocked": sum(blocked), "widest": max(blocked, default=0),
            "largest": max(others, default=0), "arena": arena}  # fmt: skip


_Step = tuple[list[tuple[str, int]], list[str]]
"""What an operator makes anew, with its bytes, and what is read for the last time."""


def _steps(
    graph: onnx.GraphProto, fed: set[str], sizes: Mapping[str, int], weights: set[str]
) -> Iterator[_Step]:
    """What each operator allocates and frees; tensors that are written over each other are one."""
    left = Counter(name for node in graph.node for name in node.input)
    final = {value.name for value in graph.output}
    kept = final | fed | weights
    same: dict[str, str] = {}
    readers: Counter[str] = Counter()
    for node in graph.node:
        reads = [same.get(name, name) for name in node.input if name and name not in weights]
        left.subtract(node.input)
        over = _written_over(node, left, sizes, kept)
        made = []
        for number, name in enumerate(node.output):
            place = same[name] = same.get(over, over) if over and number == 0 else name
            readers[place] += left[name] + (name in final)
            if place == name and name:
                made.append((name, sizes.get(name, 0)))
        readers.subtract(reads)
        freed = sorted({name for name in reads if readers[name] <= 0 and name not in fed})
        yield made, freed


def _written_over(
    node: onnx.NodeProto, left: Mapping[str, int], sizes: Mapping[str, int], kept: set[str]
) -> str:
    """The input whose place the first output of an operator takes; empty if it takes none."""
    if node.op_type not in _IN_PLACE or not node.output:
        return ""
    size = sizes.get(node.output[0], 0)
    return next((name for name in node.input if name and name not in kept and left[name] == 0
                 and sizes.get(name, 0) == size), "")  # fmt: skip


def _touched(steps: list[_Step]) -> int:
    """Bytes of the arena that are ever written: each tensor on its own, then all in one block."""
    if sum(1 + len(made) for made, _ in steps) > 2 * _MOST:
        return 2 * _peak(steps)
    arena = _Arena()
    for made, freed in steps:
        for name, size in made:
            arena.take(name, size)
        for name in freed:
            arena.give(name)
    arena.give_all()
    arena.take("", _peak(steps))
    return arena.touched


def _peak(steps: list[_Step]) -> int:
    alive: dict[str, int] = {}
    total = most = 0
    for made, freed in steps:
        for name, size in made:
            alive[name] = size
            total += size
        most = max(most, total)
        for name in freed:
            total -= alive.pop(name, 0)
    return most


class _Arena:
    """Regions that double in size, with a best fit among what is free in them."""

    def __init__(self) -> None:
        self.touched = 0
        self._next = _REGION
        self._free: list[tuple[int, int, int]] = []
        """Region, start and size of each free part."""
        self._taken: dict[str, tuple[int, int, int]] = {}
        self._reached: list[int] = []

    def take(self, name: str, size: int) -> None:
        size = max(_ROUND, -(-size // _ROUND) * _ROUND)
        fitting = [part for part in self._free if part[2] >= size]
        if not fitting:
            fitting = [self._extend(size)]
        region, start, room = min(fitting, key=lambda part: (part[2], part[:2]))
        self._free.remove((region, start, room))
        if room > size:
            self._free.append((region, start + size, room - size))
        self._taken[name] = (region, start, size)
        new = max(self._reached[region], start + size)
        self.touched += new - self._reached[region]
        self._reached[region] = new

    def _extend(self, size: int) -> tuple[int, int, int]:
        grown = False
        while self._next < size:
            self._next *= 2
            grown = True
        part = (len(self._reached), 0, self._next)
        self._reached.append(0)
        self._free.append(part)
        if not grown:
            self._next *= 2
        return part

    def give(self, name: str) -> None:
        part = self._taken.pop(name, None)
        if part is None:
            return
        region, start, size = part
        for other in [p for p in self._free if p[0] == region]:
            if other[1] + other[2] == start or start + size == other[1]:
                self._free.remove(other)
                start, size = min(start, other[1]), size + other[2]
        self._free.append((region, start, size))

    def give_all(self) -> None:
        for name in list(self._taken):
            self.give(name)

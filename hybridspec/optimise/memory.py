"""Memory of a model on a device: the runtime, weights with their copies, tensors in an arena.

What follows from a graph was found by measuring sessions of onnxruntime on a CPU (benchmarks/memory
repeats it). It holds for a process that gives back what it frees: that of the agent, and any other
with `MALLOC_MMAP_THRESHOLD_=131072`. Where glibc is left to itself, freed copies of weights of up
to 32 MiB often stay.
"""

from __future__ import annotations

from hybridspec.ir.graph import ModelFacts
from hybridspec.ir.half import precision_and_cut, variant_facts

PROCESS = 52 * 2**20
"""Bytes of a process that has imported numpy and onnxruntime, measured on Linux."""
SESSION = 17 * 2**19
"""Bytes of a session of next to nothing: code and tables that are first touched then."""
_OPERATOR = 16 * 2**10
"""Bytes that an operator itself takes."""
_COPIES = 3
"""Copies of the widest weights of a convolution that are made while these are rearranged."""
_WIDTH = {"fp32": (1, 1), "fp16": (1, 2), "int8": (1, 4), "int4": (1, 7)}
"""Stored size of weights in a precision as a share of that in fp32."""
_UNQUANTISED = ("GRU", "RNN")
"""Operators whose weights no quantisation makes smaller."""


def memory(whole: ModelFacts, variant: str) -> int:
    """Bytes that a process needs at its worst to load a variant of a model and to run it."""
    return PROCESS + session(whole, variant)


def session(whole: ModelFacts, variant: str) -> int:
    """Bytes by which a process grows that loads a variant of a model and runs it.

    The tensors of a quantised variant are counted in full, because those between quantised regions
    stay in 32 bit; in a network of convolutions, where most do not, three quarters were seen. Where
    sizes are not known they are counted half again.
    """
    facts = variant_facts(whole, variant)
    precision = precision_and_cut(variant)[0]
    found = facts.footprint
    over, under = _WIDTH[precision]
    if any(kind in _UNQUANTISED for kind, _ in facts.kinds) and precision != "fp32":
        over = under
    weights = facts.weights * over // under
    copies = found.largest * over // under
    if precision == "fp32" and found.blocked:
        copies = max(copies, found.blocked + _COPIES * found.widest)
    tensors = max(found.arena, facts.peak_activations)
    if precision == "int8" and 2 * found.blocked > facts.weights:
        tensors = tensors * 3 // 4
    tensors = tensors * 3 // 2 if facts.unknown else tensors
    return SESSION + _OPERATOR * facts.operators + weights + max(copies, tensors)

"""Memory of a model on a device: weights, the tensors alive at once, and the runtime itself."""

from __future__ import annotations

from hybridspec.ir.graph import ModelFacts
from hybridspec.ir.half import precision_and_cut, variant_facts

RUNTIME_MEMORY = 80 * 2**20
"""Bytes that onnxruntime and its session need beside weights and activations."""


def memory(whole: ModelFacts, variant: str) -> int:
    """Bytes that a device needs for a variant of a model.

    An int8 variant stores weights in a quarter; its activations are counted in full, because
    tensors between quantised regions stay in 32 bit. Tensors of unknown size add half again.
    """
    facts = variant_facts(whole, variant)
    int8 = precision_and_cut(variant)[0] == "int8"
    weights = facts.weights // 4 if int8 else facts.weights
    tensors = facts.peak_activations * 3 // 2 if facts.unknown else facts.peak_activations
    return weights + tensors + RUNTIME_MEMORY

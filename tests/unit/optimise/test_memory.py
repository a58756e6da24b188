"""What a model needs in memory, by variant."""

from __future__ import annotations

from dataclasses import replace

from property.graphs import facts

from hybridspec.optimise.memory import RUNTIME_MEMORY, memory


def test_memory_is_weights_and_live_tensors_and_the_runtime() -> None:
    net = facts(weights=4_000_000, peak_activations=1_000_000)
    assert memory(net, "fp32") == 5_000_000 + RUNTIME_MEMORY
    assert memory(net, "int8") == 2_000_000 + RUNTIME_MEMORY
    wide = replace(net, unknown=("TopK",))
    assert memory(wide, "fp32") == 5_500_000 + RUNTIME_MEMORY

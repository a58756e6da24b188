"""What a model needs in memory, by variant."""

from __future__ import annotations

from dataclasses import replace

from property.graphs import facts

from hybridspec.ir.footprint import Footprint
from hybridspec.ir.graph import ModelFacts
from hybridspec.optimise.memory import PROCESS, SESSION, memory, session

_OPERATOR = 16 * 2**10


def needs(net: ModelFacts, variant: str = "fp32") -> int:
    """Bytes beyond the runtime and the operators themselves."""
    return session(net, variant) - SESSION - _OPERATOR * net.operators


def test_memory_is_the_process_and_weights_and_live_tensors() -> None:
    net = facts(weights=4_000_000, peak_activations=1_000_000)
    assert memory(net, "fp32") == PROCESS + session(net, "fp32")
    assert needs(net) == 5_000_000
    assert needs(net, "int8") == 2_000_000
    assert needs(replace(net, unknown=("TopK",))) == 5_500_000


def test_the_arena_holds_tensors_twice_where_it_has_to() -> None:
    assert needs(facts(weights=1, peak_activations=10, footprint=Footprint(arena=25))) == 26


def test_loading_convolutions_takes_more_than_running_them() -> None:
    net = facts(weights=100, footprint=Footprint(blocked=90, widest=30, largest=10, arena=50))
    assert needs(net) == 100 + 90 + 3 * 30
    assert needs(net, "int8") == 25 + 37  # its weights are not rearranged in whole


def test_a_matrix_is_packed_while_the_others_wait() -> None:
    net = facts(weights=100, peak_activations=0, footprint=Footprint(largest=60, arena=50))
    assert needs(net) == 160
    assert needs(net, "int8") == 25 + 50


def test_what_no_quantisation_makes_smaller_stays() -> None:
    net = facts(weights=100, peak_activations=0, kinds=(("GRU", 2),))
    assert needs(net, "int8") == needs(net) == 100


def test_halves_of_a_footprint_are_never_more_than_the_whole() -> None:
    whole = Footprint(blocked=90, widest=30, largest=10, arena=50)
    assert whole.part(50, 100, 2, 4) == Footprint(blocked=45, widest=30, largest=10, arena=25)
    assert whole.part(5, 100, 9, 4) == Footprint(blocked=4, widest=5, largest=5, arena=50)
    assert whole.part(5, 0, 1, 0) == Footprint(widest=5, largest=5)

"""A graph as a key by identity: comparing all of it would take longer than it saves."""

from __future__ import annotations

from hybridspec.ir.graph import Graph


class Same:
    """Equal to those of the same graph alone, which it keeps, so that no other gets its id."""

    __slots__ = ("graph",)

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.graph is self.graph

    def __hash__(self) -> int:
        return id(self.graph)

"""What of a model takes memory in onnxruntime beyond its weights: copies, and the arena."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Bytes for batch 1, as the model is written.

    `blocked` are weights of convolutions, which the runtime rearranges, `widest` the largest of
    them; `largest` is the largest of all other weights, of which a packed copy is made. `arena` is
    what of the runtime's arena is ever written to by tensors.
    """

    blocked: int = 0
    widest: int = 0
    largest: int = 0
    arena: int = 0

    def part(self, weights: int, of: int, tensors: int, of_tensors: int) -> Footprint:
        """That of a half with these weights and live tensors of those of the whole."""
        return Footprint(
            blocked=_share(self.blocked, weights, of),
            widest=min(self.widest, weights),
            largest=min(self.largest, weights),
            arena=_share(self.arena, tensors, of_tensors),
        )


def _share(size: int, part: int, whole: int) -> int:
    return size * min(part, whole) // whole if whole else 0

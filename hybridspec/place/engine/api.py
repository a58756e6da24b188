"""What the engine says while it works and when it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from hybridspec.place.engine.again import Ground
    from hybridspec.place.engine.block import Block
    from hybridspec.place.engine.other import Standing
    from hybridspec.place.problem import Answer, Problem


class SearchTooLarge(Exception):
    """No plan was found with the steps there are; `bound` is the least that any plan costs."""

    def __init__(self, bound: int) -> None:
        super().__init__(f"no plan found that is cheap enough; the least bound is {bound}")
        self.bound = bound


@dataclass(frozen=True, slots=True)
class Progress:
    """The cheapest plan so far, if there is one, and the least that any plan can cost."""

    cost: int | None
    bound: int


Watch: TypeAlias = Callable[[Progress], bool]
"""Is told how far the search is; what it returns is whether the search shall stop."""


@dataclass(slots=True, eq=False)
class Solved:
    """An answer and the problem that it answers.

    `ground` is what the answer rests on, `blocks` are classes as the search had them, `kept` is
    what was last looked up.
    """

    problem: Problem
    answer: Answer
    ground: Ground | None = field(default=None, repr=False)
    blocks: Mapping[int, Block] = field(default_factory=dict, repr=False)
    kept: tuple[int, Standing] | None = field(default=None, init=False, repr=False)

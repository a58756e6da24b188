"""Conflicts: lines of a spec that cannot hold together, and the changes with which they could."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hybridspec.base.source import Span
from hybridspec.ir.graph import Graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One line that takes part: its key in the spec, what it says, and whether it is law."""

    key: str
    words: str
    is_law: bool
    span: Span | None

    @property
    def ref(self) -> str:
        """The user's line."""
        return self.span.ref if self.span is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Changes that make room, with what they cost; all of them are needed.

    `settings` try them with `plan --what-if`, as far as one key says each. `devices` is what the
    devices cost more over the horizon, `cost` what the flows at the sites cost then, in
    micro-units; `then` is how they run at the first. `apply` makes the changes.
    """

    words: tuple[str, ...]
    settings: tuple[str, ...]
    devices: int
    cost: int
    then: tuple[str, ...]
    apply: Callable[[Graph], Graph] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """The smallest set of lines that clash, and the cheapest ways out, each tried.

    `claims` leave no plan, and without any one of them there is one. `flows` are concerned at
    `sites`. `confirmed` names who else found that there is no plan; empty if nobody could tell.
    `advice` says what helps where no amount of anything does.
    """

    flows: tuple[str, ...]
    sites: tuple[str, ...]
    claims: tuple[Claim, ...]
    repairs: tuple[Repair, ...]
    confirmed: str
    advice: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether there is a plan, and if not, why not.

    `later` are conflicts that show once the first repair of every other is made. With the first
    repair of all of them the plan costs `mended`; None if one has no repair.
    """

    conflicts: tuple[Conflict, ...]
    later: tuple[Conflict, ...] = ()
    mended: int | None = None

    @property
    def feasible(self) -> bool:
        """Whether there is a plan."""
        return not self.conflicts

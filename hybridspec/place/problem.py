"""The placement problem in numbers, free of names, lines and law: what the engine decides.

Money is in integer micro-units over the horizon and per site; loads, capacities and uses are
integers in whatever unit their row has. Arrays are read-only; their type is `int64`, or any smaller
signed one that holds what is in them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Ints: TypeAlias = "NDArray[np.int64]"

ANY = -1
"""In `Options.needs`: the option does not care which alternative is chosen."""
WHOLE = 1000
"""In `Options.ceiling`: the resource may be used up, in permille of its capacity."""
MAX_MONEY = 2**61
"""What no sum of costs may reach; whoever makes a problem refuses amounts that could."""
MAX_LOAD = 2**50
"""What no load and no use of a quota may reach, so that their sums stay integers of 64 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The admissible ways to run one pair, as `n` rows in their total order: cost, then label.

    `cost` (n) is what a way costs at one site; `load` (n, R) what it takes of each resource of the
    site; `ceiling` (n, R) the permille of the capacity up to which that resource may be loaded by
    everybody for the way to keep its latency; `units` (n, P) the least number of each purchase
    that it needs at the site; `needs` (n, len(Pair.choices)) the alternative of each choice that
    it depends on, or `ANY`; `use` (n, len(Pair.quotas)) what it takes of each shared quota.
    """

    cost: Ints
    load: Ints
    ceiling: Ints
    units: Ints
    needs: Ints
    use: Ints

    def __len__(self) -> int:
        return len(self.cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One flow at one site; the columns of its options index the problem's choices and quotas."""

    options: Options
    choices: tuple[int, ...]
    quotas: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """A device class at a site: from `least` to `most` of it may stand there, each for `cost`."""

    cost: int
    least: int
    most: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """What the ways at a site share: `base + unit * (devices bought)` of it is there.

    `purchase` is the index of the site's purchase that brings it, or `None` where `unit` is 0. A
    resource that nobody loads is never short, however negative its capacity is.
    """

    base: int
    unit: int = 0
    purchase: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteClass:
    """`sites` places that are alike in everything that placement asks; each gets a plan."""

    sites: int
    pairs: tuple[Pair, ...]
    purchases: tuple[Purchase, ...]
    resources: tuple[Resource, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something of which the whole problem has exactly one: a zone's store, a class's variant.

    `cost` (A) is what each alternative costs once, `use` (A, Q) what it takes of every quota.
    """

    cost: Ints
    use: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """All site classes, what they share, and how much dearer uniformity may be, in permille.

    `quotas` (Q) are capacities. Sites of one class get one plan unless several plans save more
    than `uniformity` permille of what the class costs with one; 0 lets them differ freely.
    """

    classes: tuple[SiteClass, ...]
    choices: tuple[Choice, ...]
    quotas: Ints
    uniformity: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePlan:
    """What `sites` places of a class do: a row of each pair's options, and devices bought."""

    sites: int
    rows: tuple[int, ...]
    bought: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A plan of every site class, the alternative of each choice, its cost and a proven bound.

    `prices` (Q) are the Lagrangian prices of the quotas, in micro-units per unit: what one unit
    more would save at first order. `stopped` says that somebody stopped the search before its end.
    """

    plans: tuple[tuple[SitePlan, ...], ...]
    chosen: tuple[int, ...]
    cost: int
    bound: int
    prices: tuple[float, ...]
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Impossible:
    """No plan exists; `classes` are those that no choice and no quota could help."""

    classes: tuple[int, ...]

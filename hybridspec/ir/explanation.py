"""The Explanation: why a flow runs as it does at a site, what else there is, what would flip it.

Amounts are integers in the unit that is named beside them: `us`, `B`, `bit/s`, `us/s` (busy
microseconds a second) or none. Money is in micro-units of the plan's currency over the horizon.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hybridspec.ir.plan import Configuration, Decision, Plan, Store

CHOSEN, ADMISSIBLE, CROWDED, REJECTED = "chosen", "admissible", "crowded", "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """How near a way is to a bound: `used` of `limit`; negative slack breaks it.

    `code` is the rule; `with_others` says that other flows of the site are counted in. `ref` is
    the user's line of the bound, `key` its key in the spec, where one has it.
    """

    code: str
    what: str
    used: int
    limit: int
    unit: str
    key: str
    ref: str
    with_others: bool = False

    @property
    def left(self) -> int:
        """What is left of the bound."""
        return self.limit - self.used


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A way to run the flow at the site: the one that was chosen, or why not.

    `extra` is what the way costs more than the chosen one, all else being equal.
    """

    way: Configuration
    state: str
    extra: int
    slacks: tuple[Slack, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """The smallest change of one value with which the flow would run another way.

    `now` and `then` are the value as people read it, `value` the latter as a number. `becomes` is
    what runs then; None if nothing fits any more. `saving` is what the whole plan costs less,
    negative if more; where `others_fail`, other sites have no plan then, and it is 0. `words`
    names the value; `setting` tries it with `plan --what-if`.
    """

    words: str
    now: str
    then: str
    value: int
    becomes: str | None
    way: Configuration | None
    saving: int
    setting: str
    ref: str = ""
    others_fail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A bound that keeps something cheaper out: what it costs, and per unit of `unit`."""

    what: str
    code: str
    saving: int
    shadow: int
    unit: str
    ref: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One item of the checklist for a model: what was looked at, its figure, where it points.

    `points` is `edge`, `cloud`, `either` or `split`; `decides` says that it leaves no way on the
    other side: alone, or together with the others that decide.
    """

    item: str
    indicator: str
    figure: str
    points: str
    decides: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Everything about one decision; `sites` are all where it is the same.

    `ended` is the value at which the search for flips had to end; empty if it looked at all.
    """

    decision: Decision
    sites: tuple[str, ...]
    chosen: Candidate
    others: tuple[Candidate, ...]
    checklists: tuple[tuple[str, tuple[Indicator, ...]], ...]
    flips: tuple[Flip, ...] = ()
    bindings: tuple[Binding, ...] = ()
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A region that could hold a zone's store; `extra` is what all would cost more with it.

    `reasons` say why it may not or does not; then `extra` is None.
    """

    region: str
    country: str
    extra: int | None
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneExplanation:
    """Where the store of a zone is, where else it could be, and what would move it.

    `store` is None for a zone that needs none; `sites` and `flows` are how many it has. `ended` is
    the price at which the search for what would move it had to end; empty if it looked at all.
    """

    zone: str
    store: Store | None
    places: tuple[Place, ...]
    sites: int
    flows: int
    flips: tuple[Flip, ...] = ()
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A plan that is cheaper or faster than any other of its kind.

    `share` is the largest part of its bound that the latency of any flow takes, `worst` the
    decision that takes it; `moved` are those that differ from the cheapest plan's.
    """

    plan: Plan
    share: Fraction | None
    worst: Decision | None
    moved: tuple[Decision, ...]

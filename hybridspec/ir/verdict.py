"""Verdicts on where data is, each with the certificate that a reviewer can follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from hybridspec.base.source import Span
from hybridspec.ir.origin import maybe


class Verdict(StrEnum):
    """What is known of a claim, from the worst to the best; `waived` stands for what it waives.

    `gap`: a fact that nobody has stated, which never counts as allowed. `conditional`: allowed
    while the listed obligations are met.
    """

    VIOLATED = "violated"
    GAP = "gap"
    WAIVED = "waived"
    CONDITIONAL = "conditional"
    SATISFIED = "satisfied"


ORDER = tuple(Verdict)


def claim(zone: str, asset: str, facet: str, place: str = "") -> str:
    """A short id of a claim that does not change while its four names stay.

    >>> claim("eu", "zone store", "backup", "region aws/eu-central-1")
    'claim-bfb508892db2'
    """
    text = "\0".join((zone, asset, facet, place))
    return f"claim-{sha256(text.encode()).hexdigest()[:12]}"


def meet(*verdicts: Verdict) -> Verdict:
    """The worst of them; of none, `satisfied`."""
    return min(verdicts, key=ORDER.index, default=Verdict.SATISFIED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is, as the law sees it.

    `countries` it may be in, all of them (none: nobody knows); `recipient` is `own` or the name
    of the cloud or sink that gets it; `operator` the country whose law binds the recipient, None
    if unknown; `sealed` says that what lies there is ciphertext whose keys lie in `keys_in`.
    """

    name: str
    countries: tuple[str, ...]
    recipient: str = "own"
    operator: str | None = None
    partition: str = ""
    sealed: bool = False
    keys_in: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What a conditional verdict rests on; `met_by` is the document or guard, empty if open."""

    rule: str
    text: str
    met_by: str = ""
    until: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule that was asked: a wall of a zone, a policy, or a rule of a regime.

    `rule` is its stable id, such as `gdpr:art-44` or `zone:eu-plants`; `fact` the id of the dated
    fact it used, valid from `since` to `until` (ISO days, None open); `decided` countries;
    `waived_by` the ids of the waivers that answer for it.
    """

    rule: str
    verdict: Verdict
    text: str
    countries: tuple[str, ...] = ()
    fact: str = ""
    source: str = ""
    since: str | None = None
    until: str | None = None
    waived_by: tuple[str, ...] = ()
    origin: Span | None = maybe()


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """The meet over everything that has a say about one facet of one label at one place."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One edge of a path that data takes: what it feeds, and what was released on the way."""

    source: str
    target: str
    released: tuple[str, ...] = ()
    origin: Span | None = maybe()


@dataclass(frozen=True, slots=True)
class Way:
    """The path that a label took; `joins` says, for each node on it, what came together there."""

    path: tuple[Step, ...] = ()
    joins: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """Why a claim has its verdict: the path the label took, and every rule that was asked.

    `way` works out the path when somebody asks: a matrix has many rows.
    """

    reasons: tuple[Reason, ...]
    way: Callable[[], Way] = field(default=Way, compare=False, repr=False)

    @property
    def path(self) -> tuple[Step, ...]:
        """From where what decided is born to where the claim is about."""
        return self.way().path

    @property
    def joins(self) -> tuple[tuple[str, str], ...]:
        """For each node on the path, what came together there."""
        return self.way().joins

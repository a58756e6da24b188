"""Labels: what follows data wherever it goes. They form a finite join-semilattice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

IDENTIFIABILITY = ("anonymous", "aggregated", "pseudonymous", "raw")
"""From the least to the most: a join takes the most."""
SENSITIVITY = ("low", "medium", "high")


class Bound(NamedTuple):
    """A regime that a label is under, on account of a zone: that zone's transfers count for it.

    `unknown:CC` stands for the law of a country that the facts do not know.
    """

    regime: str
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is known of a thing that was made from data.

    `subjects` are countries where the people live; `regimes` the laws it is under; `zones` those
    whose countries it may not leave; `born` the zones where any of it was born, which no release
    takes off; `sensitivity` and `identifiability` positions in the chains above; `volume` people
    over a year, None if nobody knows.
    """

    categories: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    regimes: frozenset[Bound] = frozenset()
    zones: frozenset[str] = frozenset()
    born: frozenset[str] = frozenset()
    sensitivity: int = 0
    identifiability: int = 0
    volume: int | None = 0


BOTTOM = Label()
"""Nothing follows: the label of what was made from no data."""


def join(one: Label, other: Label) -> Label:
    """The least label that says at least what both say; volumes add up to at most their sum.

    The volume is the larger one, since the same people may be in both: it has to be idempotent,
    or a loop would never end. Thresholds are judged before, at the source.
    """
    volumes = (one.volume, other.volume)
    known = [volume for volume in volumes if volume is not None]
    return Label(
        categories=one.categories | other.categories,
        subjects=one.subjects | other.subjects,
        regimes=one.regimes | other.regimes,
        zones=one.zones | other.zones,
        born=one.born | other.born,
        sensitivity=max(one.sensitivity, other.sensitivity),
        identifiability=max(one.identifiability, other.identifiability),
        volume=None if len(known) < len(volumes) else max(known),
    )

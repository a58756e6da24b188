"""Legal facts as dated data: blocs, adequacy decisions, regimes, their mechanisms and duties.

Every row has an id that a certificate can name, the days between which it holds, a status and a
source. A row that is a `draft` never holds; one that is `contested` holds, with a duty to have
another ground ready. Countries are ISO 3166-1 alpha-2 codes, already expanded from blocs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hybridspec.base.source import Span
from hybridspec.ir.origin import spanned

FACETS = (
    "process", "store", "ciphertext", "transit", "keys", "key_admin", "backup", "logs", "support",
    "control_plane", "operator", "model",
)  # fmt: skip
"""The facets of where data is; see `Facets` in `spec/zone.py` for what each means."""
STATED_ONLY = ("support", "control_plane", "operator")
"""Facets of people and metadata: a zone's `countries` do not bind them, only the facet itself."""


class Status(StrEnum):
    """Whether a legal fact is in force, under attack in court, or not yet adopted."""

    IN_FORCE = "in-force"
    CONTESTED = "contested"
    DRAFT = "draft"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """What a certificate cites: an id, the first and last day of validity, and where it was read.

    `until` of None is open; `checked_on` is when somebody last compared it with its source.
    """

    id: str
    title: str
    since: date
    until: date | None
    status: Status
    source: str
    checked_on: date

    @property
    def compared(self) -> bool:
        """Whether somebody has compared all of it with its source."""
        return not self.source.startswith("unverified")

    def holds(self, on: date) -> bool:
        """Whether it is law on a day."""
        return (
            self.status is not Status.DRAFT
            and self.since <= on
            and (self.until is None or on <= self.until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bloc:
    """Countries that a law names together, such as the EEA."""

    name: str
    members: frozenset[str]
    fact: Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Adequacy:
    """A decision, under one regime, that a country protects data well enough.

    `scope` is `all`, or the recipients alone that it covers: `commercial`, `private-sector`,
    `certified`, or else `covered`: those under an act that the decision names. `exporters` are the
    countries from which data may be sent under it, all if empty.
    """

    regime: str
    country: str
    scope: str
    fact: Fact
    exporters: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """A ground on which a regime allows a transfer, and the documents that it takes.

    `evidence` are kinds of documents beside the mechanism's own; `longest` days is how long one
    may hold; `countries` are those it can be used for, all if empty; `at_most` people by category,
    beyond which it is not open to whoever sends.
    """

    name: str
    evidence: tuple[str, ...]
    longest: int | None
    countries: frozenset[str]
    fact: Fact
    at_most: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When a regime applies by itself: every part that is stated has to match.

    `categories` are taxonomy paths (a parent matches its children); `subjects` countries of the
    people; `established` countries of sites or of the controller; `roles` what the user says that
    they are; `thresholds` people by category, from which on the rule applies. An unknown number
    of people counts as above every threshold. Where thresholds are `combined` and a spec has data
    of more than one of the categories, the lowest of theirs counts for all of them.
    """

    categories: tuple[str, ...] = ()
    subjects: frozenset[str] = frozenset()
    established: frozenset[str] = frozenset()
    roles: tuple[str, ...] = ()
    thresholds: tuple[tuple[str, int], ...] = ()
    combined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """Something else that a regime asks: a document, a control, a device function, a time.

    `kind` is `evidence`, `agreement` (a document with each cloud that receives the data),
    `control`, `device`, `key`, `keep` (days at least) or `limit` (days at most); `needs` is which
    one. It binds data of `categories` (all if empty) on `facets` (all if empty), those who have
    one of `roles` (anyone if empty, or if no role under the regime is claimed), and if `abroad`
    only what others keep who stand, or keep it, outside of the regime's `home`. A `hard` duty that
    is not met is a violation; another leaves the verdict conditional.
    """

    id: str
    kind: str
    needs: str
    categories: tuple[str, ...]
    facets: tuple[str, ...]
    hard: bool
    text: str
    fact: Fact
    roles: tuple[str, ...] = ()
    abroad: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Regime:
    """A law or standard: when it applies, where it lets data be, and what else it asks.

    `governs` are the facets that its location rule is about; on those of `sealed` it does not
    mind where ciphertext lies whose keys stay in `home`. Elsewhere than `home`, an adequate
    country or a country with a mechanism, `elsewhere` decides: `deny`, `allow` or `gap`; `denied`
    countries are refused whatever else is stated. `releases` are the methods of a release that
    take the regime off, with the keys of the spec that each needs. `covers` are the countries
    whose rules for personal data it is.
    """

    name: str
    title: str
    triggers: tuple[Trigger, ...]
    governs: tuple[str, ...]
    sealed: tuple[str, ...]
    home: frozenset[str]
    elsewhere: str
    denied: frozenset[str]
    mechanisms: tuple[Mechanism, ...]
    releases: tuple[tuple[str, tuple[str, ...]], ...]
    duties: tuple[Duty, ...]
    fact: Fact
    covers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class LawFacts:
    """All legal facts of one pack; `covered` countries have a regime for personal data.

    In a Graph, `regimes` holds each name once, as it reads on the day that the spec is judged: a
    row whose `fact` does not hold on that day is not law then, or not yet.
    """

    version: str
    digest: str
    checked_on: date
    blocs: tuple[Bloc, ...]
    adequacy: tuple[Adequacy, ...]
    regimes: tuple[Regime, ...]
    covered: frozenset[str]


NO_FACTS = LawFacts(
    version="", digest="", checked_on=date.min, blocs=(), adequacy=(), regimes=(),
    covered=frozenset(),
)  # fmt: skip
"""Nothing is known, so that everything about people is a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Implicit:
    """A flow that a cloud adds by itself once a `service` is used in a region.

    `facet` of what is carried (`carries`: `content`, `ciphertext`, `metadata`, `logs` or `keys`);
    the `countries` it may reach, none if nobody states them; `avoided_by` is the guard by which
    what we emit keeps it from happening, empty if nothing does. `service` is a name of the
    region's `services`, or `*`.
    """

    id: str
    service: str
    facet: str
    carries: str
    countries: tuple[str, ...]
    avoided_by: str
    text: str
    source: str
    checked_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A document that the user names, by kind (`dpia`, `tia`, `baa`, ...), with its last day.

    `digest` is the SHA-256 of a file; what lies at an address has none.
    """

    kind: str
    document: str
    expires: str | None
    digest: str = ""
    origin: Span = spanned()

"""The normalised placement: what was put where and why, as plain data for rules that others write.

Plugins get it read-only, and `placement.json` in the output folder holds it for policy engines.
Names are stable; a name that goes or changes its meaning makes a new version of the schema.
"""

from __future__ import annotations

from dataclasses import dataclass

SCHEMA = "hybridspec.dev/placement/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A compliance zone; `facets` are those with countries of their own."""

    name: str
    countries: tuple[str, ...]
    facets: dict[str, tuple[str, ...]]
    regimes: tuple[str, ...]
    controls: tuple[str, ...]
    device_trust: tuple[str, ...]
    key_protection: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site with its device classes and their boards."""

    name: str
    country: str
    zone: str
    devices: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Store:
    """The region that holds a zone's store; `operator_country` is null if nobody states it."""

    zone: str
    region: str
    country: str
    partition: str
    operator: str
    operator_country: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where one stage of a flow runs at one site: `edge` on a device class, `cloud` in a region."""

    flow: str
    site: str
    stage: str
    kind: str
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What follows data at a node of the graph; `volume` is null if nobody states it."""

    node: str
    categories: tuple[str, ...]
    subjects: tuple[str, ...]
    regimes: tuple[str, ...]
    zones: tuple[str, ...]
    identifiability: str
    sensitivity: str
    volume: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule that was asked about a claim; days are ISO 8601, null is open."""

    rule: str
    verdict: str
    text: str
    countries: tuple[str, ...]
    fact: str
    since: str | None
    until: str | None
    waived_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Obligation:
    """What a conditional claim rests on; an empty `met_by` is open."""

    rule: str
    text: str
    met_by: str
    until: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Where one facet of one asset lies; `node` names its label, empty if it has none.

    `verdict` is `violated`, `gap`, `waived`, `conditional` or `satisfied`.
    """

    id: str
    zone: str
    asset: str
    facet: str
    node: str
    places: tuple[str, ...]
    countries: tuple[str, ...]
    operators: tuple[str, ...]
    partitions: tuple[str, ...]
    verdict: str
    why: str
    reasons: tuple[Reason, ...]
    obligations: tuple[Obligation, ...]
    guards: tuple[str, ...]
    unenforced: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Who answers for what, until when."""

    id: str
    type: str
    countries: tuple[str, ...]
    owner: str
    approver: str
    reason: str
    ticket: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """The whole placement of a spec."""

    schema: str
    name: str
    owner: str
    as_of: str
    spec_sha256: str
    plan_sha256: str
    zones: tuple[Zone, ...]
    sites: tuple[Site, ...]
    stores: tuple[Store, ...]
    stages: tuple[Stage, ...]
    labels: tuple[Label, ...]
    claims: tuple[Claim, ...]
    waivers: tuple[Waiver, ...]

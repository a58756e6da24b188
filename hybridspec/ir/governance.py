"""What governs a system beyond its zones: policies, waivers, releases, telemetry and stacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from hybridspec.base.source import Span
from hybridspec.ir.origin import maybe, spanned


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A controller or an officer: who they are and how they are reached."""

    name: str
    contact: str
    country: str | None = None


class Condition(Protocol):
    """A condition over one claim, whichever engine decides it."""

    @property
    def text(self) -> str:
        """What the user wrote."""

    def decide(self, claim: Mapping[str, object]) -> bool | str:
        """Whether it is true of the claim, or why that cannot be decided; it never raises."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What zones have to demand, by a policy."""

    device_trust: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    key_protection: str | None = None
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A restriction of the user's own; what it applies to is everything where it names nothing.

    It forbids `countries`, `regions` by label, `boards` by name, operators under the law of
    `operators`, and `partitions`. It speaks where `condition` is true, or cannot be decided. Only
    one whose `severity` is `error` takes places away. There is nothing in it that could allow.
    """

    name: str
    zones: tuple[str, ...]
    categories: tuple[str, ...]
    facets: tuple[str, ...] = ()
    regimes: tuple[str, ...] = ()
    countries: tuple[str, ...]
    regions: tuple[str, ...]
    boards: tuple[str, ...]
    operators: tuple[str, ...] = ()
    partitions: tuple[str, ...] = ()
    requires: Requirement = Requirement()
    condition: Condition | None = None
    title: str = ""
    severity: str = "error"
    controls: tuple[str, ...] = ()
    linddun: tuple[str, ...] = ()
    message: str = ""
    remediation: str = ""
    false_positive: str = ""
    reason: str
    origin: Span = spanned()
    condition_origin: Span | None = maybe()

    @property
    def id(self) -> str:
        """How certificates, waivers and lists of rules name it."""
        return f"policy:{self.name}"

    @property
    def strict(self) -> bool:
        """Whether it takes places away, rather than warn."""
        return self.severity == "error"

    def binds(self, zone: str, category: str) -> bool:
        """Whether it binds data of a category in a zone."""
        return (not self.zones or zone in self.zones) and (
            not self.categories
            or any(f"{category}.".startswith(f"{parent}.") for parent in self.categories)
        )

    def speaks_of(self, facet: str) -> bool:
        """Whether it is about a facet."""
        return not self.facets or facet in self.facets


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A finding that somebody answers for; `at` is the place of what it is about, if it exists.

    `rule` is the code of the finding or the stable id of what was asked, such as `unknown:KE`;
    `facet` and `countries` are those the finding names, None and none where it names none.
    """

    rule: str
    path: str
    type: str = "risk-accepted"
    facet: str | None = None
    countries: tuple[str, ...] = ()
    reason: str
    owner: str = ""
    approver: str
    ticket: str = ""
    expires: str
    at: Span | None
    origin: Span = spanned()

    @property
    def id(self) -> str:
        """How a certificate names it: rule, path and, if it has one, facet."""
        return f"waiver:{self.rule}@{self.path}" + (f"/{self.facet}" if self.facet else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginUse:
    """A plugin that is asked for: by the spec with the hash of its package, else by a flag."""

    name: str
    sha256: str | None
    origin: Span | None = maybe()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """A rule of a stranger's: it gets the placement, read-only, and yields findings."""

    name: str
    distribution: str
    sha256: str
    rule: Callable[[Any], Iterable[object]] = field(compare=False, repr=False)
    origin: Span | None = maybe()


@dataclass(frozen=True, slots=True, kw_only=True)
class TelemetrySink:
    """Where metrics and logs are sent: the countries it may lie in, and how it is reached."""

    type: str
    address: str
    countries: tuple[str, ...]
    zone: str | None
    secret: str | None
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observability:
    """What is measured, logged and sent."""

    metrics: tuple[str, ...] = ()
    log_level: str = "warning"
    log_retention: int | None = None
    log_summary: int | None = None
    sinks: tuple[TelemetrySink, ...] = ()
    logs_origin: Span | None = maybe()


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key of a channel: where its private half is, and the file of its public one."""

    name: str
    uri: str
    public: str
    holder: str
    custody: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRole:
    """The keys that count for a role, in order, and how many of them have to sign."""

    name: str
    keys: tuple[SigningKey, ...]
    threshold: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """One deployment of the spec; empty `clouds` are all that the plan uses.

    Without `signing`, development keys sign its channel.
    """

    name: str
    clouds: tuple[str, ...]
    backend: str | None
    config: tuple[tuple[str, str], ...]
    signing: tuple[SigningRole, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """A part of the fleet: `percent` is cumulative, `soak` the watch time in microseconds."""

    name: str
    percent: int
    soak: int
    max_failures: Fraction
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What a device has to measure before it keeps a release; None leaves it to the plan."""

    max_latency: int | None = None
    max_memory: int | None = None
    max_restarts: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Hours of the site in which devices may switch: minutes of the day, `days` as `mon`."""

    days: tuple[str, ...]
    start: int
    end: int

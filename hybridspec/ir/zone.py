"""Compliance zones as the Graph holds them: countries by facet, terms and transfers."""

from __future__ import annotations

from dataclasses import dataclass, field

from hybridspec.base.source import Span
from hybridspec.ir.law import STATED_ONLY, Evidence
from hybridspec.ir.origin import maybe, spanned


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A ground on which data may reach countries; `expires` is its last day, in ISO form.

    `recipient` is the cloud or the kind of sink that it is with alone, empty for anybody.
    """

    to: str
    countries: tuple[str, ...]
    mechanism: str
    evidence: str
    expires: str | None
    recipient: str = ""
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A compliance zone: the countries that hold every facet of its data.

    `facets` holds the countries of those facets that are stated, `facet_origins` where they are.
    `retention` is the longest time that data may be kept, `kept_at_least` the shortest.
    `device_trust` are security functions that every device in it has to have, `key_protection` is
    `software` or `hsm`, `evidence` what the user can show.
    """

    name: str
    countries: tuple[str, ...]
    regimes: tuple[str, ...]
    retention: int | None
    courier_delay: int
    facets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    kept_at_least: int | None = None
    controls: tuple[str, ...] = ()
    device_trust: tuple[str, ...] = ()
    key_protection: str = "software"
    evidence: tuple[Evidence, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    origin: Span = spanned()
    countries_origin: Span = spanned()
    retention_origin: Span | None = maybe()
    facet_origins: tuple[tuple[str, Span], ...] = field(default=(), compare=False, repr=False)
    keys_origin: Span | None = maybe()
    trust_origin: Span | None = maybe()
    controls_origin: Span | None = maybe()
    regimes_origin: Span | None = maybe()

    def allowed(self, facet: str) -> tuple[str, ...]:
        """The countries in which a facet of the zone's data may lie, where it is `walled`."""
        return next((found for name, found in self.facets if name == facet), self.countries)

    def states(self, facet: str) -> bool:
        """Whether the spec says where this facet may lie, so that nobody may be left guessing."""
        return any(name == facet for name, _ in self.facets)

    def facet_origin(self, facet: str) -> Span:
        """The line that says where a facet may lie: its own, or that of all countries."""
        found = (span for name, span in self.facet_origins if name == facet)
        return next(found, self.countries_origin)

    def shown(self, as_of: str) -> set[str]:
        """The kinds of documents that the user can show and that have not run out on a day."""
        return {e.kind for e in self.evidence if e.expires is None or e.expires >= as_of}

    def walled(self, facet: str) -> bool:
        """Whether the zone has a say about a facet: people and metadata only where it is stated."""
        return facet not in STATED_ONLY or self.states(facet)

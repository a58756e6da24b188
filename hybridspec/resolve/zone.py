"""Zones: countries by facet, terms of storage, and transfers with the day they end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hybridspec.base.country_names import country_hint, respelt_country
from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.edit import Edits, removed
from hybridspec.base.source import Origins, Path, Span
from hybridspec.ir.law import STATED_ONLY, LawFacts
from hybridspec.ir.zone import Transfer, Zone
from hybridspec.law.facts import earliest, expand
from hybridspec.resolve.references import lookup
from hybridspec.spec.document import Spec


def check_date(spec: Spec, origins: Origins, law: LawFacts, sink: Sink) -> None:
    """Facts about countries are known from a certain day on; before it, nothing can be judged."""
    first = earliest(law)
    if spec.metadata.as_of < first:
        sink.add(Diagnostic(
            code="HS0205",
            message=f"`as_of` is {spec.metadata.as_of}, but the members of the EU are known from "
            f"{first} on only",
            span=origins.value("metadata", "as_of"),
            help=f"write {first} or later; facts are judged as they were on that day",
        ))  # fmt: skip


def countries(
    names: list[str], path: Path, known_on: tuple[LawFacts, date], origins: Origins, sink: Sink,
    likely: Sequence[str] = (),
) -> tuple[str, ...]:  # fmt: skip
    """The countries that a list in the spec stands for; names that mean nothing are findings.

    `known_on` are the facts and the day; `likely` countries that the list has to hold by the rest
    of the spec.
    """
    known, unknown = expand(names, *known_on)
    for name in unknown:
        wanted = [country for country in likely if country not in known]
        sink.add(unknown_country(name, origins.value(*path, names.index(name)), wanted))
    return known


def unknown_country(name: str, span: Span, likely: Sequence[str] = ()) -> Diagnostic:
    """A name that is no country and no bloc, with what it probably means."""
    fixes, certain = respelt_country(name, span, blocs=True, likely=likely)
    return Diagnostic(
        code="HS0222", message=f"`{name[:60]}` is not a known country or bloc", span=span,
        help=country_hint(name, blocs=True), fixes=fixes, certain=certain,
    )  # fmt: skip


def resolve_zones(spec: Spec, origins: Origins, law: LawFacts, sink: Sink) -> dict[str, Zone]:
    """Every zone by name."""
    return {name: _zone(name, spec, origins, law, sink) for name in spec.zones}


def _zone(name: str, spec: Spec, origins: Origins, law: LawFacts, sink: Sink) -> Zone:
    written, on = spec.zones[name], (law, spec.metadata.as_of)
    path = ("zones", name)
    stand = [site.country for site in spec.sites.values() if site.zone == name][:100]
    listed = countries(written.countries, (*path, "countries"), on, origins, sink, stand)
    least = written.retention.at_least if written.retention else None
    most = written.retention.at_most if written.retention else None
    if least is not None and most is not None and least > most:
        sink.add(Diagnostic(
            code="HS0205", message=f"zone `{name}` has to keep data for longer than it may",
            span=origins.value(*path, "retention", "at_least"),
            help="write an `at_least` that is not longer than `at_most`",
        ))  # fmt: skip
    return Zone(
        name=name,
        countries=listed,
        regimes=tuple(sorted(set(written.regimes))),
        retention=most,
        courier_delay=written.courier_delay,
        facets=_facets(name, listed, spec, origins, on, sink),
        kept_at_least=least,
        controls=tuple(sorted(set(written.controls))),
        device_trust=tuple(sorted(set(written.device_trust))),
        key_protection=written.keys.protection,
        transfers=tuple(
            _transfer(name, index, spec, origins, law, sink)
            for index in range(len(written.transfers))
        ),
        origin=origins.key(*path),
        countries_origin=origins.value(*path, "countries"),
        retention_origin=origins.value(*path, "retention") if written.retention else None,
        facet_origins=tuple(
            (facet, origins.value(*path, "facets", facet))
            for facet in sorted(written.facets.model_fields_set if written.facets else ())
        ),
        keys_origin=origins.value(*path, "keys"),
        trust_origin=origins.value(*path, "device_trust"),
        controls_origin=origins.value(*path, "controls"),
        regimes_origin=origins.value(*path, "regimes"),
    )


def _facets(
    name: str, allowed: tuple[str, ...], spec: Spec, origins: Origins, on: tuple[LawFacts, date],
    sink: Sink,
) -> tuple[tuple[str, tuple[str, ...]], ...]:  # fmt: skip
    """Countries by facet; one that the zone does not list would widen it, and is a finding.

    Facets of people and metadata are not bound by the zone's countries, so nothing widens there.
    """
    written = spec.zones[name].facets
    if written is None:
        return ()
    found = []
    for facet in type(written).model_fields:
        names = getattr(written, facet)
        if names is None:
            continue
        path = ("zones", name, "facets", facet)
        listed = countries(names, path, on, origins, sink)
        wide = [] if facet in STATED_ONLY else [c for c in listed if c not in allowed]
        if wide:
            sink.add(Diagnostic(
                code="HS0227",
                message=f"facet `{facet}` of zone `{name}` lists {', '.join(wide[:8])}, which the "
                "zone does not",
                span=origins.value(*path),
                help=f"remove {', '.join(wide[:8])} here, or add it to the zone's `countries`; a "
                "facet only narrows them",
                fixes=_narrowed(names, wide, path, origins),
            ))  # fmt: skip
        found.append((facet, tuple(c for c in listed if c not in wide)))
    return tuple(found)


def _narrowed(names: list[str], wide: list[str], path: Path, origins: Origins) -> Edits:
    """Take the first country that the zone does not list off a facet, which others are left in."""
    surplus = next((index for index, name in enumerate(names) if name in wide), None)
    return removed(origins, (*path, surplus)) if surplus is not None and len(names) > 1 else ()


def _transfer(
    name: str, index: int, spec: Spec, origins: Origins, law: LawFacts, sink: Sink
) -> Transfer:
    written = spec.zones[name].transfers[index]
    path = ("zones", name, "transfers", index)
    known, unknown = expand([written.to], law, spec.metadata.as_of)
    if unknown:
        sink.add(unknown_country(written.to, origins.value(*path, "to")))
    if written.recipient is not None:
        known_names = {name: name for name in spec.clouds}
        sinks = spec.observability.sinks if spec.observability is not None else []
        known_names |= {each.type: each.type for each in sinks}
        lookup(written.recipient, known_names, sink, kind="cloud or telemetry sink",
               span=origins.value(*path, "recipient"))  # fmt: skip
    return Transfer(
        to=written.to,
        countries=known,
        mechanism=written.mechanism,
        evidence=written.evidence or "",
        expires=written.expires.isoformat() if written.expires else None,
        recipient=written.recipient or "",
        origin=origins.value(*path),
    )

"""Waivers, telemetry, stacks and the people who answer for the system."""

from __future__ import annotations

from collections.abc import Mapping

from hybridspec.base.country import BLOC_NAMES, COUNTRIES
from hybridspec.base.country_names import country_hint
from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins, Path
from hybridspec.ir.governance import (
    Observability,
    Party,
    PluginUse,
    Stack,
    TelemetrySink,
    Waiver,
)
from hybridspec.ir.law import LawFacts
from hybridspec.ir.zone import Zone
from hybridspec.resolve.references import lookup
from hybridspec.resolve.signing import Documents, signing
from hybridspec.resolve.zone import countries
from hybridspec.spec.document import Spec
from hybridspec.spec.observability import Datadog, Prometheus
from hybridspec.spec.observability import TelemetrySink as WrittenSink

_DATADOG = {
    "datadoghq.com": "US", "us3.datadoghq.com": "US", "us5.datadoghq.com": "US",
    "ddog-gov.com": "US", "datadoghq.eu": "DE", "ap1.datadoghq.com": "JP",
    "ap2.datadoghq.com": "AU",
}  # fmt: skip
"""Where Datadog keeps data, by the sites that it publishes; of others the spec is believed."""


def waivers(spec: Spec, origins: Origins, law: LawFacts, sink: Sink) -> tuple[Waiver, ...]:
    """Every waiver with the place of what it is about, where the spec has such a path."""
    paths = [_path(written.at) for written in spec.waivers]
    places = origins.extents(paths) if paths else {}
    return tuple(
        Waiver(
            rule=written.rule,
            path=written.at,
            type=written.type,
            facet=written.facet,
            countries=countries(written.countries, ("waivers", index, "countries"),
                                (law, spec.metadata.as_of), origins, sink),
            reason=written.reason,
            owner=written.owner,
            approver=written.approver,
            ticket=written.ticket,
            expires=written.expires.isoformat(),
            at=places.get(path),
            origin=origins.value("waivers", index),
        )
        for index, (written, path) in enumerate(zip(spec.waivers, paths, strict=True))
    )  # fmt: skip


def plugins(spec: Spec, origins: Origins, sink: Sink) -> tuple[PluginUse, ...]:
    """The plugins that the spec uses, each once."""
    found: dict[str, PluginUse] = {}
    for index, written in enumerate(spec.plugins):
        origin = origins.value("plugins", index)
        if written.name in found:
            sink.add(Diagnostic(
                code="HS0212", message=f"plugin `{written.name}` is used twice", span=origin,
                help="remove one of them",
            ))  # fmt: skip
        found[written.name] = PluginUse(name=written.name, sha256=written.sha256, origin=origin)
    return tuple(found.values())


def _path(dotted: str) -> Path:
    return tuple(int(part) if part.isdecimal() else part for part in dotted.split("."))


def observability(
    spec: Spec, origins: Origins, zones: Mapping[str, Zone], sink: Sink
) -> Observability:
    """What is measured, logged and sent, and the countries that each sink lies in."""
    written = spec.observability
    if written is None:
        return Observability()
    logs = written.logs
    found = (_telemetry(index, one, origins, zones, sink)
             for index, one in enumerate(written.sinks))  # fmt: skip
    return Observability(
        metrics=tuple(dict.fromkeys(written.metrics)),
        log_level=logs.level if logs else "warning",
        log_retention=logs.retention if logs else None,
        log_summary=logs.summary if logs else None,
        sinks=tuple(one for one in found if one is not None),
        logs_origin=origins.value("observability", "logs"),
    )


def _telemetry(
    index: int, written: WrittenSink, origins: Origins, zones: Mapping[str, Zone], sink: Sink
) -> TelemetrySink | None:
    path: Path = ("observability", "sinks", index)
    origin = origins.value(*path)
    if isinstance(written, Prometheus):
        zone = lookup(written.zone, zones, sink, kind="zone", span=origins.value(*path, "zone"),
                      defined=origins.key("zones"))  # fmt: skip
        if zone is None:
            return None
        return TelemetrySink(type=written.type, address="", countries=zone.allowed("logs"),
                             zone=zone.name, secret=None, origin=origin)  # fmt: skip
    if written.country not in COUNTRIES:
        bloc = written.country in BLOC_NAMES
        sink.add(Diagnostic(
            code="HS0222", span=origins.value(*path, "country"),
            message=f"`{written.country[:60]}` is {'a bloc' if bloc else 'not a known country'}",
            help="a sink lies in one country, such as `DE`" if bloc
            else country_hint(written.country),
        ))  # fmt: skip
        return None
    known = _DATADOG.get(written.site) if isinstance(written, Datadog) else None
    if isinstance(written, Datadog) and known is not None and written.country != known:
        sink.add(Diagnostic(
            code="HS0237", span=origins.value(*path, "country"),
            message=f"Datadog keeps what its site `{written.site}` gets in {known}, not in "
            f"{written.country}",
            help=f"write `country: {known}`, or the Datadog site that you mean",
        ))  # fmt: skip
        return None
    return TelemetrySink(
        type=written.type,
        address=written.site if isinstance(written, Datadog) else written.endpoint,
        countries=(written.country,),
        zone=None,
        secret=written.api_key if isinstance(written, Datadog) else written.token,
        origin=origins.value(*path, "country"),
    )


def stacks(spec: Spec, origins: Origins, documents: Documents, sink: Sink) -> tuple[Stack, ...]:
    """Every stack that the spec adds to the built-in `local`."""
    for name, written in spec.stacks.items():
        if name == "local":
            sink.add(Diagnostic(
                code="HS0212", message="stack `local` is built in and cannot be defined",
                span=origins.key("stacks", name), help="give the stack another name",
            ))  # fmt: skip
        for index, cloud in enumerate(written.clouds or []):
            lookup(cloud, spec.clouds, sink, kind="cloud",
                   span=origins.value("stacks", name, "clouds", index))  # fmt: skip
    return tuple(
        Stack(
            name=name,
            clouds=tuple(dict.fromkeys(written.clouds or [])),
            backend=written.backend,
            config=tuple(sorted(written.config.items())),
            signing=signing(spec, name, origins, documents, sink),
        )
        for name, written in spec.stacks.items()
    )


def controller(spec: Spec, origins: Origins, sink: Sink) -> Party | None:
    """Who decides why and how personal data is processed."""
    written = spec.metadata.controller
    if written is None:
        return None
    if written.country not in COUNTRIES:
        sink.add(Diagnostic(
            code="HS0222", message=f"`{written.country[:60]}` is not a known country",
            span=origins.value("metadata", "controller", "country"),
            help=country_hint(written.country),
        ))  # fmt: skip
    return Party(name=written.name, contact=written.contact, country=written.country)


def officer(spec: Spec) -> Party | None:
    """The data protection officer."""
    written = spec.metadata.dpo
    return None if written is None else Party(name=written.name, contact=written.contact)

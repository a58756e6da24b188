"""HS0315: something that the spec pins is forbidden by a policy of its own.

What it flags: a site in a country that a policy forbids for data which flows there; a training
region, or the only boards of such a site, that a policy forbids; a region in which a model may
learn from such data of another zone; a telemetry sink in a country that a policy forbids for a
whole zone, whatever the category of its data.
Why: a policy only adds restrictions, and no placement can move what the spec itself pins.
Example: `policies.no-fr: {forbid: {countries: [FR]}, reason: contract}` with a site in France.
Fix: narrow the policy with `applies_to`, or move what it forbids.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import About, Diagnostic, Label, Severity
from hybridspec.base.source import Span
from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Flow, Graph, Site
from hybridspec.law.policy import lacking, worded


def policy_violated(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per policy and pinned thing."""
    for policy in graph.policies:
        yield from _requirements(graph, policy)
        if not policy.strict:
            continue  # what it says of places is advice on a plan
        yield from _telemetry(graph, policy)
        seen: set[str] = set()
        for flow in graph.flows:
            for site in flow.sites:
                if not policy.binds(site.zone.name, flow.data.category):
                    continue
                if not policy.speaks_of("process") or policy.condition is not None:
                    continue
                if site.name not in seen:
                    seen.add(site.name)
                    yield from _site(policy, site)
                yield from _training(policy, flow)
                yield from _lessons(graph, policy, flow, site, seen)


def _site(policy: Policy, site: Site) -> Iterator[Diagnostic]:
    if site.country in policy.countries:
        yield finding(
            policy, f"site `{site.name}` stands in {site.country}", site.country_origin,
            f"narrow `policies.{policy.name}.applies_to`, or move the site",
        )  # fmt: skip
    boards = {devices.device_class.board.name for devices in site.devices}
    if boards and boards <= set(policy.boards):
        yield finding(
            policy, f"every board at site `{site.name}` is one of {', '.join(sorted(boards))}",
            site.origin, "put a device with another board there",
        )  # fmt: skip


def _training(policy: Policy, flow: Flow) -> Iterator[Diagnostic]:
    for stage in flow.stages:
        job = stage.model.training if stage.model is not None else None
        region = job.region if job is not None else None
        if job is None or region is None:
            continue
        if region.country in policy.countries or region.label in policy.regions:
            yield finding(
                policy, f"training runs in `{region.label}` ({region.country})", job.origin,
                "remove `region` to train where the zone's store is, or choose another one",
            )  # fmt: skip


def _lessons(
    graph: Graph, policy: Policy, flow: Flow, site: Site, seen: set[str]
) -> Iterator[Diagnostic]:
    """Regions of other zones in which models learn from what the flow carries."""
    for model in graph.models:
        key = f"{model.name} {site.zone.name} {flow.data.name}"
        if model.training is None or flow.data.name not in model.training.data or key in seen:
            continue
        seen.add(key)
        zones = {s.zone.name: s.zone for f in graph.flows for s in f.sites
                 if any(stage.model == model for stage in f.stages)}  # fmt: skip
        reached = [
            region for region in graph.regions for name in sorted(zones)
            if name != site.zone.name and region.country in zones[name].allowed("store")
            and model.training.region in (None, region)
            and (region.country in policy.countries or region.label in policy.regions)
        ]  # fmt: skip
        if reached:
            yield finding(
                policy, f"model `{model.name}` learns from `{flow.data.name}` of zone "
                f"`{site.zone.name}`, perhaps in `{reached[0].label}` ({reached[0].country})",
                model.training.origin, "pin `region` to one that the policy allows, or declare "
                "a model for each zone",
            )  # fmt: skip


def _telemetry(graph: Graph, policy: Policy) -> Iterator[Diagnostic]:
    """Sinks that get the telemetry of a zone which the policy binds as a whole."""
    bound = {site.zone.name for site in graph.sites} & set(policy.zones or [
        zone.name for zone in graph.zones
    ])  # fmt: skip
    for sink in graph.observability.sinks:
        inside = sink.zone is None and not policy.categories and bound
        if policy.condition is not None or not policy.speaks_of("logs"):
            continue
        if inside and any(country in policy.countries for country in sink.countries):
            yield finding(
                policy, f"telemetry of zone `{min(bound)}` would go to "
                f"{', '.join(sink.countries[:8])} (`{sink.type}`)", sink.origin,
                f"use a sink elsewhere, or narrow `policies.{policy.name}.applies_to`",
            )  # fmt: skip


def _requirements(graph: Graph, policy: Policy) -> Iterator[Diagnostic]:
    """Zones with data that a policy binds which do not demand what it requires."""
    if policy.condition is not None:
        return
    bound = {site.zone.name: site.zone for flow in graph.flows for site in flow.sites
             if policy.binds(site.zone.name, flow.data.category)}  # fmt: skip
    for name in sorted(bound):
        for lack in lacking(policy, bound[name], graph.as_of):
            yield finding(
                policy, f"zone `{name}` demands no {lack}", bound[name].origin,
                "demand it there; its own checks then prove it",
                zone=name,
            )  # fmt: skip


def finding(
    policy: Policy, what: str, span: Span, help: str, *, zone: str = "", facet: str = "",
    countries: tuple[str, ...] = (), place: str = "",
) -> Diagnostic:  # fmt: skip
    """What a policy says of something, an error or a warning as it wants."""
    says = "requires" if " demands no " in what else "forbids"
    words = f"{what}, which policy `{policy.name}` {says} ({policy.reason})"
    if policy.message:
        words = worded(policy, zone=zone, facet=facet, countries=countries, place=place,
                       what=what)  # fmt: skip
    notes = [Label(span=policy.origin, message="the policy is here")]
    if policy.false_positive:
        notes.append(Label(span=policy.origin, message=f"may be wrong: {policy.false_positive}"))
    return Diagnostic(
        code="HS0315" if policy.strict else "HS0351",
        severity=Severity.ERROR if policy.strict else Severity.WARNING,
        message=words, span=span, help=policy.remediation or help, notes=tuple(notes),
        about=About(rule=policy.id, facet=facet, countries=countries),
    )  # fmt: skip

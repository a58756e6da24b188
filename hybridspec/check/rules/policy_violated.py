"""HS0315: something that the spec pins is forbidden by a policy of its own.

What it flags: a site, a training region, weights that other sites run or a telemetry sink that a
policy forbids for the data which is there; boards of a site of which a policy forbids all; a zone
that does not demand what a policy requires.
Why: a policy only adds restrictions, and no placement can move what the spec itself pins.
Example: `policies.no-fr: {forbid: {countries: [FR]}, reason: contract}` with a site in France.
Fix: narrow the policy with `applies_to`, or move what it forbids.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import About, Diagnostic, Label, Severity
from hybridspec.base.source import Span
from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Graph
from hybridspec.law.cause import follows
from hybridspec.law.claim import Claims, claims
from hybridspec.law.pinned import Pinned, pinned
from hybridspec.law.policy import lacking, names_places, worded
from hybridspec.law.refusal import Refusal


def policy_violated(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per policy and pinned thing."""
    if not graph.policies:
        return
    of = claims(graph)
    policies = {policy.id: policy for policy in graph.policies if names_places(policy)}
    for policy in graph.policies:
        yield from _requirements(graph, policy)
        yield from _boards(graph, policy)
    sites = {(case.site, case.refusal.reason.rule) for case in pinned(of) if case.kind == "site"}
    for case in pinned(of):
        rule = case.refusal.reason.rule
        if case.kind == "learnt" and (case.site, rule) in sites:
            continue  # with the site goes what it runs
        if rule in policies and case.refusal.code == "HS0315" and not follows(of, case.refusal):
            yield _pinned(policies[rule], case)
    yield from _telemetry(of, policies)


def _pinned(policy: Policy, case: Pinned) -> Diagnostic:
    refusal, site, model = case.refusal, case.site, case.model
    name = model.name if model is not None else ""
    if site is None:
        origin = model.training.origin if model is not None and model.training else policy.origin
        return _refused(policy, f"training of `{name}` runs in {refusal.place.name}", origin,
                        refusal, "remove `region` to train where the zone's store is, or choose "
                        "another one")  # fmt: skip
    what = {
        "learnt": f"model `{name}` holds what policy-bound data taught it at site `{site.name}`",
        "bundled": f"device class `{case.device}` brings model `{name}` to site `{site.name}`",
    }.get(case.kind, f"site `{site.name}`{case.others} stands")
    about = "" if refusal.reason.countries else f" ({refusal.reason.text})"
    return _refused(policy, f"{what} in {site.country}{about}", site.country_origin, refusal,
                    f"narrow `policies.{policy.name}.applies_to`, or move the site")  # fmt: skip


def _refused(policy: Policy, what: str, span: Span, refusal: Refusal, help: str) -> Diagnostic:
    return finding(policy, what, span, help, zone=refusal.zone, facet=refusal.facet,
                   countries=refusal.reason.countries, place=refusal.place.name)  # fmt: skip


def _telemetry(of: Claims, policies: dict[str, Policy]) -> Iterator[Diagnostic]:
    """Sinks that get what a policy keeps from them."""
    for index, sink in enumerate(of.graph.observability.sinks):
        seen: set[str] = set()
        for zone in sorted(of.zones):
            for refusal in of.logged(index, zone):
                rule = refusal.reason.rule
                if rule not in policies or rule in seen or follows(of, refusal):
                    continue
                if refusal.code == "HS0315":
                    seen.add(rule)
                    yield _refused(
                        policies[rule], f"telemetry of zone `{zone}` would go to "
                        f"{', '.join(sink.countries[:8])} (`{sink.type}`)", sink.origin, refusal,
                        "use a sink elsewhere, or narrow "
                        f"`policies.{policies[rule].name}.applies_to`",
                    )  # fmt: skip


def _boards(graph: Graph, policy: Policy) -> Iterator[Diagnostic]:
    """Sites at which a policy leaves no board."""
    sites = {site.name: site for flow in graph.flows for site in flow.sites
             if policy.strict and policy.boards and policy.binds(site.zone.name,
                                                                 flow.data.category)}  # fmt: skip
    for site in sites.values():
        boards = {devices.device_class.board.name for devices in site.devices}
        if boards and boards <= set(policy.boards):
            yield finding(
                policy, f"every board at site `{site.name}` is one of {', '.join(sorted(boards))}",
                site.origin, "put a device with another board there",
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

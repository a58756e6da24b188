"""Makes the normalised placement of a plan: every claim with its label and its reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from hybridspec.ir import placement as view
from hybridspec.ir.graph import Graph
from hybridspec.ir.label import IDENTIFIABILITY, SENSITIVITY
from hybridspec.ir.plan import Plan, Residency
from hybridspec.law.label import Labels
from hybridspec.law.permit import law_of


def placement(graph: Graph, plan: Plan, plan_digest: str) -> dict[str, Any]:
    """The placement as plain data, in the order of names."""
    claims = tuple(_claim(row) for row in plan.residency)
    labels = law_of(graph).labels
    nodes = sorted({claim.node for claim in claims if claim.node})
    return asdict(view.Placement(
        schema=view.SCHEMA, name=graph.name, owner=graph.owner, as_of=graph.as_of,
        spec_sha256=graph.spec_digest, plan_sha256=plan_digest,
        zones=tuple(_zones(graph)),
        sites=tuple(
            view.Site(name=site.name, country=site.country, zone=site.zone.name, devices={
                devices.device_class.name: devices.device_class.board.name
                for devices in site.devices
            })
            for site in graph.sites
        ),
        stores=tuple(
            view.Store(zone=store.zone.name, region=store.region.label,
                       country=store.region.country, partition=store.region.partition,
                       operator=store.region.operator,
                       operator_country=store.region.operator_country)
            for store in plan.stores
        ),
        stages=tuple(
            view.Stage(flow=decision.flow.name, site=decision.site.name, stage=stage,
                       kind=host.kind, host=host.name)
            for decision in plan.decisions for stage, host in decision.chosen.hosts
        ),
        labels=tuple(_label(node, labels) for node in nodes),
        claims=claims,
        waivers=tuple(
            view.Waiver(id=w.id, type=w.type, countries=w.countries, owner=w.owner,
                        approver=w.approver, reason=w.reason, ticket=w.ticket, expires=w.expires)
            for w in graph.waivers
        ),
    ))  # fmt: skip


def _zones(graph: Graph) -> Iterator[view.Zone]:
    for zone in graph.zones:
        yield view.Zone(
            name=zone.name, countries=zone.countries, facets=dict(sorted(zone.facets)),
            regimes=zone.regimes, controls=zone.controls, device_trust=zone.device_trust,
            key_protection=zone.key_protection,
            evidence=tuple(sorted(zone.shown(graph.as_of))),
        )  # fmt: skip


def _label(node: str, labels: Labels) -> view.Label:
    label = labels.within(node)
    return view.Label(
        node=node, categories=tuple(sorted(label.categories)),
        subjects=tuple(sorted(label.subjects)),
        regimes=tuple(sorted({bound.regime for bound in label.regimes})),
        zones=tuple(sorted(label.zones)), identifiability=IDENTIFIABILITY[label.identifiability],
        sensitivity=SENSITIVITY[label.sensitivity], volume=label.volume,
    )  # fmt: skip


def _claim(row: Residency) -> view.Claim:
    proof = row.certificate
    reasons = proof.reasons if proof is not None else ()
    return view.Claim(
        id=row.id, zone=row.zone, asset=row.asset, facet=row.facet,
        node=proof.joins[-1][0] if proof is not None and proof.joins else "",
        places=row.places, countries=row.countries, operators=row.operators,
        partitions=row.partitions, verdict=str(row.verdict), why=row.why,
        reasons=tuple(
            view.Reason(rule=r.rule, verdict=str(r.verdict), text=r.text, countries=r.countries,
                        fact=r.fact, since=r.since, until=r.until, waived_by=r.waived_by)
            for r in reasons
        ),
        obligations=tuple(
            view.Obligation(rule=o.rule, text=o.text, met_by=o.met_by, until=o.until)
            for o in row.obligations
        ),
        guards=row.guards, unenforced=row.unenforced,
    )  # fmt: skip

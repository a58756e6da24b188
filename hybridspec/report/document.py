"""The report as data: one document from which Markdown, HTML and JSON are rendered.

Nothing in it depends on when or where it was made, so two runs give the same bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.base.units import format_bytes, format_duration, format_money, tenths
from hybridspec.ir.artefact import Artefact, Verdict
from hybridspec.ir.explanation import Explanation
from hybridspec.ir.governance import Plugin, Policy, Waiver
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import Decision, Plan
from hybridspec.report.candidates import search_data
from hybridspec.report.capacity import capacity
from hybridspec.report.cost import cost
from hybridspec.report.enforcement import enforcement
from hybridspec.report.explain import checklist_data
from hybridspec.report.sarif import waiver_data

SCHEMA = "hybridspec.dev/report/v1"


def report_document(
    graph: Graph, plan: Plan, plan_document: Mapping[str, Any], artefacts: Sequence[Artefact],
    bundles: Sequence[tuple[str, str, int]], stacks: Sequence[tuple[str, int, str]],
    findings: Sequence[Diagnostic], tool_version: str, plugins: Sequence[Plugin] = (),
    explained: Sequence[Explanation] = (),
) -> dict[str, Any]:  # fmt: skip
    """Everything a reviewer reads.

    `bundles` are (class, archive SHA-256, bytes), `stacks` (cloud, files, tree SHA-256);
    `explained` has one explanation for all sites at which a decision is the same.
    """
    counts = _counts(plan)
    return {
        "schema": SCHEMA,
        "tool": f"hybridspec {tool_version}",
        "name": graph.name,
        "owner": graph.owner,
        "asOf": graph.as_of,
        "digests": {"spec": graph.spec_digest, "catalog": graph.catalog_digest,
                    "plan": plan_document["digest"]},
        "verdict": {"residency": counts, "allowed": counts["violated"] == 0,
                    "warnings": len(findings)},
        "cost": cost(plan), "capacity": capacity(plan),
        "placements": [placement_data(decision, plan.currency) for decision in plan.decisions],
        "checklists": list(_checklists(explained)),
        "residency": plan_document["residency"],
        "enforcement": enforcement(plan),
        "certificates": plan_document["certificates"],
        "obligations": _obligations(plan),
        "stores": [_store(store, plan.currency) for store in plan_document["stores"]],
        "zones": _zones(graph),
        "keys": _keys(plan),
        "models": [_model(artefact) for artefact in artefacts],
        "bundles": [{"deviceClass": name, "sha256": digest, "bytes": size,
                     "size": format_bytes(size)} for name, digest, size in bundles],
        "stacks": [{"cloud": cloud, "files": files, "sha256": digest}
                   for cloud, files, digest in stacks],
        "rollout": _rollout(graph),
        "findings": [{"code": f.code, "severity": str(f.severity), "message": f.message,
                      "help": f.help, "where": f.span.ref if f.span else "",
                      **({"waived": waiver_data(f.waived)} if f.waived else {})}
                     for f in findings],
        "policies": [policy_data(policy) for policy in graph.policies],
        "waivers": [_waiver(waiver) for waiver in graph.waivers],
        "plugins": [{"name": p.name, "package": p.distribution, "sha256": p.sha256}
                    for p in plugins],
        "facts": plan_document["facts"],
        "defaults": plan_document["defaults"],
        "notAssessed": [*_not_assessed(), *graph.unassessed],
    }  # fmt: skip


def _checklists(explained: Sequence[Explanation]) -> Iterator[dict[str, Any]]:
    """What decided where each model runs, once for all sites where it is the same."""
    for one in explained:
        sites, flow = list(one.sites), one.decision.flow.name
        for checklist in checklist_data(one.checklists):
            yield {"model": checklist["model"], "flow": flow, "sites": sites,
                   "items": checklist["items"]}  # fmt: skip


def _zones(graph: Graph) -> list[dict[str, Any]]:
    return [
        {"name": zone.name, "countries": list(zone.countries), "regimes": list(zone.regimes),
         "retention": format_duration(zone.retention) if zone.retention else "unlimited",
         "origin": zone.origin.ref}
        for zone in graph.zones
    ]  # fmt: skip


def _obligations(plan: Plan) -> list[dict[str, Any]]:
    """What conditional rows rest on, each once, what is open first; `rows` counts them."""
    found = Counter(one for row in plan.residency for one in dict.fromkeys(row.obligations))
    return [
        {"rule": one.rule, "text": one.text, "metBy": one.met_by, "until": one.until or "",
         "rows": rows}
        for one, rows in sorted(found.items(), key=lambda pair: (
            bool(pair[0].met_by), pair[0].rule, pair[0].text, pair[0].met_by, pair[0].until or ""))
    ]  # fmt: skip


def policy_data(policy: Policy) -> dict[str, Any]:
    """A policy as reports and lists of rules show it."""
    return {
        "id": policy.id, "title": policy.title or policy.name, "severity": policy.severity,
        "controls": list(policy.controls), "linddun": list(policy.linddun),
        "when": policy.condition.text if policy.condition else "", "reason": policy.reason,
        "falsePositive": policy.false_positive, "where": policy.origin.ref,
    }  # fmt: skip


def _waiver(waiver: Waiver) -> dict[str, Any]:
    return {
        "id": waiver.id, "type": waiver.type, "countries": list(waiver.countries),
        "owner": waiver.owner or waiver.approver, "approver": waiver.approver,
        "reason": waiver.reason, "ticket": waiver.ticket, "expires": waiver.expires,
        "where": waiver.origin.ref,
    }  # fmt: skip


def _counts(plan: Plan) -> dict[str, int]:
    return {verdict: sum(row.verdict == verdict for row in plan.residency)
            for verdict in ("satisfied", "conditional", "violated", "gap", "waived")}  # fmt: skip


def busy_text(demand: int) -> str:
    """Busy microseconds a second for people."""
    return f"{tenths(Fraction(demand, 10_000))} % of one device"


def _store(store: Mapping[str, Any], currency: str) -> dict[str, Any]:
    """A zone's store, with what it would cost more elsewhere as people read it."""
    return {**store, "alternatives": [
        {**other, "extra": format_money(other["extraMicro"], currency)}
        for other in store["alternatives"]
    ]}  # fmt: skip


def placement_data(decision: Decision, currency: str) -> dict[str, Any]:
    """One decision: hosts, latency, cost, and every other way."""
    chosen, bound = decision.chosen, decision.flow.latency
    latency = chosen.latency
    return {
        "site": decision.site.name,
        "country": decision.site.country,
        "zone": decision.site.zone.name,
        "flow": decision.flow.name,
        "hosts": [{"stage": stage, "host": host.label, "kind": host.kind}
                  for stage, host in chosen.hosts],
        "variants": dict(chosen.variants),
        "cost": format_money(chosen.cost, currency),
        "latency": None if latency is None else {
            "to": bound.to if bound else "",
            "range": f"{format_duration(latency.low)} to {format_duration(latency.high)}",
            "bound": format_duration(bound.bound) if bound else "",
            "basis": latency.basis,
            "legs": [{"name": leg.name, "kind": leg.kind,
                      "range": f"{format_duration(leg.estimate.low)} to "
                      f"{format_duration(leg.estimate.high)}",
                      "share": 100 * leg.estimate.high // max(1, latency.high),
                      "basis": leg.estimate.basis}
                     for leg in chosen.legs],
        },
        "busy": busy_text(chosen.demand),
        "memory": format_bytes(chosen.memory),
        "runnerUp": None if decision.runner_up is None or decision.runner_up_delta is None else {
            "placement": decision.runner_up.label,
            "extra": format_money(decision.runner_up_delta, currency),
        },
        "dearer": [{"placement": c.label, "extra": format_money(c.cost - chosen.cost, currency)}
                   for c in decision.dearer],
        "rejected": [{"placement": c.label,
                      "reasons": [{"code": f.code, "message": f.message, "remedy": f.remedy}
                                  for f in c.failures]}
                     for c in decision.rejected],
    }  # fmt: skip


def _keys(plan: Plan) -> list[dict[str, str]]:
    return [
        {
            "zone": store.zone.name,
            "place": store.region.label,
            "country": store.region.country,
            "custody": "customer key of the cloud account, rotated at least yearly, used in this "
            "region",
        }
        for store in plan.stores
    ]


def _model(artefact: Artefact) -> dict[str, Any]:
    return {
        "model": artefact.model.name,
        "deviceClass": artefact.device_class,
        "variant": artefact.variant,
        "sha256": artefact.digest,
        "size": format_bytes(artefact.size),
        "original": artefact.model.facts.digest,
        "metric": artefact.model.metric,
        "floor": f"{float(artefact.model.floor):g}",
        "licence": artefact.model.licence,
        "estimate": f"{artefact.estimate.low} to {artefact.estimate.high} us per inference",
        "basis": artefact.estimate.basis,
        "memory": format_bytes(artefact.memory),
        "steps": [
            {"where": step.where, "command": step.command, "needs": step.needs, "why": step.why}
            for step in artefact.steps
        ],
        "verdicts": [_verdict(verdict) for verdict in artefact.verdicts],
        "search": None if artefact.search is None else search_data(artefact.search, labelled=True),
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    evidence = verdict.evidence
    return {
        "variant": verdict.variant,
        "accepted": verdict.accepted,
        "reasons": list(verdict.reasons),
        "cautions": list(verdict.cautions),
        "recipe": evidence.recipe,
        "metric": evidence.metric,
        "value": f"{evidence.variant:.4f}",
        "interval": f"{evidence.interval:.4f}",
        "samples": evidence.samples,
        "agreement": f"{evidence.agreement:.4f}",
        "cosine": f"{evidence.cosine:.4f}",
        "sqnrDb": _decibels(evidence.sqnr_db),
        "maxError": f"{evidence.max_error:.4f}",
        "outputs": [
            {"output": one.output, "cosine": f"{one.cosine:.4f}", "sqnrDb": _decibels(one.sqnr_db)}
            for one in evidence.outputs
        ],
        "size": format_bytes(evidence.variant_size),
        "evaluationDigest": evidence.evaluation_digest,
        "calibrationDigest": evidence.calibration_digest,
        "tools": dict(evidence.tools),
    }


def _decibels(ratio: float) -> str:
    return "exact" if ratio >= 200 else f"{ratio:.1f} dB"


def _rollout(graph: Graph) -> dict[str, Any]:
    return {
        "cohorts": [{"name": c.name, "percent": c.percent,
                     "soak": format_duration(c.soak) if c.soak else "none",
                     "maxFailures": f"{100 * float(c.max_failures):g} %"} for c in graph.cohorts],
        "validity": format_duration(graph.update_validity),
        "freeze": [{"tier": t.name, "deviceClasses": list(t.device_classes),
                    "window": format_duration(t.window)} for t in graph.tiers],
        "offline": [{"deviceClass": d.name, "maxOffline": format_duration(d.max_offline)}
                    for d in graph.device_classes],
    }  # fmt: skip


def _not_assessed() -> list[str]:
    return [
        "documents: that one is named, is there and has not expired is checked, not what it says",
    ]

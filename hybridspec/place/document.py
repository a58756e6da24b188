"""The plan as a document: canonical JSON with a digest, the thing that is reviewed and applied."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from typing import Any

from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import Configuration, CostTerm, Decision, Estimate, Plan, Residency

SCHEMA = "hybridspec.dev/plan/v1"


def document(graph: Graph, plan: Plan) -> dict[str, Any]:
    """Plain data of a plan; money in micro-units, times in microseconds, `digest` over the rest."""
    certificates = [_certificate(row) for row in plan.residency]
    body: dict[str, Any] = {
        "schema": SCHEMA,
        "name": graph.name,
        "owner": graph.owner,
        "asOf": graph.as_of,
        "specDigest": graph.spec_digest,
        "catalogDigest": graph.catalog_digest,
        "currency": plan.currency,
        "horizonMicroseconds": plan.horizon,
        "costMicro": plan.cost,
        "boundMicro": plan.bound,
        "gapMicro": plan.gap,
        "models": [
            {"name": model.name, "digest": model.facts.digest, "variants": list(model.variants),
             "evaluationDigest": model.evaluation_digest}
            for model in graph.models
        ],
        "decisions": [_decision(decision) for decision in plan.decisions],
        "stores": [
            {"zone": store.zone.name, "region": store.region.label, "country": store.region.country,
             "terms": _terms(store.terms),
             "alternatives": [{"region": region, "extraMicro": extra}
                              for region, extra in store.alternatives]}
            for store in plan.stores
        ],
        "fleet": [
            {"deviceClass": member.device_class.name, "board": member.device_class.board.name,
             "count": member.count, "zones": [zone.name for zone in member.zones],
             "models": [{"name": model.name, "variant": variant}
                        for model, variant in member.models],
             "flows": [flow.name for flow in member.flows]}
            for member in plan.fleet
        ],
        "residency": [_row(row, key) for row, (key, _) in
                      zip(plan.residency, certificates, strict=True)],
        "certificates": dict(sorted(certificates, key=lambda pair: pair[0])),
        "facts": _facts(graph, plan),
        "fixed": _terms(plan.fixed),
        "defaults": [{"key": key, "value": value, "reason": reason}
                     for key, value, reason in graph.defaults],
    }  # fmt: skip
    body |= _capacity(plan)
    return {**body, "digest": hashlib.sha256(canonical(body)).hexdigest()}


def _capacity(plan: Plan) -> dict[str, Any]:
    """What is bought and what is taken of quotas, where there is anything to say of it."""
    devices = [{"site": c.site, "deviceClass": c.device, "least": c.least, "most": c.most,
                "count": c.count} for c in plan.counts]  # fmt: skip
    quotas = [{"quota": q.kind, "regions": list(q.regions), "stated": q.stated,
               "usedMillionths": q.used} for q in plan.quotas]  # fmt: skip
    return {key: rows for key, rows in (("devices", devices), ("quotas", quotas)) if rows}


def _row(row: Residency, certificate: str) -> dict[str, Any]:
    return {
        "id": row.id, "zone": row.zone, "asset": row.asset, "facet": row.facet,
        "places": list(row.places), "countries": list(row.countries),
        "operators": list(row.operators), "partitions": list(row.partitions),
        "verdict": row.verdict, "why": row.why, "certificate": certificate,
        "guards": list(row.guards), "unenforced": row.unenforced,
    }  # fmt: skip


def _certificate(row: Residency) -> tuple[str, dict[str, Any]]:
    """Why a row has its verdict, under a name by its content: many rows share one."""
    why = row.certificate
    body: dict[str, Any] = {
        "path": [{"from": step.source, "to": step.target, "released": list(step.released)}
                 for step in (why.path if why else ())],
        "joins": [{"node": node, "label": label} for node, label in (why.joins if why else ())],
        "reasons": [
            {"rule": r.rule, "verdict": r.verdict.value, "text": r.text,
             "countries": list(r.countries), "fact": r.fact, "source": r.source,
             "since": r.since, "until": r.until, "waivedBy": list(r.waived_by)}
            for r in (why.reasons if why else ())
        ],
        "obligations": [{"rule": o.rule, "text": o.text, "metBy": o.met_by, "until": o.until}
                        for o in row.obligations],
    }  # fmt: skip
    return f"certificate-{hashlib.sha256(canonical(body)).hexdigest()[:12]}", body


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no white space, UTF-8."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def _facts(graph: Graph, plan: Plan) -> list[dict[str, str]]:
    """The rows of the catalogue and the facts pack that the plan rests on, dated, with source."""
    boards = {member.device_class.board.name: member.device_class.board for member in plan.fleet}
    regions = {store.region.label: store.region for store in plan.stores}
    rows: list[tuple[str, date | None, str]] = [
        *((f"board {name}", row.as_of, row.source) for name, row in sorted(boards.items())),
        *((f"region {name}", row.as_of, row.source) for name, row in sorted(regions.items())),
    ]
    day = date.fromisoformat(graph.as_of)
    rows += [(f"rate of {code}", day, f"the spec: 1 {code} is {worth}")
             for code, worth in graph.rates]  # fmt: skip
    rows += _energy(graph)
    law = graph.law
    if law.version:
        rows.append((f"law {law.version}", law.checked_on, f"facts pack, sha256:{law.digest}"))
    return [
        {"row": name, "asOf": as_of.isoformat() if as_of else "unknown", "source": source}
        for name, as_of, source in rows
    ]


def _energy(graph: Graph) -> list[tuple[str, date | None, str]]:
    """The rows about electricity of the countries of sites and regions."""
    prices = graph.energy.prices
    paid = {(site.country, site.energy_price) for site in graph.sites}
    priced = [prices[c] for c, price in paid if c in prices and prices[c].value == price]
    places = {country for country, _ in paid} | {r.country for r in graph.regions}
    emitted = [graph.energy.carbon[c] for c in places if c in graph.energy.carbon]
    rows: set[tuple[str, date | None, str]] = {(one.row, one.as_of, one.source) for one in priced}
    return sorted(rows.union((one.row, one.as_of, one.source) for one in emitted))


def _decision(decision: Decision) -> dict[str, Any]:
    return {
        "site": decision.site.name,
        "country": decision.site.country,
        "flow": decision.flow.name,
        "chosen": _configuration(decision.chosen, line=decision.site.line is not None),
        "carbonGrams": decision.chosen.carbon(decision.site),
        "runnerUp": decision.runner_up.label if decision.runner_up else None,
        "runnerUpExtraMicro": decision.runner_up_delta,
        "dearer": [
            {"placement": option.label, "extraMicro": option.cost - decision.chosen.cost}
            for option in decision.dearer
        ],
        "rejected": [
            {"placement": option.label,
             "failures": [{"code": f.code, "message": f.message, "excess": f.excess,
                           "unit": f.unit, "remedy": f.remedy} for f in option.failures]}
            for option in decision.rejected
        ],
    }  # fmt: skip


def _configuration(chosen: Configuration, *, line: bool) -> dict[str, Any]:
    return {
        "placement": chosen.label,
        "device": chosen.device.name if chosen.device else None,
        "region": chosen.region.label if chosen.region else None,
        "hosts": [{"stage": stage, "kind": host.kind, "host": host.label}
                  for stage, host in chosen.hosts],
        "variants": dict(chosen.variants),
        "latency": _estimate(chosen.latency),
        "legs": [{"name": leg.name, "kind": leg.kind, **(_estimate(leg.estimate) or {})}
                 for leg in chosen.legs],
        "ceilingPermille": {"busy": chosen.ceiling.busy, "uplink": chosen.ceiling.uplink,
                            **({"line": chosen.ceiling.line} if line else {})},
        "busyMicrosecondsPerSecond": chosen.demand,
        "memoryBytes": chosen.memory,
        "uplinkBytesPerSecond": chosen.uplink,
        "costMicro": chosen.cost,
        "terms": _terms(chosen.terms),
    }  # fmt: skip


def _estimate(estimate: Estimate | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    return {
        "lowMicroseconds": estimate.low,
        "midMicroseconds": estimate.mid,
        "highMicroseconds": estimate.high,
        "basis": estimate.basis,
    }


def _terms(terms: tuple[CostTerm, ...]) -> list[dict[str, Any]]:
    return [{"name": t.name, "group": t.group, "side": t.side, "amountMicro": t.amount,
             "inputs": t.inputs} for t in terms]  # fmt: skip

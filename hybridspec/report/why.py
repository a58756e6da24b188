"""Whether something may be in a country, facet by facet, as data: every rule with its citation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

from hybridspec.ir.graph import Graph
from hybridspec.ir.label import Bound, Label
from hybridspec.ir.law import FACETS, Adequacy, Fact, Mechanism
from hybridspec.ir.region import Region
from hybridspec.ir.verdict import ORDER, Permission, Place, Verdict, meet
from hybridspec.ir.zone import Transfer
from hybridspec.law.claim import claims
from hybridspec.law.facts import facts_of
from hybridspec.law.label import Labels, component
from hybridspec.law.locate import Spot, in_region
from hybridspec.law.permit import Law
from hybridspec.law.regime import lasts
from hybridspec.report.flows import (
    duty_document,
    label_document,
    reason_document,
    step_document,
)

SCHEMA = "hybridspec.dev/why/v1"
ALLOWED = frozenset({Verdict.SATISFIED, Verdict.CONDITIONAL, Verdict.WAIVED})
"""What counts as an answer of yes: what nobody knows does not."""


def why_document(
    law: Law, asset: str, nodes: Sequence[str], country: str, facets: Sequence[str],
    cloud: str = "",
) -> dict[str, Any]:  # fmt: skip
    """What the law of a graph says of an asset in a country, held by its user or by a cloud."""
    graph = law.graph
    cited: dict[str, Fact] = {}
    facts = {fact.id: fact for fact in facts_of(graph.law)}
    answers = [_node(law, node, country, facets, cloud, facts, cited) for node in nodes]
    verdict = meet(*(Verdict(f["verdict"]) for a in answers for f in a["facets"]))
    return {
        "schemaVersion": SCHEMA, "spec": graph.name, "asOf": graph.as_of,
        "facts": {"version": graph.law.version, "digest": graph.law.digest,
                  "checkedOn": graph.law.checked_on.isoformat()},
        "asset": asset, "country": country, "heldBy": cloud or "own",
        "verdict": str(verdict), "allowed": verdict in ALLOWED,
        "answers": answers,
        "cited": [_fact(cited[key], graph.as_of) for key in sorted(cited)],
        "unknown": sorted({
            f"{f['facet']}: {r['text']} ({r['rule']}, {r['place']})"
            for a in answers for f in a["facets"] for r in f["reasons"]
            if r["verdict"] == Verdict.GAP
        }),
    }  # fmt: skip


def _node(
    law: Law, node: str, country: str, facets: Sequence[str], cloud: str,
    facts: dict[str, Fact], cited: dict[str, Fact],
) -> dict[str, Any]:  # fmt: skip
    label = law.labels.held(node)
    found = []
    for facet in facets or FACETS:
        asked = [(spot, _asked(law, node, label, spot))
                 for spot in _spots(law.graph, label, facet, country, cloud)]  # fmt: skip
        for reason in (r for _, permission in asked for r in permission.reasons):
            if reason.fact in facts:
                cited[reason.fact] = facts[reason.fact]
        found.append(_facet(facet, asked))
    return {
        "node": node, "label": label_document(label),
        "came": list(_ways(law.labels, node, label)),
        "grounds": [ground for bound in sorted(label.regimes) if bound.regime in law.regimes
                    for ground in _grounds(law, bound, country, cloud or "own", facts, cited)],
        "facets": found,
    }  # fmt: skip


def _asked(law: Law, node: str, label: Label, spot: Spot) -> Permission:
    """What is said of a place, waivers considered, by the zone that asks it least of all."""
    zone = node.partition("@")[2]
    zones = [zone] if zone else sorted(label.zones | label.born) or [""]
    found = [claims(law.graph).ask(label, spot, name) for name in zones]
    return min(found, key=lambda permission: ORDER.index(permission.verdict))


def _spots(
    graph: Graph, label: Label, facet: str, country: str, cloud: str
) -> tuple[Spot, ...]:  # fmt: skip
    """Where it would be: in each region that the cloud has there, with what comes along, or else
    simply in the country."""
    regions = [r for r in graph.regions if r.cloud == cloud and r.country == country]
    found = tuple(spot for region in regions for spot in in_region(region, (facet,)))
    return found or (Spot(facet, _place(graph, label, facet, country, cloud)),)


def _place(graph: Graph, label: Label, facet: str, country: str, cloud: str) -> Place:
    """Somewhere in the country; ciphertext there has its keys where the zones keep theirs."""
    sealed = facet == "ciphertext"
    keys = sorted({c for zone in graph.zones if zone.name in label.zones
                   for c in zone.allowed("keys")})  # fmt: skip
    region = next((r for r in graph.regions if r.cloud == cloud), None)
    operator = region.operator_country if region else country if facet == "operator" else None
    return Place(
        name=f"{cloud or 'own hardware'} in {country}", countries=(country,),
        recipient=cloud or "own", operator=operator,
        partition=region.partition if region else "", sealed=sealed,
        keys_in=tuple(keys) if sealed else (), source="asked on the command line",
    )  # fmt: skip


def clouds(regions: Iterable[Region]) -> tuple[str, ...]:
    """The clouds that a question can be about, sorted."""
    return tuple(sorted({region.cloud for region in regions}))


def _facet(facet: str, asked: Sequence[tuple[Spot, Permission]]) -> dict[str, Any]:
    verdict = meet(*(permission.verdict for _, permission in asked))
    reasons = [(spot.place, reason) for spot, permission in asked for reason in permission.reasons]
    reasons.sort(key=lambda pair: (ORDER.index(pair[1].verdict), pair[1].rule, pair[0].name))
    duties = dict.fromkeys(duty for spot, permission in asked for duty in permission.obligations)
    return {
        "facet": facet, "verdict": str(verdict), "allowed": verdict in ALLOWED,
        "places": [{"name": spot.place.name, "countries": list(spot.place.countries),
                    "source": spot.place.source} for spot, _ in asked],
        "reasons": [
            {**reason_document(reason), "place": place.name} for place, reason in reasons
        ],
        "obligations": [duty_document(duty) for duty in duties],
    }  # fmt: skip


def _ways(labels: Labels, node: str, label: Label) -> Iterator[dict[str, Any]]:
    """How each law and each wall got into the label: from where, over which stages."""
    parts = [(component(bound), f"{bound.regime} of zone {bound.zone}")
             for bound in sorted(label.regimes)]  # fmt: skip
    parts += [(component(zone), f"the wall of zone {zone}") for zone in sorted(label.zones)]
    for part, shown in parts:
        path = labels.path(node, part)
        yield {"part": shown, "from": path[0].source if path else node,
               "steps": [step_document(step) for step in path]}  # fmt: skip


def _grounds(
    law: Law, bound: Bound, country: str, held: str, facts: dict[str, Fact],
    cited: dict[str, Fact],
) -> Iterator[dict[str, Any]]:  # fmt: skip
    """The grounds on which one law lets data go to a country, and whether the zone states them."""
    regime, zone = law.regimes[bound.regime], law.zones.get(bound.zone)
    if country in regime.home:
        return
    known_grounds: list[tuple[Fact, str, tuple[str, ...]]] = [
        (row.fact, "adequacy", _scope(row)) for row in law.graph.law.adequacy
        if row.regime == regime.name and row.country == country
    ]  # fmt: skip
    known_grounds += [(m.fact, m.name, (*m.evidence, *_caps(m))) for m in regime.mechanisms
                      if not m.countries or country in m.countries]  # fmt: skip
    transfers = [t for t in zone.transfers if country in t.countries] if zone else []
    for fact, name, needs in known_grounds:
        cited[fact.id] = facts[fact.id]
        mine = [t for t in transfers if t.mechanism == name]
        mine.sort(key=lambda t: (t.recipient not in ("", held), not lasts(t.expires, law.as_of)))
        yield {
            "regime": regime.name, "zone": bound.zone, "mechanism": name, "needs": list(needs),
            "fact": fact.id, "holds": fact.holds(law.as_of), "since": fact.since.isoformat(),
            "until": fact.until.isoformat() if fact.until else None,
            **_stated(mine[0] if mine else None, held, law),
        }  # fmt: skip


def _stated(transfer: Transfer | None, held: str, law: Law) -> dict[str, Any]:
    """The transfer of the spec that rests on a ground, and whether it is any good here."""
    if transfer is None:
        return {"stated": False, "serves": False, "evidence": "", "expires": None,
                "recipient": "", "at": None}  # fmt: skip
    serves = transfer.recipient in ("", held) and lasts(transfer.expires, law.as_of)
    return {"stated": True, "serves": serves, "evidence": transfer.evidence,
            "expires": transfer.expires, "recipient": transfer.recipient,
            "at": transfer.origin.ref}  # fmt: skip


def _scope(row: Adequacy) -> tuple[str, ...]:
    """Whom a decision covers, if not everybody."""
    scope = () if row.scope == "all" else (f"a recipient that is {row.scope}",)
    exporters = ", ".join(sorted(row.exporters))
    return (*scope, *((f"senders in {exporters} alone",) if exporters else ()))


def _caps(mechanism: Mechanism) -> tuple[str, ...]:
    """Up to how many people a mechanism is open."""
    return tuple(f"at most {most:,} people of {category}" for category, most in mechanism.at_most)


def _fact(fact: Fact, as_of: str) -> dict[str, Any]:
    return {
        "id": fact.id, "title": fact.title, "since": fact.since.isoformat(),
        "until": fact.until.isoformat() if fact.until else None, "status": str(fact.status),
        "holds": fact.holds(date.fromisoformat(as_of)), "source": fact.source,
        "checkedOn": fact.checked_on.isoformat(), "compared": fact.compared,
    }  # fmt: skip

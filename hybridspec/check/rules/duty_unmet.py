"""HS0342: a law that binds a zone's data asks for something that the spec does not have.

What it flags: a control, a document or a protection of keys that a law in force cannot do without,
where neither what is emitted nor a document meets it.
Why: without it the processing breaks the law whatever else holds, so no plan can keep it.
Example: a high-risk system under the EU AI Act whose `observability.logs.level` is `warning`: its
events would not be recorded (art. 12).
Fix: turn it on as the finding says, or name the document that shows who does it instead.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.check.recipient import Receipt, own, received
from hybridspec.ir.graph import Graph, Zone
from hybridspec.ir.law import Duty
from hybridspec.ir.verdict import Place
from hybridspec.law.duty import EVENT_LOGGING, Duties, abroad
from hybridspec.law.permit import law_of

_KINDS = ("evidence", "agreement", "control", "key")


def duty_unmet(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone and duty."""
    seen: set[tuple[str, str]] = set()
    for zone, duty, where in unmet(graph):
        if (zone.name, duty.needs) not in seen:
            seen.add((zone.name, duty.needs))
            yield Diagnostic(
                code="HS0342",
                message=f"zone `{zone.name}`: {duty.id} asks for `{duty.needs}`, and "
                f"nothing shows it for {where}",
                span=zone.origin,
                help=f"{duty.text.rstrip('.')}; {_help(duty, zone)}",
            )


def unmet(graph: Graph) -> Iterator[tuple[Zone, Duty, str]]:
    """The duties of zones that nothing shows, and the first place that lacks each."""
    duties = law_of(graph).duties
    for zone in graph.zones:
        for regime, categories in duties.under[zone.name].items():
            for duty in duties.binding(regime, categories):
                if not duty.hard or duty.kind not in _KINDS:
                    continue
                where = _lacking(duties, regime, duty, zone)
                if where is not None:
                    yield zone, duty, where


def _lacking(duties: Duties, regime: str, duty: Duty, zone: Zone) -> str | None:
    """The first place where a duty is not met."""
    others = list(received(duties.graph, zone))
    places = others if duty.kind in ("agreement", "key") else [*own(duties.graph, zone), *others]
    if not places and duty.kind in ("evidence", "control"):
        places = [Receipt("", Place(name="the zone", countries=()), zone.origin)]
    for facet, place, _ in places:
        if duty.facets and facet and facet not in duty.facets:
            continue
        if duty.abroad and not abroad(duties.regimes[regime], place):
            continue
        if not duties.met(duty, zone, place).by:
            return place.name
    return None


def _help(duty: Duty, zone: Zone) -> str:
    if duty.needs == EVENT_LOGGING:
        return "write `observability.logs.level: info`"
    return (f"or show who does it: `zones.{zone.name}.evidence: [{{kind: {duty.needs}, document: "
            f"legal/{duty.needs}.md}}]`")  # fmt: skip

"""HS0336: a law that binds a zone's data asks for something that nothing shows.

What it flags: a document or a contract that a law asks for and that no `evidence` of the zone and
no `agreements` of the cloud name, or that has run out on `as_of`; and whatever a law will ask from
a day on that lies within the horizon of the spec.
Why: the law allows the processing on the condition that the document exists; a report that does
not name it proves nothing.
Example: health data of people in the EU without `evidence: [{kind: dpia, ...}]` (GDPR, art. 35).
Fix: name the document under the key that the finding shows, or have somebody answer for it under
`waivers`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.source import Span
from hybridspec.check.recipient import own, received
from hybridspec.ir.graph import Graph, Zone
from hybridspec.ir.law import Duty
from hybridspec.ir.verdict import Place
from hybridspec.law.duty import ASKED, Duties, about, abroad
from hybridspec.law.permit import law_of

_ANYWHERE = Place(name="anywhere", countries=())


def duty_open(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone and document, and per recipient and contract."""
    duties = law_of(graph).duties
    told: set[tuple[str, str]] = set()
    for zone in graph.zones:
        for regime, categories in duties.under[zone.name].items():
            for duty in duties.owed(regime):
                if duty.kind not in ASKED or not about(duty, categories):
                    continue
                if duty.needs in zone.controls or (duty.hard and not duties.coming(regime, duty)):
                    continue
                for recipient, at in _recipients(duties, regime, duty, zone):
                    one = (recipient or f"zone {zone.name}", duty.needs)
                    if one not in told:
                        told.add(one)
                        yield _finding(duties, regime, duty, zone, recipient, at)


def _recipients(duties: Duties, regime: str, duty: Duty, zone: Zone) -> Iterator[tuple[str, Span]]:
    """For whom a duty is open: the zone itself, or each cloud or sink that may get its data."""
    law = duties.regimes[regime]
    others = [
        receipt for receipt in received(duties.graph, zone)
        if (not duty.facets or receipt.facet in duty.facets)
        and (not duty.abroad or abroad(law, receipt.place))
    ]  # fmt: skip
    if duty.kind == "agreement":
        for receipt in others:
            if not duties.met(duty, zone, receipt.place).by:
                yield receipt.place.recipient, receipt.origin
    elif others or not duty.abroad:
        places = [one.place for one in own(duties.graph, zone)]
        places = places if duty.kind in ("control", "device") else [_ANYWHERE]
        if any(not duties.met(duty, zone, place).by for place in places):
            yield "", zone.origin


def _finding(
    duties: Duties, regime: str, duty: Duty, zone: Zone, recipient: str, at: Span
) -> Diagnostic:
    since = duties.since(regime, duty).isoformat()
    when = f", from {since} on" if duties.coming(regime, duty) else ""
    of = f" with `{recipient}`" if recipient else ""
    return Diagnostic(
        code="HS0336", severity=Severity.WARNING,
        message=f"zone `{zone.name}`: {duty.id} asks for {_what(duty)}{of}{when}, and nothing "
        "shows it",
        span=at,
        help=f"{duty.text.rstrip('.')}; {_key(duties, duty, zone, recipient)}",
    )  # fmt: skip


def _what(duty: Duty) -> str:
    kinds = {"evidence": "a document", "agreement": "a contract", "control": "the control",
             "device": "devices with", "key": "keys under"}  # fmt: skip
    return f"{kinds[duty.kind]} `{duty.needs}`"


def _key(duties: Duties, duty: Duty, zone: Zone, recipient: str) -> str:
    """The key that meets the duty, as it is written."""
    clouds = {region.cloud for region in duties.graph.regions}
    row = f"[{{kind: {duty.needs}, document: legal/{duty.needs}.md}}]"
    if duty.kind == "agreement" and recipient in clouds:
        return f"write `clouds.{recipient}.agreements: {row}`"
    if duty.kind == "device":
        return f"write `security: [{duty.needs}]` on the zone's devices, once it is set up"
    if duty.kind == "key":
        return f"write `zones.{zone.name}.keys: {{protection: {duty.needs}}}`"
    return f"write `zones.{zone.name}.evidence: {row}`"

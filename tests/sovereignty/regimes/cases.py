"""One question about one law: data of a small spec at a place, with the rule that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from unit.resolve.lowering import lowered, spec

from hybridspec.check.rules.transfer_unproven import transfer_unproven
from hybridspec.ir.graph import Graph
from hybridspec.ir.law import FACETS, STATED_ONLY
from hybridspec.ir.verdict import Permission, Place, Verdict
from hybridspec.law.permit import law_of

CONTACT, HEALTH, FACE = "user.contact", "user.health_and_medical", "user.biometric"


def to(
    country: str, mechanism: str, expires: str = "", *, shown: bool = True, recipient: str = ""
) -> dict[str, Any]:
    """A transfer as a spec writes it."""
    written = {"to": country, "mechanism": mechanism}
    written |= {"recipient": recipient} if recipient else {}
    written |= {"evidence": f"https://acme.example/{mechanism}.pdf"} if shown else {}
    return written | ({"expires": expires} if expires else {})


def shows(*kinds: str) -> list[dict[str, Any]]:
    """Documents of a zone as a spec writes them."""
    return [{"kind": kind, "document": f"https://acme.example/{kind}.pdf"} for kind in kinds]


@dataclass(frozen=True, kw_only=True)
class Case:
    """Data about `people`, born at a site in `home`, that is in `where`; `cites` says which rule.

    `release` stands on the stage whose output is asked about; `keys` lie in those countries.
    """

    cites: str
    where: str
    home: str
    day: str = "2026-11-27"
    facet: str = "process"
    category: str = CONTACT
    people: str = ""
    count: int | None = None
    transfers: tuple[dict[str, Any], ...] = ()
    evidence: tuple[dict[str, Any], ...] = ()
    controller: str = ""
    release: dict[str, Any] | None = None
    keys: str = ""
    recipient: str = "own"

    def __str__(self) -> str:
        return f"{self.cites}: {self.facet} in {self.where}, {self.day}"


def graph(case: Case) -> Graph:
    """The spec of a case, resolved."""
    zone: dict[str, Any] = {"countries": sorted({case.home, case.where, case.keys or case.home})}
    zone |= {"transfers": list(case.transfers), "evidence": list(case.evidence)}
    # The facet that is asked about may lie in both countries, every other one at home alone.
    zone["facets"] = {facet: [case.home] for facet in FACETS if facet not in STATED_ONLY}
    zone["facets"] |= {"keys": [case.keys or case.where]}
    zone["facets"] |= {case.facet: sorted({case.home, case.where})}
    data = {"category": case.category, "size": "1kB", "rate": "1/s",
            "subjects": [case.people or case.home]}  # fmt: skip
    if case.count is not None:
        data["subject_count"] = case.count
    scale: dict[str, Any] = {"transform": "normalise", "inputs": ["frames"]}
    if case.release is not None:
        scale["release"] = case.release
    metadata: dict[str, Any] = {"name": "test", "owner": "o@example.org", "as_of": case.day}
    if case.controller:
        metadata["controller"] = {"name": "A", "contact": "a@a.example", "country": case.controller}
    made, findings = lowered(spec(
        metadata=metadata, zones={"z": zone}, sites__lab__zone="z", sites__lab__country=case.home,
        data={"frames": data}, flows__watch__stages={
            "scale": scale, "keep": {"sink": "store", "inputs": ["scale"], "retention": "P1D"},
        },
    ))  # fmt: skip
    assert [str(f.message) for f in findings if f.severity == "error"] == []
    return made


def ask(case: Case) -> Permission:
    """The permission of what the stage makes, at the place; refusals are findings as well."""
    made = graph(case)
    law = law_of(made)
    sealed = case.facet in ("ciphertext", "transit")
    place = Place(name=case.where, countries=(case.where,), sealed=sealed, recipient=case.recipient,
                  operator=None if case.recipient == "own" else case.where,
                  keys_in=(case.keys or case.where,) if sealed else ())  # fmt: skip
    found = law.permit(law.labels.of("stage watch.scale@z"), case.facet, place)
    if case.release is None and case.recipient == "own":
        refused = {c for finding in transfer_unproven(made) for c in finding.about.countries}
        assert (case.where in refused) == (found.verdict is Verdict.VIOLATED), refused
    return found


def allowed(case: Case) -> bool:
    """Whether the data may be there, as far as is known; a gap is not."""
    return ask(case).verdict in (Verdict.SATISFIED, Verdict.CONDITIONAL)

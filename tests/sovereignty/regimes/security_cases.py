"""One question about a law that asks for security: what is found in a small spec, with its rule."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from sovereignty.regimes.cases import shows
from unit.resolve.lowering import lowered, spec

from hybridspec.base.diagnostic import Severity
from hybridspec.check.rules.device_untrusted import device_untrusted
from hybridspec.check.rules.duty_open import duty_open
from hybridspec.check.rules.duty_unmet import duty_unmet
from hybridspec.check.rules.retention_conflict import retention_conflict
from hybridspec.ir.graph import Graph
from hybridspec.ir.verdict import Permission, Place
from hybridspec.law.permit import law_of


@dataclass(frozen=True, kw_only=True)
class Case:
    """Data of `category` born at a site in `home`; `cites` is the rule that the case shows.

    The box at the site has `security`, the cloud keeps what is stored in `region`, and `signed`
    are the contracts with it.
    """

    cites: str
    category: str = "user.health_and_medical"
    home: str = "US"
    day: str = "2026-11-27"
    roles: tuple[str, ...] = ()
    regimes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    region: str = "us-east-1"
    security: tuple[str, ...] = ("secure-boot", "tpm", "encrypted-storage")
    logs: dict[str, Any] = field(default_factory=dict)
    retention: str = ""
    count: int | None = None
    other: tuple[str, int] | None = None
    people: str = ""
    release: dict[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.cites}, {self.day}"


def graph(case: Case) -> Graph:
    """The spec of a case, resolved."""
    countries = sorted({case.home, "CN", "RU", "DE", "US"})
    zone: dict[str, Any] = {"countries": countries, "regimes": list(case.regimes),
                            "evidence": shows(*case.evidence)}  # fmt: skip
    if case.retention:
        zone["retention"] = case.retention
    people = [case.people or case.home]
    data: dict[str, Any] = {"category": case.category, "size": "1kB", "rate": "1/s"}
    data |= {} if case.category.startswith("system") else {"subjects": people}
    data |= {} if case.count is None else {"subject_count": case.count}
    assets = {"frames": data}
    if case.other is not None:
        assets["others"] = {**copy.deepcopy(data), "category": case.other[0],
                            "subject_count": case.other[1]}  # fmt: skip
    scale: dict[str, Any] = {"transform": "normalise", "inputs": ["frames"]}
    scale |= {} if case.release is None else {"release": case.release}
    made, findings = lowered(spec(
        metadata={"name": "test", "owner": "o@example.org", "as_of": case.day,
                  "roles": list(case.roles)},
        zones={"z": zone}, sites__lab__zone="z", sites__lab__country=case.home, data=assets,
        devices__gateway__board="jetson-orin-nano",
        devices__gateway__security=list(case.security),
        clouds={"aws": {"provider": "aws", "regions": [case.region],
                        "agreements": shows(*case.signed)}},
        observability={"logs": case.logs} if case.logs else None,
        flows__watch__stages={
            "scale": scale, "keep": {"sink": "store", "inputs": ["scale"]},
        },
    ))  # fmt: skip
    assert [str(f.message) for f in findings if f.severity == "error"] == []
    return made


def asked(case: Case) -> tuple[str, ...]:
    """The rules that are open or broken, sorted; what is still to come has a `+` before it."""
    made, found = graph(case), set()
    for rule in (device_untrusted, duty_open, duty_unmet, retention_conflict):
        for finding in rule(made):
            coming = " from 20" in finding.message and finding.severity is Severity.WARNING
            words = finding.message.replace("`", "").replace(",", "").split()
            name = next((w for w in words if ":" in w[:-1] and not w.endswith(":")), "")
            found.add(("+" if coming else "") + name)
    return tuple(sorted(found))


def permission(case: Case, facet: str, country: str, operator: str | None = "US") -> Permission:
    """What the laws of a case say of a facet at a place that somebody else runs."""
    law = law_of(graph(case))
    place = Place(name=country, countries=(country,), recipient="aws", operator=operator)
    return law.permit(law.labels.of("stage watch.scale@z"), facet, place)

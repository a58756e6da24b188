"""HS0312: a transfer mechanism that does not hold on the day the spec is judged.

What it flags: a transfer whose `expires` lies before `as_of`, or later than the mechanism can
last; a mechanism that no law on the zone's data knows on that day, such as `idta` under the GDPR
alone; one that is not open to so many people; `adequacy` for a country without a decision, or with
one for certified recipients alone and no proof of it; any other mechanism without evidence.
Why: a transfer needs its ground for as long as it goes on (Regulation (EU) 2016/679, art. 44), and
a ground that nobody can show is none.
Example: `transfers: [{to: US, mechanism: scc, evidence: scc.pdf, expires: 2025-12-31}]`, judged as
of 2026-11-01.
Fix: renew it and write the new day, name the document, or remove the country from the zone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Graph
from hybridspec.ir.law import Mechanism, Regime
from hybridspec.ir.zone import Transfer, Zone
from hybridspec.law.permit import Law
from hybridspec.law.reach import reach_of

_Fault = tuple[str, str]
"""What is wrong with a transfer, and the way out."""


def transfer_invalid(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per transfer that does not hold."""
    if not any(zone.transfers for zone in graph.zones):
        return
    reach = reach_of(graph)
    law = reach.law
    for zone in graph.zones:
        names = reach.names(zone.name)
        regimes = [law.regimes[name] for name in names or sorted(law.regimes)]
        for transfer in zone.transfers:
            fault = _fault(law, zone, transfer, [r for r in regimes if r.mechanisms])
            if fault is not None:
                message, help = fault
                yield Diagnostic(
                    code="HS0312", message=f"the transfer of zone `{zone.name}` to {transfer.to} "
                    f"{message}", span=transfer.origin, help=help,
                )  # fmt: skip


def _fault(law: Law, zone: Zone, transfer: Transfer, regimes: Sequence[Regime]) -> _Fault | None:
    as_of = law.graph.as_of
    if transfer.expires is not None and transfer.expires < as_of:
        return (f"expired on {transfer.expires}, before {as_of}",
                "renew it and write the new day, or remove it with its country")  # fmt: skip
    knowing = [(r, m) for r in regimes for m in r.mechanisms if m.name == transfer.mechanism]
    held = [(r, m) for r, m in knowing if m.fact.holds(law.as_of)]
    if regimes and not held:
        return _unheld(law, transfer, regimes, [m for _, m in knowing])
    if transfer.mechanism == "adequacy":
        return _adequacy(law, zone, transfer, [r for r, _ in held])
    if not transfer.evidence:
        return (f"rests on `{transfer.mechanism}` without evidence",
                "add `evidence: legal/transfer.pdf`, the document that proves it")  # fmt: skip
    faults = [_unusable(law, transfer, regime, ground) for regime, ground in held]
    return faults[0] if faults and all(faults) else None


def _unheld(
    law: Law, transfer: Transfer, regimes: Sequence[Regime], knowing: Sequence[Mechanism]
) -> _Fault:
    coming = sorted(m.fact.since for m in knowing if m.fact.since > law.as_of)
    if coming:
        return (f"rests on `{transfer.mechanism}`, which exists from {coming[0]} on",
                "state another mechanism until then")  # fmt: skip
    others = sorted({m.name for r in regimes for m in r.mechanisms if m.fact.holds(law.as_of)})
    named = ", ".join(regime.name for regime in regimes)
    return (f"rests on `{transfer.mechanism}`, which is no ground under {named}",
            f"state one of {', '.join(f'`{name}`' for name in others)}")  # fmt: skip


def _adequacy(law: Law, zone: Zone, transfer: Transfer, regimes: Sequence[Regime]) -> _Fault | None:
    names = {regime.name for regime in regimes}
    rows = [row for row in law.graph.law.adequacy
            if row.regime in names and row.fact.holds(law.as_of)]  # fmt: skip
    home = frozenset().union(*(regime.home for regime in regimes))
    senders = law.senders(zone.name) & home
    left = sorted(set(transfer.countries) - home - {row.country for row in rows})
    if left:
        return (f"rests on adequacy, but no decision covers {', '.join(left[:8])} on "
                f"{law.graph.as_of}",
                "state another mechanism, such as `scc`, with its evidence")  # fmt: skip
    for country in sorted(set(transfer.countries) - home):
        mine = [row for row in rows if row.country == country]
        if all(row.scope == "certified" for row in mine) and not transfer.evidence:
            return (
                f"rests on adequacy, but the decision covers certified recipients alone: "
                f"{mine[0].fact.title}",
                "add `evidence: legal/certified.pdf`, the proof that the recipient is",
            )
        if all(row.exporters and not (senders and senders <= row.exporters) for row in mine):
            others = ", ".join(sorted(senders - mine[0].exporters)) or "outside of its area"
            return (f"rests on adequacy, but the decision does not serve senders in {others}: "
                    f"{mine[0].fact.title}",
                    "state another mechanism, such as `scc`, with its evidence")  # fmt: skip
    return None


def _unusable(law: Law, transfer: Transfer, regime: Regime, ground: Mechanism) -> _Fault | None:
    outside = sorted(set(transfer.countries) - ground.countries) if ground.countries else []
    if outside:
        return (f"rests on `{ground.name}`, which under {regime.name} is not for "
                f"{', '.join(outside[:8])}", "state another mechanism for them")  # fmt: skip
    if ground.longest is not None and transfer.expires is not None:
        last = (law.as_of + timedelta(days=ground.longest)).isoformat()
        if transfer.expires > last:
            return (f"expires on {transfer.expires}, but under {regime.name} `{ground.name}` lasts "
                    f"{ground.longest} days at most", f"write the day in the document, {last} at "
                    "the latest")  # fmt: skip
    return _too_many(law, regime, ground)


def _too_many(law: Law, regime: Regime, ground: Mechanism) -> _Fault | None:
    """Whether the spec has data about more people than a mechanism is open to."""
    for category, most in ground.at_most:
        people = law.people(regime.name, category)
        if people is None or people > most:
            so_many = "nobody says how many the spec is about" if people is None else (
                f"the spec is about {people}")  # fmt: skip
            return (f"rests on `{ground.name}`, which under {regime.name} is open to {most} people "
                    f"at most (`{category}`), and {so_many}",
                    "state a mechanism without such a limit, or `subject_count` of the "
                    "data")  # fmt: skip
    return None

"""HS0312: a transfer mechanism that does not hold on the day the spec is judged.

What it flags: a transfer whose `expires` lies before `as_of`; `adequacy` for a country without a
decision of the European Commission on that day; any other mechanism without evidence.
Why: a transfer needs its ground for as long as it goes on (Regulation (EU) 2016/679, art. 44), and
a ground that nobody can show is none.
Example: `transfers: [{to: US, mechanism: scc, evidence: scc.pdf, expires: 2025-12-31}]`, judged as
of 2026-11-01.
Fix: renew it and write the new day, name the document, or remove the country from the zone.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Graph
from hybridspec.ir.law import LawFacts
from hybridspec.ir.zone import Transfer
from hybridspec.law.facts import adequate, members


def transfer_invalid(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per transfer that does not hold."""
    for zone in graph.zones:
        for transfer in zone.transfers:
            fault = _fault(transfer, graph.law, graph.as_of)
            if fault is not None:
                message, help = fault
                yield Diagnostic(
                    code="HS0312", message=f"the transfer of zone `{zone.name}` to {transfer.to} "
                    f"{message}", span=transfer.origin, help=help,
                )  # fmt: skip


def _fault(transfer: Transfer, law: LawFacts, as_of: str) -> tuple[str, str] | None:
    if transfer.expires is not None and transfer.expires < as_of:
        return (f"expired on {transfer.expires}, before {as_of}",
                "renew it and write the new day, or remove it with its country")  # fmt: skip
    if transfer.mechanism == "adequacy":
        held = adequate(law, date.fromisoformat(as_of)) | members(law, "EEA")
        without = [country for country in transfer.countries if country not in held]
        if without:
            named = ", ".join(without[:8])
            return (f"rests on adequacy, but no decision covers {named} on {as_of}",
                    "state another mechanism, such as `scc`, with its evidence")  # fmt: skip
    elif not transfer.evidence:
        return (f"rests on `{transfer.mechanism}` without evidence",
                "add `evidence: legal/transfer.pdf`, the document that proves it")  # fmt: skip
    return None

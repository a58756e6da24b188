"""HS0331: data may be in a country by a decision that is under attack in court, and by it alone.

What it flags: a zone that lists a country by an adequacy decision whose status is `contested`,
without another transfer to the same country that holds on its own.
Why: two decisions on the United States were annulled from one day to the next (C-362/14 and
C-311/18), and what rested on them was unlawful at once.
Example: `transfers: [{to: US, mechanism: adequacy, evidence: legal/dpf.md}]`.
Fix: state a second ground, such as `{to: US, mechanism: scc, evidence: legal/scc.pdf}`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import About, Diagnostic, Severity
from hybridspec.ir.graph import Graph
from hybridspec.law.ground import grounds
from hybridspec.law.reach import reach_of


def ground_contested(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one warning per zone and contested decision."""
    reach = reach_of(graph)
    for zone in graph.zones:
        for ground in grounds(reach, zone):
            if not ground.alone:
                continue
            stated = (t for t in zone.transfers if set(t.countries) & set(ground.alone))
            yield Diagnostic(
                code="HS0331", severity=Severity.WARNING,
                message=f"data of zone `{zone.name}` may be in {', '.join(ground.alone[:8])} by "
                f"{ground.fact.title} alone",
                span=next((transfer.origin for transfer in stated), zone.countries_origin),
                help="state a second ground under `transfers`, such as `{to: "
                f"{ground.alone[0]}, mechanism: scc, evidence: legal/scc.pdf}}`",
                about=About(rule=ground.fact.id, countries=ground.alone),
            )  # fmt: skip

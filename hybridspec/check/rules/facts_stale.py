"""HS0333: facts about law that the spec rests on were last checked too long ago.

What it flags: rows of the facts pack that let data of a zone be where it may be, and that nobody
has compared with their source for longer than `metadata.facts_age` (a year, if you do not say)
before `as_of`.
Why: decisions are withdrawn and laws amended; a row that nobody reads any more proves nothing.
Example: `metadata.as_of: 2028-06-01` with a pack of 2026-11-27.
Fix: install a newer release, or raise `facts_age` once somebody has read the rows again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.units import DAY
from hybridspec.ir.graph import Graph
from hybridspec.ir.law import Fact
from hybridspec.law.ground import grounds
from hybridspec.law.reach import reach_of


def facts_stale(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one warning for all rows."""
    today = date.fromisoformat(graph.as_of)
    reach = reach_of(graph)
    used: dict[str, Fact] = {}
    for zone in graph.zones:
        used |= {g.fact.id: g.fact for g in grounds(reach, zone)}
    old = sorted((fact.checked_on, name) for name, fact in used.items()
                 if (today - fact.checked_on).days * DAY > graph.facts_age)  # fmt: skip
    if old:
        checked, name = old[0]
        more = f" and {len(old) - 1} more" if len(old) > 1 else ""
        yield Diagnostic(
            code="HS0333", severity=Severity.WARNING,
            message=f"fact `{name}`{more} was last checked on {checked}, {(today - checked).days} "
            f"days before {today}",
            span=graph.origin,
            help="install a newer release, or raise `metadata.facts_age` once somebody has read "
            "the rows again; `hybridspec facts show` has their sources",
        )  # fmt: skip

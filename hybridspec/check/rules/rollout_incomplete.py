"""HS0309: the cohorts stop before the whole fleet has the release.

What it flags: a last cohort below 100 %.
Why: the rest of the fleet would never be updated, security fixes included.
Example: a single cohort `{name: canary, percent: 20, ...}`.
Fix: add a last cohort with `percent: 100`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.base.edit import put
from hybridspec.ir.graph import Graph


def rollout_incomplete(graph: Graph) -> Iterator[Diagnostic]:
    """Yield at most one finding."""
    last = graph.cohorts[-1]
    if last.percent < 100:
        yield Diagnostic(
            code="HS0309",
            message=f"the last cohort `{last.name}` reaches {last.percent} % of the fleet",
            span=last.origin,
            help="add a last cohort `{name: fleet, percent: 100, max_failures: 5%}`, or let this "
            "one reach 100",
            fixes=put(last.origin, 100),
        )

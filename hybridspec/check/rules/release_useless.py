"""HS0346: a stage is released from a law, or from a zone, that its inputs are not under.

What it flags: a valid `release` of a law that binds nothing which the stage reads, at any of the
flow's sites; one of the `zone` where nothing is kept in it any more.
Why: it reads as if a duty had been met, where there was none, and hides that the law was expected
to hold: perhaps `category`, `subjects` or `regimes` says less than was meant.
Example: `release: {lgpd: {...}}` on data about people in Germany.
Fix: remove the release, or state what puts the data under that law.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.ir.graph import Graph
from hybridspec.ir.law import NO_FACTS
from hybridspec.law.permit import law_of
from hybridspec.law.release import ZONE, faults


def release_useless(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per release that has nothing to take off."""
    if graph.law == NO_FACTS:
        return
    law = law_of(graph)
    for flow in graph.flows:
        zones = sorted({site.zone.name for site in flow.sites})
        for stage in flow.stages:
            for release in stage.releases:
                if faults(release, law.regimes):
                    continue
                into = {zone: law.labels.within(f"stage {flow.name}.{stage.name}@{zone}")
                        for zone in zones}  # fmt: skip
                if release.regime == ZONE:
                    used = any(zone in label.zones for zone, label in into.items())
                else:
                    used = any(bound.regime == release.regime for label in into.values()
                               for bound in label.regimes)  # fmt: skip
                if not used:
                    what = "its zone" if release.regime == ZONE else f"`{release.regime}`"
                    yield Diagnostic(
                        code="HS0346",
                        severity=Severity.WARNING,
                        message=f"stage `{stage.name}` is released from {what}, but nothing that "
                        "it reads is under it",
                        span=release.origin,
                        help="remove the release, or state what puts the data under it",
                    )

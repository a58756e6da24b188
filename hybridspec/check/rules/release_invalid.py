"""HS0345: a release takes no law off the output of its stage.

What it flags: a `release` by a method that the law does not accept, without a figure that the
method needs, or of a law that nothing releases data from; a release of the `zone` while the output
is under a law that says where it may be.
Why: a law lets go of data only on its own terms. HIPAA's two methods (45 CFR 164.514(b)) mean
nothing to the GDPR, and the US rule on bulk data (28 CFR part 202) holds for anonymised data too. A
model that learnt from personal data is not anonymous by itself (EDPB Opinion 28/2024).
Example: `release: {gdpr: {method: safe-harbour, evidence: legal/hipaa.md, approver: dpo}}`.
Fix: choose a method that the law accepts, state its figures, or remove the release; release every
law before `zone`.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Flow, Graph, Stage
from hybridspec.ir.law import NO_FACTS
from hybridspec.law.permit import Law, law_of
from hybridspec.law.release import ZONE, faults, places


def release_invalid(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per release that is not valid, or lifts no wall."""
    if graph.law == NO_FACTS:
        return
    law = law_of(graph)
    for flow in graph.flows:
        for stage in flow.stages:
            for release in stage.releases:
                missing = faults(release, law.regimes)
                if missing:
                    yield Diagnostic(
                        code="HS0345",
                        message=f"stage `{stage.name}` is not released from `{release.regime}`: "
                        + "; ".join(missing),
                        span=release.origin,
                        help="state what is missing, or remove the release: without it the output "
                        "is under the law all the same",
                    )
                elif release.regime == ZONE:
                    yield from _left(law, flow, stage)


def _left(law: Law, flow: Flow, stage: Stage) -> Iterator[Diagnostic]:
    """A wall cannot be lifted for what is under a law that says where it may be."""
    nodes = sorted({f"stage {flow.name}.{stage.name}@{site.zone.name}" for site in flow.sites})
    left = sorted({
        bound.regime for node in nodes for bound in law.labels.of(node).regimes
        if places(bound, law.regimes)
    })  # fmt: skip
    if left:
        release = next(release for release in stage.releases if release.regime == ZONE)
        yield Diagnostic(
            code="HS0345",
            message=f"stage `{stage.name}` may not leave its zone: its output is still under "
            + ", ".join(f"`{name}`" for name in left[:8]),
            span=release.origin,
            help="release it from these laws too, as far as they let go of data, or remove `zone`",
        )

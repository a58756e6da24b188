"""Where a spec names documents as proof: each with the path of its name."""

from collections.abc import Iterator

from hybridspec.base.source import Path
from hybridspec.spec.document import Spec


def proofs(spec: Spec) -> Iterator[tuple[str, Path]]:
    """The name of every document, a file or an address, and where it is written."""
    for name, zone in spec.zones.items():
        for index, proof in enumerate(zone.evidence):
            yield proof.document, ("zones", name, "evidence", index, "document")
        for index, transfer in enumerate(zone.transfers):
            if transfer.evidence:
                yield transfer.evidence, ("zones", name, "transfers", index, "evidence")
    for name, cloud in spec.clouds.items():
        for index, agreement in enumerate(cloud.agreements):
            yield agreement.document, ("clouds", name, "agreements", index, "document")
    for name, flow in spec.flows.items():
        for step, stage in flow.stages.items():
            for law, release in (stage.release or {}).items():
                yield release.evidence, ("flows", name, "stages", step, "release", law, "evidence")

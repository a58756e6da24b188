"""Documents as proof: each named file is there, and what the law may ask to see is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins, Path
from hybridspec.ir.document_file import DocumentFile
from hybridspec.ir.law import Evidence, LawFacts
from hybridspec.ir.region import Region
from hybridspec.ir.zone import Zone
from hybridspec.resolve.references import lookup
from hybridspec.spec.document import Spec
from hybridspec.spec.evidence import Agreement
from hybridspec.spec.evidence import Evidence as Written
from hybridspec.spec.proof import proofs

Documents = Mapping[str, DocumentFile]
Controls = Mapping[str, tuple[tuple[str, str], ...]]


def with_evidence(
    zones: Mapping[str, Zone], spec: Spec, documents: Documents, origins: Origins
) -> dict[str, Zone]:
    """The zones with what the user can show for each."""
    return {
        name: replace(zone, evidence=_proofs(
            spec.zones[name].evidence, ("zones", name, "evidence"), documents, origins))
        for name, zone in zones.items()
    }  # fmt: skip


def with_agreements(
    regions: Sequence[Region], spec: Spec, documents: Documents, controls: Controls,
    origins: Origins,
) -> tuple[Region, ...]:  # fmt: skip
    """The regions with what was agreed with the operator, and the controls of what is emitted."""
    agreed = {
        name: _proofs(cloud.agreements, ("clouds", name, "agreements"), documents, origins)
        for name, cloud in spec.clouds.items()
    }
    return tuple(
        replace(region, agreements=agreed[region.cloud], controls=controls.get(region.provider, ()))
        for region in regions
    )


def _proofs(
    written: Sequence[Written | Agreement], path: Path, documents: Documents, origins: Origins
) -> tuple[Evidence, ...]:
    """A list of documents; `check_documents` says what is wrong with them."""
    return tuple(
        Evidence(
            kind=one.kind,
            document=one.document,
            expires=one.expires.isoformat() if one.expires else None,
            digest=documents[one.document].digest if one.document in documents else "",
            origin=origins.value(*path, index),
        )
        for index, one in enumerate(written)
    )


def check_documents(
    spec: Spec, law: LawFacts, documents: Documents, origins: Origins, sink: Sink
) -> None:
    """A file that cannot be read proves nothing, and neither does one of a kind nobody asks for."""
    _check_kinds(spec, law, origins, sink)
    for name, path in proofs(spec):
        fault = documents[name].fault if name in documents else ""
        if fault:
            sink.add(Diagnostic(
                code="HS0335", message=f"`{name[:120]}` proves nothing: {fault}",
                span=origins.value(*path),
                help="write the path of a document in the spec's folder, or an address that "
                "begins with `https:`",
            ))  # fmt: skip


def _check_kinds(spec: Spec, law: LawFacts, origins: Origins, sink: Sink) -> None:
    """A document of a kind that nobody asks for, such as a misspelt one, would meet nothing."""
    asked = {duty.needs for regime in law.regimes for duty in regime.duties
             if duty.kind in ("agreement", "control", "evidence")}  # fmt: skip
    asked |= {kind for regime in law.regimes for mechanism in regime.mechanisms
              for kind in mechanism.evidence}  # fmt: skip
    asked |= {control for zone in spec.zones.values() for control in zone.controls}
    for policy in spec.policies.values():
        if policy.require is not None:
            asked |= {*policy.require.evidence, *policy.require.controls}
    known = {kind: kind for kind in sorted(asked)}
    for name, zone in spec.zones.items():
        for index, proof in enumerate(zone.evidence):
            span = origins.value("zones", name, "evidence", index, "kind")
            lookup(proof.kind, known, sink, span=span, kind="kind of evidence")
    for name, cloud in spec.clouds.items():
        for index, agreement in enumerate(cloud.agreements):
            span = origins.value("clouds", name, "agreements", index, "kind")
            lookup(agreement.kind, known, sink, span=span, kind="kind of agreement")

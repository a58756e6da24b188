"""What goes into a device class's bundle: models, golden files, runtime, bill of materials, claims.

Everything that can be said without a key is said here, in envelopes that nobody has signed yet;
`bundle/sign.py` puts signatures into them. The manifest lists all, so each has a new release then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from hybridspec.bundle import attestation, envelope, model_signature
from hybridspec.bundle.licences import licences
from hybridspec.bundle.manifest import (
    SCHEMA,
    FileRecord,
    Golden,
    ModelContract,
    ReleaseManifest,
    canonical_json,
)
from hybridspec.bundle.members import (
    ACCURACY,
    ENVELOPES,
    MANIFEST,
    MODEL_SIGNATURE,
    MODELS,
    PROVENANCE,
    SBOM,
)
from hybridspec.bundle.runtime import lock_of, wheels
from hybridspec.bundle.sbom import sbom
from hybridspec.ir.artefact import Artefact
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import FleetMember
from hybridspec.ir.tree import FileTree, digest_of, merge

_SANE = 10_000_000
"""Microseconds that an inference may take where nothing is promised of it."""
_MEMORY_FACTOR = 4
"""Allowance over the estimate for the interpreter and numpy that run the health check."""


def assemble(
    graph: Graph, member: FleetMember, artefacts: Sequence[Artefact], payload: FileTree,
    plan_digest: str, runtime: Path | None = None,
) -> FileTree:  # fmt: skip
    """The whole content of a bundle; the manifest lists every other file with size and digest.

    `runtime` is a folder of wheels to put in.
    """
    name = member.device_class.name
    mine = [a for a in artefacts if a.device_class == name]
    lock = lock_of(payload)
    inside = wheels(lock, runtime)
    tree = merge([
        payload, licences(mine, lock, inside), *(_model_files(artefact) for artefact in mine),
        FileTree({f"runtime/wheels/{file}": path for file, path in inside.items()}),
    ])  # fmt: skip
    digests = tree.digests()
    bill = sbom(graph, name, mine, digests, lock, plan_digest)
    digests[SBOM] = digest_of(bill)
    tree = merge([tree, FileTree({SBOM: bill})])
    manifest = ReleaseManifest(
        schema=SCHEMA,
        spec=graph.name,
        device_class=name,
        architecture=member.device_class.board.architecture,
        spec_digest=graph.spec_digest,
        plan_digest=plan_digest,
        zones=tuple(sorted(zone.name for zone in member.zones)),
        models=tuple(_contract(graph, artefact) for artefact in mine),
        flows=tuple(sorted(flow.name for flow in member.flows)),
        files=tuple(
            FileRecord(path=path, size=_size(data), sha256=digests[path]) for path, data in tree
        ),
    )
    made = attestation.provenance(graph, name, mine, digests, content_digest(manifest), plan_digest)
    models = {path: digest for path, digest in digests.items() if path.startswith(f"{MODELS}/")}
    return complete(manifest, tree, {
        PROVENANCE: envelope.unsigned(made),
        ACCURACY: envelope.unsigned(attestation.accuracy(mine, models)),
        MODEL_SIGNATURE: model_signature.unsigned(model_signature.statement(models)),
    })  # fmt: skip


def complete(manifest: ReleaseManifest, tree: FileTree, envelopes: Mapping[str, bytes]) -> FileTree:
    """A bundle with these envelopes, listed in the manifest like everything else."""
    records = {record.path: record for record in manifest.files}
    for path, data in envelopes.items():
        records[path] = FileRecord(path=path, size=len(data), sha256=digest_of(data))
    listing = replace(manifest, files=tuple(records[path] for path in sorted(records)))
    return FileTree({**tree.files, **envelopes, MANIFEST: canonical_json(listing)})


def content_digest(manifest: ReleaseManifest) -> str:
    """What a release is whoever signed it: its manifest's SHA-256 without the envelopes, hex."""
    files = tuple(record for record in manifest.files if record.path not in ENVELOPES)
    return hashlib.sha256(canonical_json(replace(manifest, files=files))).hexdigest()


def _size(data: bytes | Path) -> int:
    return len(data) if isinstance(data, bytes) else data.stat().st_size


def _folder(artefact: Artefact) -> str:
    return f"{MODELS}/{artefact.model.name}"


def _model_files(artefact: Artefact) -> FileTree:
    return FileTree({
        f"{_folder(artefact)}/model.onnx": artefact.path,
        f"{_folder(artefact)}/golden_inputs.npz": artefact.golden_inputs,
        f"{_folder(artefact)}/golden_outputs.npz": artefact.golden_outputs,
    })  # fmt: skip


def _contract(graph: Graph, artefact: Artefact) -> ModelContract:
    """The health contract; p95 is the flow's whole bound, so that a trial judges by the promise."""
    bounds = [
        flow.latency.bound
        for flow in graph.flows
        if flow.latency is not None
        and any(s.model is not None and s.model.name == artefact.model.name for s in flow.stages)
    ]
    limit = min(bounds, default=_SANE)
    if artefact.steps:
        limit = _SANE  # the agent tries the model on the CPU, which promises nothing
    return ModelContract(
        name=artefact.model.name,
        path=f"{_folder(artefact)}/model.onnx",
        variant=artefact.variant,
        providers=("CPUExecutionProvider",),
        threads=1,
        golden=Golden(
            inputs=f"{_folder(artefact)}/golden_inputs.npz",
            outputs=f"{_folder(artefact)}/golden_outputs.npz",
            absolute=artefact.absolute,
            relative=artefact.relative,
        ),
        p95_ms=limit / 1000,
        memory_bytes=artefact.memory * _MEMORY_FACTOR,
    )

"""What goes into a device class's bundle: manifest, models, golden files, runtime, by path."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hybridspec.bundle.manifest import (
    SCHEMA,
    FileRecord,
    Golden,
    ModelContract,
    ReleaseManifest,
    canonical_json,
)
from hybridspec.ir.artefact import Artefact
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import FleetMember
from hybridspec.ir.tree import FileTree, digest_of, merge

MANIFEST = "release.json"
_SANE = 10_000_000
"""Microseconds that an inference may take where nothing is promised of it."""
_MEMORY_FACTOR = 4
"""Allowance over the estimate for the interpreter and numpy that run the health check."""


def assemble(
    graph: Graph, member: FleetMember, artefacts: Sequence[Artefact], payload: FileTree,
    plan_digest: str,
) -> FileTree:  # fmt: skip
    """The whole content of a bundle; the manifest lists every other file with size and digest."""
    mine = [a for a in artefacts if a.device_class == member.device_class.name]
    content = merge([payload, *(_model_files(artefact) for artefact in mine)])
    manifest = ReleaseManifest(
        schema=SCHEMA,
        spec=graph.name,
        device_class=member.device_class.name,
        architecture=member.device_class.board.architecture,
        spec_digest=graph.spec_digest,
        plan_digest=plan_digest,
        zones=tuple(sorted(zone.name for zone in member.zones)),
        models=tuple(_contract(graph, artefact) for artefact in mine),
        flows=tuple(sorted(flow.name for flow in member.flows)),
        files=tuple(
            FileRecord(path=path, size=_size(data), sha256=digest_of(data))
            for path, data in content
        ),
    )
    return merge([content, FileTree({MANIFEST: canonical_json(manifest)})])


def _size(data: bytes | Path) -> int:
    return len(data) if isinstance(data, bytes) else data.stat().st_size


def _folder(artefact: Artefact) -> str:
    return f"model/{artefact.model.name}"


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

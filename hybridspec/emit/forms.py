"""A release in another platform's form: its slice, cut from graph and bundle, and what it emits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybridspec.emit.render import render
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import FleetMember, Store
from hybridspec.ir.release_slice import (
    ReleaseFile,
    ReleaseModel,
    ReleaseSigner,
    ReleaseSlice,
    ReleaseZone,
)
from hybridspec.ir.tree import FileTree, digest_of
from hybridspec.target.api import Payload, Target, Unsupported
from hybridspec.target.form import elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a channel says of a release, and who signs for its class."""

    release: str
    counter: int
    epoch: int
    percent: int = 100
    root: int = 0
    address: str = ""
    deltas: tuple[str, ...] = ()
    signers: tuple[ReleaseSigner, ...] = ()
    threshold: int = 1


def release_slice(
    graph: Graph, member: FleetMember, stores: tuple[Store, ...], content: FileTree,
    bundle: ReleaseFile, manifest: bytes, published: Published,
) -> ReleaseSlice:  # fmt: skip
    """The release of a class; `content` is what its bundle holds, `manifest` what it says of it."""
    said = json.loads(manifest)
    device = member.device_class
    zones = {zone.name for zone in member.zones}
    return ReleaseSlice(
        spec=graph.name,
        owner=graph.owner,
        description=graph.description,
        as_of=graph.as_of,
        device_class=device.name,
        architecture=device.board.architecture,
        runtime=device.runtime,
        max_offline=device.max_offline,
        devices=member.count,
        release=published.release,
        counter=published.counter,
        epoch=published.epoch,
        offered=published.percent,
        channel=published.address,
        root=published.root,
        manifest=_file("manifest.json", manifest),
        bundle=bundle,
        files=tuple(_file(path, data) for path, data in content),
        deltas=published.deltas,
        models=tuple(
            ReleaseModel(name=model["name"], path=model["path"], variant=model["variant"],
                         p95_ms=model["p95_ms"], memory_bytes=model["memory_bytes"])
            for model in said["models"]
        ),
        zones=tuple(_zone(store) for store in stores if store.zone.name in zones),
        cohorts=graph.cohorts,
        gates=graph.gates,
        windows=graph.windows,
        revert_on=graph.revert_on,
        signers=published.signers,
        threshold=published.threshold,
        origin=device.origin.ref,
        rollout_origin=graph.cohorts[0].origin.ref,
    )  # fmt: skip


def _file(path: str, data: bytes | Path) -> ReleaseFile:
    size = len(data) if isinstance(data, bytes) else data.stat().st_size
    return ReleaseFile(path=path, size=size, sha256=digest_of(data))


def _zone(store: Store) -> ReleaseZone:
    region = store.region
    return ReleaseZone(name=store.zone.name, provider=region.provider, partition=region.partition,
                       region=region.name, account=region.account)  # fmt: skip


def emit_form(
    target: Target, part: ReleaseSlice, blobs: Mapping[str, bytes | Path]
) -> tuple[FileTree, tuple[Unsupported, ...]]:
    """The files of a form, and what others have to do; `blobs` are the release's by SHA-256."""
    if target.emit_form is None:
        raise ValueError(f"{target.name} is not a form of releases")
    emitted = target.emit_form(part)
    files = {p.path: render(target, p) if p.blob is None else blobs[p.blob]
             for p in emitted if isinstance(p, Payload)}  # fmt: skip
    unsupported = [p for p in emitted if isinstance(p, Unsupported)]
    unsupported += elsewhere(part, target.summary, target.features)
    return FileTree(files), tuple(unsupported)

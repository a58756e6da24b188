"""Releases to export without building any: made up, or of an example's plan with fixed contents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

from conftest import EXAMPLES, fixed_pems

from hybridspec.base.source import SourceFile, Span
from hybridspec.bundle.keys import DevelopmentKeys, class_role
from hybridspec.compiler import Build
from hybridspec.emit.forms import Published, emit_form, release_slice
from hybridspec.ir.governance import Cohort, Gates, Window
from hybridspec.ir.plan import FleetMember
from hybridspec.ir.release_slice import (
    ReleaseFile,
    ReleaseModel,
    ReleaseSigner,
    ReleaseSlice,
    ReleaseZone,
)
from hybridspec.ir.tree import FileTree, digest_of
from hybridspec.target.api import Unsupported
from hybridspec.target.registry import forms

CHANNEL = "https://updates.example.com/eu"
BUNDLE = b"what a bundle would be"
MINUTE = 60_000_000
HERE = Span(SourceFile(shown="s.yaml", name="s.yaml", text="rollout:\n"), 1, 1, 1, 8)
_CONTENT = {
    "model/ears/golden_inputs.npz": b"inputs",
    "model/ears/golden_outputs.npz": b"outputs",
    "model/ears/model.onnx": b"weights" * 64,
    "release.json": b"{}",
    "runtime/flows.json": b'{"flows":[]}',
    "runtime/requirements.txt": b"numpy==2\n",
    "sbom.cdx.json": b"{}",
}


def file(path: str, data: bytes) -> ReleaseFile:
    """What a slice says of a file."""
    return ReleaseFile(path=path, size=len(data), sha256=digest_of(data))


def signer(device_class: str = "gateway", scheme: str = "ed25519") -> ReleaseSigner:
    """A key that is the same in every run: the class's, or the one of attestations on P-256."""
    role = class_role(device_class) if scheme == "ed25519" else "attestation"
    key = DevelopmentKeys(fixed_pems(device_class)).signer(role)
    return ReleaseSigner(keyid=key.public_key.keyid, scheme=scheme,
                         sign=lambda data: bytes.fromhex(key.sign(data).signature))  # fmt: skip


def cohort(name: str, percent: int, failures: str = "0", soak: int = 0) -> Cohort:
    """A cohort with a share of failures as text."""
    return Cohort(name=name, percent=percent, soak=soak, max_failures=Fraction(failures),
                  origin=HERE)  # fmt: skip


def made_up(**changes: object) -> ReleaseSlice:
    """A release with everything that a platform may be asked for."""
    base = ReleaseSlice(
        spec="listening", owner="Plant engineering", description="", as_of="2026-11-01",
        device_class="gateway", architecture="arm64", runtime="onnxruntime",
        max_offline=3 * 24 * 60 * MINUTE, devices=40, release="0123456789abcdef", counter=7,
        epoch=1, offered=100, channel=CHANNEL, root=2, manifest=file("manifest.json", b"manifest"),
        bundle=file("bundle.tar.zst", BUNDLE),
        files=tuple(file(path, data) for path, data in _CONTENT.items()),
        deltas=("gateway/0123456789abcdef/delta-fedcba98.patch",),
        models=(ReleaseModel(name="ears", path="model/ears/model.onnx", variant="int8",
                             p95_ms=60.0, memory_bytes=2**28),),
        zones=(ReleaseZone(name="plants", provider="aws", partition="aws", region="eu-central-1",
                           account="123456789012"),),
        cohorts=(cohort("canary", 10, soak=6 * 60 * MINUTE), cohort("half", 50, "1/40"),
                 cohort("fleet", 100, "5/100")),
        gates=Gates(max_latency=60_000),
        windows=(Window(days=("mon",), start=120, end=300),),
        revert_on=("health",), signers=(signer(),), threshold=1,
        origin="s.yaml:3", rollout_origin="s.yaml:9",
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


def blobs() -> dict[str, bytes]:
    """The files of a made-up release by digest."""
    return {digest_of(data): data for data in (*_CONTENT.values(), BUNDLE, b"manifest")}


def emitted(form: str, part: ReleaseSlice) -> tuple[dict[str, bytes], list[Unsupported]]:
    """The files of a form and what it leaves to others."""
    tree, unsupported = emit_form(forms()[form], part, blobs())
    return {path: data for path, data in tree if isinstance(data, bytes)}, list(unsupported)


def documents(form: str, part: ReleaseSlice) -> dict[str, object]:
    """The JSON documents of a form; a refusal fails the test."""
    files, unsupported = emitted(form, part)
    assert not [u for u in unsupported if u.promised], unsupported
    return {
        p: json.loads(d) for p, d in files.items() if p.endswith(".json") and p != "manifest.json"
    }


def refusals(form: str, part: ReleaseSlice) -> list[str]:
    """Why a form is not emitted; nothing is, then."""
    files, unsupported = emitted(form, part)
    refused = [u.what for u in unsupported if u.promised]
    assert bool(refused) != bool(files)
    return refused


@cache
def placed(name: str, stack: str, cache_folder: Path) -> Build:
    """An example's plan, with nothing built."""
    from hybridspec.compiler import Options, validate_file

    return validate_file(EXAMPLES / name / "hybridspec.yaml",
                         Options(cache=cache_folder, stack=stack))  # fmt: skip


def contents(member: FleetMember) -> dict[str, bytes]:
    """Stands for what a class's bundle holds: the same on every processor."""
    name = member.device_class.name
    files = {
        f"model/{model.name}/{file}": f"{file} of {model.name} as {variant}".encode()
        for model, variant in member.models
        for file in ("golden_inputs.npz", "golden_outputs.npz", "model.onnx")
    }
    return {**files, "runtime/flows.json": f"flows of {name}\n".encode()}


def of_example(build: Build, member: FleetMember) -> tuple[ReleaseSlice, Mapping[str, bytes]]:
    """A class's release of an example's plan, with its files by digest."""
    name = member.device_class.name
    files = contents(member)
    manifest = json.dumps({"models": [
        {"name": model.name, "path": f"model/{model.name}/model.onnx", "variant": variant,
         "p95_ms": 60.0, "memory_bytes": 2**28}
        for model, variant in member.models
    ]}).encode()  # fmt: skip
    files["release.json"] = manifest
    bundle = f"bundle of {name}".encode()
    published = Published(release=digest_of(manifest)[:16], counter=3, epoch=0, root=1,
                          address=CHANNEL, signers=(signer(name),))  # fmt: skip
    part = release_slice(build.graph, member, build.plan.stores, FileTree(files),
                         file("bundle.tar.zst", bundle), manifest, published)  # fmt: skip
    return part, {digest_of(data): data for data in (*files.values(), bundle)}

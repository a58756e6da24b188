"""What a bundle says of itself, and in what two bundles differ, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from hybridspec.bundle import envelope, model_signature
from hybridspec.bundle.assemble import content_digest
from hybridspec.bundle.manifest import ManifestError, ReleaseManifest, parse_manifest, release_id
from hybridspec.bundle.members import (
    ACCURACY,
    LICENCES,
    MANIFEST,
    MODEL_SIGNATURE,
    PROVENANCE,
    WHEELS,
    kind_of,
)
from hybridspec.bundle.reading import BundleRefused, Opened
from hybridspec.bundle.stranger import parsed, rows, text


def manifest_of(opened: Opened) -> ReleaseManifest:
    """The manifest of a bundle.

    Raises:
        BundleRefused: there is none, or it is not one.
    """
    data = opened.documents.get(MANIFEST)
    if data is None:
        raise BundleRefused("manifest-missing", f"there is no {MANIFEST}")
    try:
        return parse_manifest(data)
    except ManifestError as fault:
        raise BundleRefused("manifest-malformed", str(fault)) from fault


def account(opened: Opened) -> dict[str, Any]:
    """What is in a bundle; signatures are counted, not judged."""
    manifest = manifest_of(opened)
    packages = rows(_document(opened, WHEELS), "packages")
    inside = {one.path.rpartition("/")[2] for one in opened.members
              if one.path.startswith("runtime/wheels/")}  # fmt: skip
    licences = {text(one, "name"): text(one, "licence")
                for one in rows(_document(opened, LICENCES), "components")
                if text(one, "kind") == "model"}  # fmt: skip
    digests = opened.digests()
    return {
        "schemaVersion": "hybridspec.dev/bundle/v1",
        "release": release_id(opened.documents[MANIFEST]),
        "content": content_digest(manifest),
        "spec": manifest.spec,
        "deviceClass": manifest.device_class,
        "architecture": manifest.architecture,
        "zones": list(manifest.zones),
        "flows": list(manifest.flows),
        "planDigest": manifest.plan_digest,
        "archive": asdict(opened.digest),
        "models": [
            {"name": one.name, "variant": one.variant, "sha256": digests.get(one.path, ""),
             "licence": licences.get(one.name, ""), "p95Ms": one.p95_ms,
             "memoryBytes": one.memory_bytes}
            for one in manifest.models
        ],
        "runtime": {"packages": [f"{text(p, 'name')} {text(p, 'version')}" for p in packages],
                    "wheelsInside": len(inside)},
        "signatures": _signatures(opened),
        "members": [{**asdict(one), "kind": kind_of(one.path)} for one in opened.members],
    }  # fmt: skip


def _document(opened: Opened, path: str) -> Any:
    return parsed(opened.documents.get(path, b"{}"))


def _signatures(opened: Opened) -> dict[str, Any]:
    """By whom each envelope says to be signed."""
    found: dict[str, Any] = {}
    for path in (MODEL_SIGNATURE, PROVENANCE, ACCURACY):
        data = opened.documents.get(path)
        keys: list[str] | None = None
        if data is not None:
            try:
                keys = _names(path, data)
            except (ValueError, KeyError, TypeError):
                keys = None
        found[kind_of(path)] = keys
    return found


def _names(path: str, data: bytes) -> list[str]:
    if path != MODEL_SIGNATURE:
        return sorted(envelope.read(data).signatures)
    hint = text(parsed(data), "verificationMaterial", "publicKey", "hint")
    return [hint] if model_signature.read(data).signatures else []


def difference(before: Opened, after: Opened) -> dict[str, Any]:
    """What another bundle has, lacks and has otherwise: members, and fields of the manifest."""
    old, new = manifest_of(before), manifest_of(after)
    was = {one.path: one for one in before.members}
    now = {one.path: one for one in after.members}
    return {
        "schemaVersion": "hybridspec.dev/bundle-diff/v1",
        "releases": [release_id(each.documents[MANIFEST]) for each in (before, after)],
        "same": before.digest.tar_sha256 == after.digest.tar_sha256,
        "sameContent": content_digest(old) == content_digest(new),
        "manifest": _fields(asdict(old), asdict(new)),
        "added": [_member(now[path]) for path in sorted(set(now) - set(was))],
        "removed": [_member(was[path]) for path in sorted(set(was) - set(now))],
        "changed": [
            {"path": path, "kind": kind_of(path), "sizes": [was[path].size, now[path].size],
             "sha256": [was[path].sha256, now[path].sha256]}
            for path in sorted(set(was) & set(now)) if was[path].sha256 != now[path].sha256
        ],
    }  # fmt: skip


def _member(one: Any) -> dict[str, Any]:
    return {**asdict(one), "kind": kind_of(one.path)}


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Fields that differ, but for the list of files, which the members show."""
    return [{"field": name, "before": old[name], "after": new[name]}
            for name in old if name != "files" and old[name] != new[name]]  # fmt: skip

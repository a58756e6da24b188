"""Is a bundle whole, and signed by whom it should be? Every fault by name; none means yes.

The order: the manifest, then each file against the manifest, then the signatures, then what was
signed against what is there. A claim that nobody trusted has signed is a fault, and is not read any
further; nothing is believed because it is inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from securesystemslib.signer import Key

from hybridspec.bundle import attestation, envelope, model_signature
from hybridspec.bundle.assemble import content_digest
from hybridspec.bundle.manifest import (
    ManifestError,
    ReleaseManifest,
    parse_manifest,
    release_id,
)
from hybridspec.bundle.members import (
    ACCURACY,
    ENVELOPES,
    LICENCES,
    MANIFEST,
    MODEL_SIGNATURE,
    MODELS,
    PROVENANCE,
    SBOM,
    WHEELS,
    kind_of,
)
from hybridspec.bundle.reading import Opened
from hybridspec.bundle.stranger import at, parsed, rows, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong; `reason` is the same word for the same kind of fault."""

    reason: str
    path: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whose signatures count, and how many of them; `release` is the release that is expected."""

    models: tuple[Key, ...] = field(default=(), repr=False)
    attestations: tuple[Key, ...] = field(default=(), repr=False)
    threshold: int = 1
    signatures: bool = True
    release: str = ""


def judge(opened: Opened, trust: Trust) -> tuple[Fault, ...]:
    """Every fault of a bundle; without `trust.signatures` nobody's signature is asked for."""
    data = opened.documents.get(MANIFEST)
    if data is None:
        return (_missing(MANIFEST),)
    try:
        manifest = parse_manifest(data)
    except ManifestError as fault:
        return (Fault(reason="manifest-malformed", path=MANIFEST, message=str(fault)),)
    found = [*_release(data, trust), *_listed(opened, manifest)]
    if trust.signatures:
        found += [
            *_models(opened, trust),
            *_attested(opened, manifest, trust),
            *_accuracy(opened, trust),
        ]
    return (*found, *_bill(opened), *_runtime(opened))


def _missing(path: str) -> Fault:
    return Fault(reason=f"{kind_of(path)}-missing", path=path, message=f"there is no {path}")


def _release(data: bytes, trust: Trust) -> Iterator[Fault]:
    here = release_id(data)
    if trust.release and here != trust.release:
        yield Fault(reason="release-mismatch", path=MANIFEST,
                    message=f"this is release {here}, not {trust.release}")  # fmt: skip


def _listed(opened: Opened, manifest: ReleaseManifest) -> Iterator[Fault]:
    """Every file is as the manifest lists it, and nothing else is there."""
    wanted = {record.path: record for record in manifest.files}
    found = {one.path: one for one in opened.members if one.path != MANIFEST}
    for path in sorted({*wanted, SBOM, LICENCES, *ENVELOPES} - set(found)):
        yield _missing(path)
    for path, one in found.items():
        if path not in wanted:
            yield Fault(reason=f"{kind_of(path)}-unlisted", path=path,
                        message=f"{path} is not in the manifest")  # fmt: skip
        elif (one.size, one.sha256) != (wanted[path].size, wanted[path].sha256):
            yield Fault(reason=f"{kind_of(path)}-differs", path=path,
                        message=f"{path} is not the file that the manifest lists")  # fmt: skip


def _models(opened: Opened, trust: Trust) -> Iterator[Fault]:
    """The models are those that somebody trusted has signed."""
    data = opened.documents.get(MODEL_SIGNATURE)
    if data is None:
        return
    try:
        if not model_signature.read(data).signatures:
            yield _unsigned(MODEL_SIGNATURE)
            return
        if not model_signature.signed_by(data, trust.models):
            yield _refused(MODEL_SIGNATURE)
            return
        listed = model_signature.listed(data)
    except (ValueError, KeyError, TypeError) as fault:
        yield Fault(reason="model-signature-malformed", path=MODEL_SIGNATURE, message=str(fault))
        return
    held = {p: d for p, d in opened.digests().items() if p.startswith(f"{MODELS}/")}
    yield from _compared(held, listed, "signed", "is not what was signed as part of the models")


def _attested(opened: Opened, manifest: ReleaseManifest, trust: Trust) -> Iterator[Fault]:
    """Everything is what the provenance of somebody trusted names."""
    faults, said = _said(opened, PROVENANCE, attestation.PROVENANCE, trust)
    yield from faults
    if not said:
        return
    subjects = _subjects(said)
    if subjects.pop(attestation.RELEASE, "") != content_digest(manifest):
        yield Fault(reason="manifest-not-attested", path=MANIFEST,
                    message="the manifest is not the one whose making was attested")  # fmt: skip
    held = {p: d for p, d in opened.digests().items() if p not in (MANIFEST, *ENVELOPES)}
    yield from _compared(held, subjects, "attested", "is not what was attested to have been made")


def _accuracy(opened: Opened, trust: Trust) -> Iterator[Fault]:
    """Every model has passed its gate, as somebody trusted says."""
    faults, said = _said(opened, ACCURACY, attestation.TEST_RESULT, trust)
    yield from faults
    if not said:
        return
    held = {p: d for p, d in opened.digests().items()
            if p.startswith(f"{MODELS}/") and p.endswith(".onnx")}  # fmt: skip
    yield from _compared(held, _subjects(said), "tested", "is not the model that was tested")
    result = text(said, "predicate", "result")
    if result not in ("PASSED", "WARNED"):
        yield Fault(reason="accuracy-failed", path=ACCURACY,
                    message="the models did not pass their gate")  # fmt: skip


def _said(
    opened: Opened, path: str, kind: str, trust: Trust
) -> tuple[tuple[Fault, ...], dict[str, Any]]:
    """What a trusted envelope says; nothing where there is none, and the fault with it."""
    data = opened.documents.get(path)
    if data is None:
        return (), {}
    try:
        found = envelope.read(data)
        if not found.signatures:
            return (_unsigned(path),), {}
        if not envelope.signed_by(found, trust.attestations, trust.threshold):
            return (_refused(path),), {}
        return (), envelope.said(found, kind)
    except (ValueError, KeyError, TypeError) as fault:
        reason = f"{kind_of(path)}-malformed"
        return (Fault(reason=reason, path=path, message=str(fault)),), {}


def _unsigned(path: str) -> Fault:
    return Fault(reason=f"{kind_of(path)}-unsigned", path=path, message=f"{path} is not signed")


def _refused(path: str) -> Fault:
    message = f"{path} is not signed by enough of the keys that are trusted"
    return Fault(reason=f"{kind_of(path)}-untrusted", path=path, message=message)


def _compared(
    held: Mapping[str, str], claimed: Mapping[str, str], verb: str, what: str
) -> Iterator[Fault]:
    """Both name the same files with the same digests."""
    for path in sorted({*held, *claimed}):
        if held.get(path) != claimed.get(path):
            yield Fault(reason=f"{kind_of(path)}-not-{verb}", path=path, message=f"{path} {what}")


def _subjects(said: Mapping[str, Any]) -> dict[str, str]:
    return {text(one, "name"): text(one, "digest", "sha256") for one in rows(said, "subject")}


def _bill(opened: Opened) -> Iterator[Fault]:
    """The bill of materials names every member with its digest, and models as what they are."""
    data = opened.documents.get(SBOM)
    if data is None:
        return
    bill = parsed(data)
    named = dict(_named(rows(bill, "components")))
    held = {p: d for p, d in opened.digests().items() if p not in (MANIFEST, SBOM, *ENVELOPES)}
    if at(bill, "bomFormat") != "CycloneDX" or named != held:
        wrong = sorted(p for p in {*named, *held} if named.get(p) != held.get(p))
        about = f": {wrong[0]}" if wrong else ""
        yield Fault(reason="sbom-incomplete", path=SBOM,
                    message=f"the bill of materials is not of this bundle{about}")  # fmt: skip


def _named(components: Iterable[object]) -> Iterator[tuple[str, str]]:
    for one in components:
        digest = "".join(text(each, "content") for each in rows(one, "hashes")[:1])
        if text(one, "type") == "file":
            yield text(one, "name"), digest
        elif text(one, "type") == "machine-learning-model":
            yield f"{MODELS}/{text(one, 'name')}/model.onnx", digest


def _runtime(opened: Opened) -> Iterator[Fault]:
    """Wheels that are inside are those of the lock."""
    lock = parsed(opened.documents.get(WHEELS, b"{}"))
    locked = {
        text(wheel, "file"): text(wheel, "sha256")
        for package in rows(lock, "packages")
        for wheel in rows(package, "wheels")
    }
    for path, digest in opened.digests().items():
        folder, _, name = path.rpartition("/")
        if folder == "runtime/wheels" and locked.get(name) != digest:
            yield Fault(reason="runtime-wheel-unlocked", path=path,
                        message=f"{path} is not a wheel of the lock")  # fmt: skip

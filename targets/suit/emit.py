"""ReleaseSlice to a SUIT envelope: what to fetch for which class, signed with COSE_Sign1.

draft-ietf-suit-manifest (structure, tag 107), RFC 9052 (COSE), RFC 9562 (UUID version 5). Small on
purpose: one component, a fetch, a digest. The signature covers the manifest's digest, detached.
"""

from __future__ import annotations

import hashlib
import importlib.util
import uuid
from collections.abc import Mapping
from typing import Any

from hybridspec.ir.release_slice import ReleaseSigner, ReleaseSlice
from hybridspec.target.api import Emitted, Payload, Unsupported
from hybridspec.target.form import without_channel

ENVELOPE, SIGN1 = 107, 18
_SHA256 = -16
_ALGORITHMS = {"ed25519": -8, "ecdsa": -7}
"""EdDSA and ES256 of the COSE registry."""
_AUTHENTICATION, _MANIFEST = 2, 3
_VERSION, _SEQUENCE, _COMMON, _VALIDATE, _INSTALL = 1, 2, 3, 7, 20
_COMPONENTS, _SHARED = 2, 4
_VENDOR, _CLASS, _DIGEST, _SIZE, _URI = 1, 2, 3, 14, 21
_IS_VENDOR, _IS_CLASS, _IS_IMAGE, _OVERRIDE, _FETCH = 1, 2, 3, 20, 21
_REPORT_ALL, _REPORT_FAILURE = 15, 2
_COUNTERS = 2**32
VENDOR = uuid.uuid5(uuid.NAMESPACE_DNS, "hybridspec.dev")


def emit(part: ReleaseSlice) -> Emitted:
    """One envelope; refused where nobody can sign it, or its number could not grow."""
    refused = (*without_channel(part, "SUIT"), *_unsigned(part), *_missing())
    if refused:
        return refused
    return (Payload(path=f"{part.device_class}.suit", data=_envelope(part)),)


def _missing() -> Emitted:
    if importlib.util.find_spec("cbor2") is not None:
        return ()
    return (Unsupported(
        what="SUIT manifests are CBOR, and no package here writes it",
        instead="`pip install hybridspec[suit]`", origin="cbor2", promised=True,
    ),)  # fmt: skip


def _unsigned(part: ReleaseSlice) -> Emitted:
    found = []
    known = _able(part)
    if len(known) < part.threshold:
        found.append(Unsupported(
            what=f"a SUIT envelope of `{part.device_class}` needs {part.threshold} signatures by "
            f"ed25519 or P-256, and {len(known)} of its keys are at hand",
            instead="export it where the class's keys are, such as after `hybridspec up`",
            origin=part.origin, promised=True,
        ))  # fmt: skip
    if part.counter >= _COUNTERS:
        found.append(Unsupported(
            what=f"a SUIT sequence number has room for counters below {_COUNTERS}",
            instead="begin the channel anew: a counter only grows",
            origin=part.origin, promised=True,
        ))  # fmt: skip
    return tuple(found)


def _able(part: ReleaseSlice) -> tuple[ReleaseSigner, ...]:
    """The signers that COSE has an algorithm for."""
    return tuple(signer for signer in part.signers if signer.scheme in _ALGORITHMS)


def class_id(spec: str, device_class: str) -> uuid.UUID:
    """What a device compares with its own: the device class of a spec, in 16 bytes."""
    return uuid.uuid5(VENDOR, f"{spec}/{device_class}")


def _envelope(part: ReleaseSlice) -> bytes:
    return enveloped(manifest(
        sequence=part.epoch * _COUNTERS + part.counter,
        component=(b"hybridspec", part.device_class.encode()),
        vendor=VENDOR.bytes,
        class_id=class_id(part.spec, part.device_class).bytes,
        digest=bytes.fromhex(part.bundle.sha256),
        size=part.bundle.size,
        uri=part.address(part.bundle),
    ), _able(part))  # fmt: skip


def manifest(
    *, sequence: int, component: tuple[bytes, ...], vendor: bytes, class_id: bytes, digest: bytes,
    size: int, uri: str,
) -> bytes:  # fmt: skip
    """The manifest: only for this vendor and class, fetched from here, of this digest and size."""
    shared = [
        _OVERRIDE, {_VENDOR: vendor, _CLASS: class_id, _DIGEST: _digest(digest), _SIZE: size},
        _IS_VENDOR, _REPORT_ALL,
        _IS_CLASS, _REPORT_ALL,
    ]  # fmt: skip
    install = [
        _OVERRIDE, {_URI: uri},
        _FETCH, _REPORT_FAILURE,
        _IS_IMAGE, _REPORT_ALL,
    ]  # fmt: skip
    common = {_COMPONENTS: [list(component)], _SHARED: _cbor(shared)}
    return _cbor({
        _VERSION: 1,
        _SEQUENCE: sequence,
        _COMMON: _cbor(common),
        _VALIDATE: _cbor([_IS_IMAGE, _REPORT_ALL]),
        _INSTALL: _cbor(install),
    })  # fmt: skip


def enveloped(manifest: bytes, signers: tuple[ReleaseSigner, ...]) -> bytes:
    """The envelope of a manifest: its digest, a signature of that by each key, and itself."""
    digest = _digest(hashlib.sha256(_cbor(manifest)).digest())
    blocks = [_cbor(_signed(digest, signer)) for signer in signers]
    return _cbor(_tag(ENVELOPE, {_AUTHENTICATION: _cbor([digest, *blocks]), _MANIFEST: manifest}))


def _digest(value: bytes) -> bytes:
    return _cbor([_SHA256, value])


def _signed(digest: bytes, signer: ReleaseSigner) -> Any:
    """COSE_Sign1 with its payload left out: that stands beside it."""
    protected = _cbor({1: _ALGORITHMS[signer.scheme]})
    signature = signer.sign(_cbor(["Signature1", protected, b"", digest]))
    if signer.scheme == "ecdsa":
        signature = _fixed(signature)
    return _tag(SIGN1, [protected, {4: bytes.fromhex(signer.keyid)}, None, signature])


def _fixed(signature: bytes) -> bytes:
    """A P-256 signature as COSE has it: both numbers in 32 bytes each, not DER."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    return b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(signature))


def _tag(number: int, value: Mapping[int, object] | list[Any]) -> Any:
    from cbor2 import CBORTag

    return CBORTag(number, value)


def _cbor(value: object) -> bytes:
    """Deterministic encoding: shortest forms, keys in order."""
    from cbor2 import dumps

    return bytes(dumps(value, canonical=True))

"""The signature over the models of a bundle, by the OpenSSF Model Signing specification.

Model Signing 1.0 (https://github.com/ossf/model-signing-spec): a Sigstore bundle v0.3 around a DSSE
envelope around an in-toto statement that lists every file with its digest. Its one signature is by
a key on a NIST curve; the specification knows no ed25519. `model_signing verify key` reads it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.signer import Key, Signature, Signer

from hybridspec.base.errors import HybridspecError
from hybridspec.bundle import envelope
from hybridspec.bundle.manifest import canonical_json
from hybridspec.bundle.members import MODELS
from hybridspec.bundle.stranger import parsed, text

PREDICATE = "https://model_signing/signature/v1.0"
MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SCHEMES = ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384")


class WrongCurve(HybridspecError):
    """The key that shall sign models is of a kind that the specification does not know."""

    def __init__(self, scheme: str) -> None:
        super().__init__(
            f"models cannot be signed by a key of scheme {scheme}",
            help="Model Signing takes ECDSA on P-256 or P-384; make such a key for role `model`",
        )


def statement(digests: Mapping[str, str]) -> bytes:
    """What is signed: every file below `model/`, relative to it, and one digest over all."""
    resources = [
        {"name": path.removeprefix(f"{MODELS}/"), "algorithm": "sha256", "digest": digests[path]}
        for path in sorted(digests, key=lambda path: path.split("/"))
    ]
    total = hashlib.sha256()
    for resource in resources:
        total.update(bytes.fromhex(resource["digest"]))
    return envelope.statement(
        [{"name": MODELS, "digest": {"sha256": total.hexdigest()}}], PREDICATE,
        {"resources": resources,
         "serialization": {"method": "files", "hash_type": "sha256", "allow_symlinks": False,
                           "ignore_paths": []}},
    )  # fmt: skip


def unsigned(payload: bytes) -> bytes:
    """A bundle that nobody has signed yet, which no verifier accepts."""
    return _bundle(payload, None, None)


def sign(data: bytes, signer: Signer, earlier: bytes | None = None) -> bytes:
    """The same bundle with its one signature; an earlier one that holds is kept."""
    key = signer.public_key
    if key.scheme not in SCHEMES:
        raise WrongCurve(key.scheme)
    payload = read(data).payload
    (made,) = envelope.signatures(payload, [signer], envelope.left(earlier, read))
    return _bundle(payload, key, made)


def _bundle(payload: bytes, key: Key | None, signature: Signature | None) -> bytes:
    made = {} if signature is None else {"": Signature("", signature.signature)}
    return canonical_json({
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": {
            "publicKey": {"hint": hint(key) if key is not None else ""}, "tlogEntries": [],
        },
        "dsseEnvelope": Envelope(payload, envelope.PAYLOAD_TYPE, made).to_dict(),
    })  # fmt: skip


def hint(key: Key) -> str:
    """How a bundle names its key: SHA-256 over the public key as PEM, hex."""
    pem = load_pem_public_key(key.keyval["public"].encode()).public_bytes(
        Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(pem).hexdigest()


def read(data: bytes) -> Envelope:
    """The envelope inside a bundle; its signature, if any, is under the empty key id.

    Raises:
        ValueError: it is not such a bundle.
    """
    try:
        value = json.loads(data)
        wanted = {"mediaType", "verificationMaterial", "dsseEnvelope"}
        if set(value) != wanted or value["mediaType"] != MEDIA_TYPE:
            raise ValueError("not a Sigstore bundle v0.3")
        return envelope.read(json.dumps(value["dsseEnvelope"]).encode())
    except (KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise ValueError("not a Sigstore bundle v0.3") from fault


def signed_by(data: bytes, keys: tuple[Key, ...]) -> str:
    """The id of the key that signed, which is the one that the bundle names; empty if none did."""
    found = read(data)
    named = text(parsed(data), "verificationMaterial", "publicKey", "hint")
    for key in keys:
        for signature in found.signatures.values():
            ours = key.scheme in SCHEMES and hint(key) == named
            if ours and envelope.holds(signature, key, found):
                return str(key.keyid)
    return ""


def listed(data: bytes) -> dict[str, str]:
    """What the statement lists: digest by path in the bundle.

    Raises:
        ValueError: it is not a statement of this kind, or its digest is not over its list.
    """
    said: dict[str, Any] = envelope.said(read(data), PREDICATE)
    try:
        resources = said["predicate"]["resources"]
        found = {f"{MODELS}/{r['name']}": str(r["digest"]) for r in resources}
        whole = statement(found) == read(data).payload
    except (KeyError, TypeError, ValueError) as fault:
        raise ValueError("not a list of files") from fault
    if not whole:
        raise ValueError("the statement is not as it is written here")
    return found

"""DSSE envelopes around in-toto statements: made without signatures, signed, and verified.

DSSE 1.0 (https://github.com/secure-systems-lab/dsse) and in-toto Statement v1
(https://github.com/in-toto/attestation). Who signs is a role of a keyring; nothing else is
asked for a signature. A signature that is there and holds is kept, so that signing the same
content again gives the same bytes, also with keys whose signatures differ from one to the next.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import Key, Signature, Signer

from hybridspec.base.errors import HybridspecError
from hybridspec.bundle.manifest import canonical_json

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT = "https://in-toto.io/Statement/v1"


class NoSigner(HybridspecError):
    """A bundle cannot be signed, because a key that it needs is not at hand."""

    def __init__(self, role: str) -> None:
        super().__init__(
            f"no key of role `{role}` is at hand, and a bundle is signed as a whole",
            help="run this where the key is; `hybridspec keys list` shows which keys there are",
        )


def statement(subject: Sequence[object], predicate_type: str, predicate: object) -> bytes:
    """An in-toto Statement v1 as canonical JSON."""
    return canonical_json({
        "_type": STATEMENT, "subject": subject, "predicateType": predicate_type,
        "predicate": predicate,
    })  # fmt: skip


def unsigned(payload: bytes) -> bytes:
    """An envelope that nobody has signed yet."""
    return canonical_json(Envelope(payload, PAYLOAD_TYPE, {}).to_dict())


def signatures(payload: bytes, signers: Sequence[Signer], earlier: Sequence[Signature] = ()) \
        -> list[Signature]:  # fmt: skip
    """One signature by each signer; an earlier one that holds is kept."""
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    made = []
    for signer in signers:
        key = signer.public_key
        kept = [s for s in earlier if s.keyid in ("", key.keyid) and holds(s, key, envelope)]
        made.append(kept[0] if kept else envelope.sign(signer))
    return made


def sign(data: bytes, signers: Sequence[Signer], earlier: bytes | None = None) -> bytes:
    """The envelope with a signature by each signer; those of `earlier` that hold are kept."""
    envelope = read(data)
    made = signatures(envelope.payload, signers, left(earlier, read))
    signed = Envelope(envelope.payload, PAYLOAD_TYPE, {s.keyid: s for s in made})
    return canonical_json(signed.to_dict())


def left(data: bytes | None, reader: Callable[[bytes], Envelope]) -> list[Signature]:
    """The signatures of what a former run left behind, if `reader` finds it whole."""
    try:
        return list(reader(data).signatures.values()) if data is not None else []
    except ValueError:
        return []


def holds(signature: Signature, key: Key, envelope: Envelope) -> bool:
    """Whether a signature is by a key, whatever key it names."""
    try:
        key.verify_signature(Signature(key.keyid, signature.signature), envelope.pae())
    except UnverifiedSignatureError:
        return False
    return True


def read(data: bytes) -> Envelope:
    """An envelope of ours as it was written.

    Raises:
        ValueError: it is none, or its payload is not an in-toto statement.
    """
    try:
        value = json.loads(data)
        if set(value) != {"payload", "payloadType", "signatures"}:
            raise ValueError("not an envelope")
        base64.b64decode(value["payload"], validate=True)
        envelope = Envelope.from_dict(value)
    except (KeyError, TypeError, AttributeError, RecursionError) as fault:
        raise ValueError("not an envelope") from fault
    if envelope.payload_type != PAYLOAD_TYPE:
        raise ValueError(f"not of type {PAYLOAD_TYPE}")
    return envelope


def said(envelope: Envelope, predicate_type: str) -> dict[str, Any]:
    """The statement inside an envelope.

    Raises:
        ValueError: it is of another type.
    """
    try:
        value = json.loads(envelope.payload)
        kinds = (value["_type"], value["predicateType"])
    except (KeyError, TypeError, RecursionError) as fault:
        raise ValueError("not a statement") from fault
    if kinds != (STATEMENT, predicate_type):
        raise ValueError(f"not a statement of type {predicate_type}")
    found: dict[str, Any] = value
    return found


def signed_by(envelope: Envelope, keys: Sequence[Key], threshold: int = 1) -> tuple[str, ...]:
    """The ids of the keys that signed, sorted; empty if fewer than `threshold` did."""
    try:
        return tuple(sorted(envelope.verify(list(keys), threshold)))
    except (VerificationError, ValueError):
        return ()

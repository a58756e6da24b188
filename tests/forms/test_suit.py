"""SUIT envelopes: the draft's own example to the byte, and signatures by an independent reader."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from conftest import fixed_pems
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from forms.outsiders import Tagged, read_cbor
from forms.slices import CHANNEL, blobs, emitted, made_up, refusals, signer
from hybridspec_targets.suit.emit import VENDOR, class_id, enveloped, manifest

EXAMPLE_1 = {
    "sequence": 1, "component": (b"\0",),
    "vendor": bytes.fromhex("fa6b4a53d5ad5fdfbe9de663e4d41ffe"),
    "class_id": bytes.fromhex("1492af1425695e48bf429b2d51f2ab45"),
    "digest": bytes.fromhex("00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"),
    "size": 34768, "uri": "http://example.com/file.bin",
}  # fmt: skip
EXAMPLE_1_DIGEST = "1f2e7acca0dc2786f2fe4eb947f50873a6a3cfaa98866c5b02e621f42074daf2"
"""Of example 1 of draft-ietf-suit-manifest: over its manifest, as its envelope states it."""


def opened(envelope: bytes) -> tuple[bytes, list[bytes], dict[int, Any]]:
    """The signed digest, the COSE blocks and the manifest, as another program reads them."""
    tag, outer = read_cbor(envelope)
    assert tag == 107
    assert sorted(outer) == [2, 3]
    digest, *blocks = read_cbor(outer[2])
    algorithm, value = read_cbor(digest)
    assert (algorithm, value) == (-16, hashlib.sha256(wrapped(outer[3])).digest())
    return digest, blocks, read_cbor(outer[3])


def wrapped(data: bytes) -> bytes:
    """Bytes as a byte string of CBOR, whose head counts for the digest."""
    head = (bytes([0x40 | len(data)]) if len(data) < 24 else bytes([0x58, len(data)])
            if len(data) < 256 else b"\x59" + len(data).to_bytes(2))  # fmt: skip
    return head + data


def verified(digest: bytes, block: bytes, device_class: str = "gateway") -> str:
    """The algorithm of a COSE_Sign1 that verifies with a key of the tests."""
    tag, (protected, unprotected, payload, signature) = read_cbor(block)
    assert (tag, payload) == (18, None)
    assert set(unprotected) == {4}
    signed = b"\x84\x6aSignature1" + wrapped(protected) + b"\x40" + wrapped(digest)
    pems = fixed_pems(device_class)
    if read_cbor(protected) == {1: -8}:
        key = load_pem_private_key(pems[f"class-{device_class}"], None)
        key.public_key().verify(signature, signed)  # type: ignore[union-attr, call-arg]
        return "EdDSA"
    assert read_cbor(protected) == {1: -7}
    private = load_pem_private_key(pems["attestation"], None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    assert len(signature) == 64
    der = utils.encode_dss_signature(*(int.from_bytes(signature[i : i + 32]) for i in (0, 32)))
    private.public_key().verify(der, signed, ec.ECDSA(SHA256()))
    return "ES256"


def test_the_draft_s_example_is_encoded_as_the_draft_has_it() -> None:
    envelope = enveloped(manifest(**EXAMPLE_1), ())  # type: ignore[arg-type]
    assert len(envelope) == 196
    digest, blocks, _ = opened(envelope)
    assert (read_cbor(digest)[1].hex(), blocks) == (EXAMPLE_1_DIGEST, [])


def test_an_envelope_says_what_to_fetch_for_whom() -> None:
    part = made_up()
    files, _ = emitted("suit", part)
    said = opened(files["gateway.suit"])[2]
    assert sorted(said) == [1, 2, 3, 7, 20]
    assert (said[1], said[2]) == (1, 2**32 + 7)
    common, install = read_cbor(said[3]), read_cbor(said[20])
    assert common[2] == [[b"hybridspec", b"gateway"]]
    shared = read_cbor(common[4])
    parameters = shared[1]
    assert shared == [20, parameters, 1, 15, 2, 15]
    assert parameters[1] == VENDOR.bytes
    assert parameters[2] == class_id("listening", "gateway").bytes
    assert read_cbor(parameters[3]) == [-16, bytes.fromhex(part.bundle.sha256)]
    assert parameters[14] == part.bundle.size
    address = f"{CHANNEL}/targets/gateway/0123456789abcdef/{part.bundle.sha256}.bundle.tar.zst"
    assert install == [20, {21: address}, 21, 2, 3, 15]
    assert read_cbor(said[7]) == [3, 15]
    assert blobs()[part.bundle.sha256]


@pytest.mark.parametrize("schemes", [("ed25519",), ("ecdsa",), ("ed25519", "ecdsa")])
def test_every_key_at_hand_signs(schemes: tuple[str, ...]) -> None:
    part = made_up(signers=tuple(signer(scheme=s) for s in schemes), threshold=len(schemes))
    files, _ = emitted("suit", part)
    digest, blocks, _ = opened(files["gateway.suit"])
    names = {"ed25519": "EdDSA", "ecdsa": "ES256"}
    assert [verified(digest, block) for block in blocks] == [names[s] for s in schemes]


def test_a_changed_manifest_and_a_changed_signature_are_seen() -> None:
    envelope = emitted("suit", made_up())[0]["gateway.suit"]
    for at in (envelope.index(b"https"), len(envelope) - 1):
        broken = envelope[:at] + bytes([envelope[at] ^ 1]) + envelope[at + 1 :]
        with pytest.raises((AssertionError, ValueError, KeyError)):
            opened(broken)
    digest, blocks, _ = opened(envelope)
    broken = blocks[0][:-1] + bytes([blocks[0][-1] ^ 1])
    with pytest.raises(InvalidSignature):
        verified(digest, broken)


@pytest.mark.parametrize("fault", ["1800", "a202000100", "a101000100", "5903", "1901"])
def test_the_reader_refuses_what_is_not_deterministic(fault: str) -> None:
    with pytest.raises((ValueError, IndexError)):
        read_cbor(bytes.fromhex(fault))


def test_the_reader_reads_tags() -> None:
    assert read_cbor(bytes.fromhex("d28443a10126a0f640")) == Tagged(
        18, [b"\xa1\x01&", {}, None, b""]
    )


def test_too_few_keys_no_channel_and_a_huge_counter_are_refused() -> None:
    assert "needs 2 signatures" in refusals("suit", made_up(threshold=2))[0]
    assert "needs 1 signatures" in refusals("suit", made_up(signers=()))[0]
    unknown = signer()
    object.__setattr__(unknown, "scheme", "rsassa-pss-sha256")
    assert "needs 1 signatures" in refusals("suit", made_up(signers=(unknown,)))[0]
    assert "where the channel is" in refusals("suit", made_up(channel=""))[0]
    assert "sequence number" in refusals("suit", made_up(counter=2**32))[0]


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert "no package here writes it" in refusals("suit", made_up())[0]

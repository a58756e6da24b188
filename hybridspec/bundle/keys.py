"""Who signs what: keys and threshold of each role, and development keys, made here, never printed.

What publishes or packs asks a `Keyring` and nothing else, so it is the same for keys in a file, in
a hardware module or in a cloud. Roles are `root`, `targets`, `snapshot`, `timestamp`, one for each
device class, `attestation` and `model` for what lies inside a bundle. Those two are P-256, since
OpenSSF Model Signing 1.0 knows no ed25519, which every other key is that is made here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import Key, Signature, Signer, SSlibKey

from hybridspec.base.errors import HybridspecError

ROOTS = ("root-1", "root-2", "root-3")
ROOT_THRESHOLD = 2
CONTENT = ("attestation", "model")
ROLES = (*ROOTS, "targets", "snapshot", "timestamp", *CONTENT)

RETIRING = "old-"
"""Before the name of a key that another one replaces: it signs its successor in."""

PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey


def class_role(device_class: str) -> str:
    """The delegated role, and key name, of a device class."""
    return f"class-{device_class}"


class NotAtHand(HybridspecError):
    """A private key that is somewhere else: somebody else signs with it, later."""


@dataclass(frozen=True, slots=True)
class RoleKeys:
    """Keys that count for a role, how many have to sign, and the signers that may be at hand here.

    There may be fewer signers than have to sign, one may raise `NotAtHand` when it is asked, and
    one may be of a key that no longer counts, which a new root still needs.
    """

    public: tuple[Key, ...]
    threshold: int
    signers: tuple[Signer, ...] = field(repr=False)


class Keyring(Protocol):
    """The keys of a channel by role."""

    @property
    def development(self) -> bool:
        """Whether the keys are development keys: metadata says so, production devices refuse it."""

    def role(self, name: str) -> RoleKeys:
        """Keys and signers of a role; raises `KeyError` if it has none."""


class LocalSigner(Signer):  # type: ignore[misc]
    """A private key in memory; the same bytes are always signed alike (RFC 8032, RFC 6979)."""

    def __init__(self, private: PrivateKey) -> None:
        self._private = private
        self._public = SSlibKey.from_crypto(private.public_key())

    @property
    def public_key(self) -> Key:
        """The public half."""
        return self._public

    @classmethod
    def from_priv_key_uri(cls, *_: object) -> LocalSigner:
        """Not by URI: whoever has one has a signer of the library."""
        raise NotImplementedError

    def sign(self, payload: bytes) -> Signature:
        """Sign, with SHA-256 where the key is on a curve of NIST."""
        if isinstance(self._private, Ed25519PrivateKey):
            made = self._private.sign(payload)
        else:
            made = self._private.sign(payload, ec.ECDSA(SHA256(), deterministic_signing=True))
        return Signature(self._public.keyid, made.hex())


@dataclass(frozen=True, slots=True)
class DevelopmentKeys:
    """Private keys by name; what they sign is marked and no production root accepts it."""

    pems: Mapping[str, bytes] = field(repr=False)

    @property
    def development(self) -> bool:
        """They are."""
        return True

    def role(self, name: str) -> RoleKeys:
        """Three keys for root, one for any other role; all of them are at hand."""
        names = ROOTS if name == "root" else (name,)
        signers = tuple(self.signer(each) for each in names)
        retiring = tuple(self.signer(RETIRING + n) for n in names if RETIRING + n in self.pems)
        threshold = ROOT_THRESHOLD if name == "root" else 1
        return RoleKeys(tuple(s.public_key for s in signers), threshold, signers + retiring)

    def signer(self, name: str) -> Signer:
        """The signer of one key; raises `KeyError` if there is no such key."""
        key = _load(self.pems[name])
        if not _fits(name, key):
            raise ValueError(f"the development key {name} is of another kind")
        return LocalSigner(key)  # type: ignore[arg-type]


def complete(
    pems: Mapping[str, bytes], classes: Iterable[str], others: Iterable[str] = ()
) -> DevelopmentKeys:
    """Keep the keys that can be used and make those that are missing; `others` are more roles."""
    names = (*ROLES, *sorted(class_role(name) for name in classes), *others)
    good = {name: pem for name, pem in pems.items() if _fits(name, _load(pem))}
    return DevelopmentKeys({**good, **{n: _new(n) for n in names if n not in good}})


def _load(pem: bytes) -> object:
    try:
        return load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _fits(name: str, key: object) -> bool:
    """Whether a key is of the kind that a role of this name signs with."""
    if name not in CONTENT:
        return isinstance(key, Ed25519PrivateKey)
    return isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)


def _new(name: str) -> bytes:
    key = (ec.generate_private_key(ec.SECP256R1()) if name in CONTENT
           else Ed25519PrivateKey.generate())  # fmt: skip
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

"""Development keys: one ed25519 key pair per TUF role, as PEM (PKCS#8), never printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import CryptoSigner

ROOTS = ("root-1", "root-2", "root-3")
ROOT_THRESHOLD = 2
ROLES = (*ROOTS, "targets", "snapshot", "timestamp")


def class_role(device_class: str) -> str:
    """The delegated role, and key name, of a device class."""
    return f"class-{device_class}"


@dataclass(frozen=True, slots=True)
class DevelopmentKeys:
    """Private keys by name; what they sign is marked and no production root accepts it."""

    pems: Mapping[str, bytes] = field(repr=False)

    def signer(self, name: str) -> CryptoSigner:
        """The signer of a role; raises `KeyError` if there is no such key."""
        key = load_pem_private_key(self.pems[name], password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"the development key {name} is not ed25519")
        return CryptoSigner(key)


def complete(pems: Mapping[str, bytes], classes: Iterable[str]) -> DevelopmentKeys:
    """Keep the keys that can be used and make those that are missing."""
    names = (*ROLES, *sorted(class_role(name) for name in classes))
    good = {name: pem for name, pem in pems.items() if _usable(pem)}
    return DevelopmentKeys({**good, **{n: _new() for n in names if n not in good}})


def _usable(pem: bytes) -> bool:
    try:
        return isinstance(load_pem_private_key(pem, password=None), Ed25519PrivateKey)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _new() -> bytes:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

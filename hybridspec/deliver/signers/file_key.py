"""Private keys in files: PKCS#8 under a passphrase, made once, written 0600, never overwritten."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)
from securesystemslib.signer import Key, SecretsHandler, Signature, Signer

from hybridspec.base.errors import AuthenticationFailed, UsageError
from hybridspec.bundle.keys import LocalSigner, NotAtHand, PrivateKey
from hybridspec.deliver.durable import sync_folder

SCHEME = "file"
_MOST = 64 * 2**10


class FileSigner(Signer):  # type: ignore[misc]
    """Signs with a key from a file, which is opened for each signature and kept nowhere."""

    def __init__(self, path: Path, public: Key, ask: SecretsHandler) -> None:
        self._path, self._public, self._ask = path, public, ask

    @property
    def public_key(self) -> Key:
        """The public half, as it was committed."""
        return self._public

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> FileSigner:
        """What the registry of signers calls; `file:` is followed by a path."""
        if secrets_handler is None:
            raise ValueError("a key in a file has a passphrase, and nobody to ask for it")
        return cls(Path(priv_key_uri.partition(":")[2]), public_key, secrets_handler)

    def sign(self, payload: bytes) -> Signature:
        """Sign; the signature is the key's, whatever the committed public half says."""
        return LocalSigner(opened(self._path, self._ask)).sign(payload)


def opened(path: Path, ask: SecretsHandler) -> PrivateKey:
    """The private key in a file.

    Raises:
        NotAtHand: there is no such file here.
        AuthenticationFailed: the passphrase is another one.
        UsageError: the file holds no key that signs, or others can read it.
    """
    try:
        _private(path)
        with path.open("rb") as stream:
            pem = stream.read(_MOST)
    except (FileNotFoundError, NotADirectoryError):
        raise NotAtHand(
            f"there is no file `{path}`",
            help="run this where the key is, or name it with `--key file:PATH`",
        ) from None
    passphrase = ask("passphrase").encode() if b"ENCRYPTED" in pem else None
    try:
        key = load_pem_private_key(pem, password=passphrase)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        if passphrase is None:
            raise UsageError(f"`{path}` holds no private key", help="it wants PKCS#8 in PEM, as "
                             "`hybridspec keys init` writes it") from None  # fmt: skip
        raise AuthenticationFailed(
            f"the passphrase does not open `{path}`", help="run this again with the right one"
        ) from None
    if not isinstance(key, Ed25519PrivateKey | ec.EllipticCurvePrivateKey):
        raise UsageError(f"`{path}` holds a key of a kind that does not sign here",
                         help="use an ed25519 or a P-256 key")  # fmt: skip
    return key


def _private(path: Path) -> None:
    mode = path.stat().st_mode & 0o777
    if mode & 0o077:
        raise UsageError(
            f"others can read the private key `{path}` (mode {mode:o})",
            help=f"run `chmod 600 {path}`, and rotate the key if somebody did",
        )


def made(path: Path, passphrase: str, *, p256: bool) -> PrivateKey:
    """A new key, written at once under a passphrase; a file that is there is never touched.

    Raises:
        UsageError: there is such a file already, or the passphrase is empty.
    """
    if not passphrase:
        raise UsageError("a key in a file wants a passphrase",
                         help="write one, or keep the key in hardware: `hsm:`")  # fmt: skip
    key: PrivateKey = (ec.generate_private_key(ec.SECP256R1()) if p256
                       else Ed25519PrivateKey.generate())  # fmt: skip
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8,
                            BestAvailableEncryption(passphrase.encode()))  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.new-{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(pem)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(new, path)  # unlike a rename, it fails where something is
    except FileExistsError:
        raise UsageError(
            f"there is a file `{path}` already, and a private key is never overwritten",
            help="use it, or move it away first",
        ) from None
    finally:
        new.unlink(missing_ok=True)
    sync_folder(path.parent)
    return key

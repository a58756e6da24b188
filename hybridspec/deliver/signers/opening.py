"""Signers by URI: the library's registry with ours in it, opened late, faults in one sentence."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import (
    SIGNER_FOR_URI_SCHEME,
    Key,
    SecretsHandler,
    Signature,
    Signer,
    SSlibKey,
)

from hybridspec.base.closest import closest
from hybridspec.base.errors import HybridspecError, UsageError
from hybridspec.bundle.keys import NotAtHand
from hybridspec.deliver.signers import clouds, file_key
from hybridspec.deliver.signers.fault import explained
from hybridspec.spec.signing import KINDS

SIGNER_FOR_URI_SCHEME[file_key.SCHEME] = file_key.FileSigner
SIGNER_FOR_URI_SCHEME["gcpkms"] = clouds.GoogleSigner

_PUBLIC: Mapping[str, Callable[[str, SecretsHandler], Key]] = {
    "hsm": clouds.hsm_public,
    "hv": clouds.vault_public,
    "awskms": clouds.aws_public,
    "azurekms": clouds.azure_public,
    "gcpkms": clouds.google_public,
}


NEW = "new passphrase"  # asked for twice: with a slip in it the key is lost at once


@dataclass(frozen=True, slots=True)
class Secrets:
    """Passphrases and PINs: from the environment, from a file that it names, else by asking.

    `asking` is None where nobody can be asked. Nothing is kept, printed or taken from arguments.
    """

    environment: Mapping[str, str] = field(repr=False)
    asking: Callable[[str], str] | None = None

    def of(self, name: str) -> SecretsHandler:
        """Who answers for the key called `name`."""

        def ask(what: str) -> str:
            kind = "PIN" if what == "pin" else "PASSPHRASE"
            own = f"HYBRIDSPEC_{kind}_{name.upper().replace('-', '_')}"
            for variable in (own, f"HYBRIDSPEC_{kind}"):
                if variable in self.environment:
                    return self.environment[variable]
                if f"{variable}_FILE" in self.environment:
                    return _first_line(Path(self.environment[f"{variable}_FILE"]))
            if self.asking is None:
                raise NotAtHand(
                    f"key `{name}` wants its {kind if kind == 'PIN' else 'passphrase'}, and nobody "
                    "can be asked",
                    help=f"set {own} or {own}_FILE, or run this on a terminal",
                )
            prompt = f"{'PIN' if kind == 'PIN' else 'Passphrase'} of key `{name}`"
            given = self.asking(prompt)
            if what == NEW and self.asking(f"{prompt}, again") != given:
                raise UsageError(f"the two passphrases of key `{name}` differ",
                                 help="run this again; the key was not made")  # fmt: skip
            return given

        return ask


def _first_line(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").split("\n")[0]
    except (OSError, UnicodeDecodeError) as fault:
        raise UsageError(f"`{path}` cannot be read: {fault}",
                         help="name a file that holds the secret alone") from None  # fmt: skip


def located(uri: str, folder: Path) -> str:
    """A URI as this process can open it: paths are relative to the spec's folder.

    Raises:
        UsageError: it is of a kind that nothing opens.
    """
    scheme, _, rest = uri.partition(":")
    if scheme not in KINDS or (not rest and scheme != "hsm"):
        near = closest(scheme, list(KINDS)) or "file"
        raise UsageError(f"`{uri[:80]}` is no key that can be opened",
                         help=f"write it like `{KINDS[near]}`")  # fmt: skip
    if scheme != file_key.SCHEME:
        return uri
    return f"file:{(folder / Path(rest).expanduser()).absolute()}"


def public_half(uri: str, ask: SecretsHandler) -> Key:
    """The public half of a key, asked of whatever keeps the private one.

    Raises:
        HybridspecError: it cannot be had; says why, and what to do.
    """
    scheme, _, rest = uri.partition(":")
    try:
        if scheme == file_key.SCHEME:
            return SSlibKey.from_crypto(file_key.opened(Path(rest), ask).public_key())
        return _PUBLIC[scheme](uri, ask)
    except Exception as fault:
        raise explained(fault, uri) from None


def read_public(path: Path) -> SSlibKey:
    """The key in a PEM file.

    Raises:
        UsageError: there is none.
    """
    try:
        with path.open("rb") as stream:
            return SSlibKey.from_crypto(load_pem_public_key(stream.read(2**16)))
    except OSError as fault:
        raise UsageError(
            f"`{path}`: {os.strerror(fault.errno or 0).lower()}",
            help="`hybridspec keys init` writes the public half of each key of the spec",
        ) from None
    except Exception:
        raise UsageError(f"`{path}` holds no public key that signs here",
                         help="it wants PEM: ed25519, P-256, P-384, P-521 or RSA; `hybridspec keys "
                         "export-public` writes it") from None  # fmt: skip


class UriSigner(Signer):  # type: ignore[misc]
    """A key that is opened when it has to sign, and whose signature is checked before it counts."""

    def __init__(self, uri: str, public: Key, ask: SecretsHandler,
                 absent: Callable[[NotAtHand], None] | None = None) -> None:  # fmt: skip
        self.uri, self._public, self._ask, self._absent = uri, public, ask, absent

    @property
    def public_key(self) -> Key:
        """The public half, as it was committed."""
        return self._public

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> UriSigner:
        """The same, by the library's name."""
        return cls(priv_key_uri, public_key, secrets_handler or Secrets({}).of(priv_key_uri))

    def sign(self, payload: bytes) -> Signature:
        """Sign.

        Raises:
            NotAtHand: the key is somewhere else.
            HybridspecError: it is here and does not sign; says why, and what to do.
        """
        try:
            signer = Signer.from_priv_key_uri(self.uri, self._public, self._ask)
            made = signer.sign(payload)
            signature = Signature(self._public.keyid, made.signature)
            self._public.verify_signature(signature, payload)
        except NotAtHand as absent:
            if self._absent is not None:
                self._absent(absent)
            raise
        except (UnverifiedSignatureError, VerificationError):
            raise UsageError(
                f"`{self.uri}` is another key than its public half in the spec's folder",
                help="name the right one, or write its public half anew: `hybridspec keys rotate`",
            ) from None
        except Exception as fault:
            why: HybridspecError = explained(fault, self.uri)
            if isinstance(why, NotAtHand) and self._absent is not None:
                self._absent(why)
            raise why from None
        return signature

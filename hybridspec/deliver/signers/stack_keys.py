"""The keyring of a stack as its spec states it: public halves from files, signers by URI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from securesystemslib.signer import Key, Signature, Signer, SSlibKey

from hybridspec.base.errors import HybridspecError, ResourceFailed, UsageError
from hybridspec.bundle.keys import CONTENT, NotAtHand, RoleKeys
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.signers.opening import Secrets, UriSigner, located, read_public
from hybridspec.deliver.stack import Stack
from hybridspec.ir.governance import SigningKey, SigningRole

P256 = "ecdsa-sha2-nistp256"


class Retired(Signer):  # type: ignore[misc]
    """A key that was replaced: until clients have the new root, its signature spares a refusal."""

    def __init__(self, signer: UriSigner) -> None:
        self._signer = signer

    @property
    def public_key(self) -> Key:
        """The public half."""
        return self._signer.public_key

    @classmethod
    def from_priv_key_uri(cls, *_: object) -> Retired:
        """Not by URI."""
        raise NotImplementedError

    def sign(self, payload: bytes) -> Signature:
        """Sign; a key that is lost, locked or gone is somewhere else, and nobody waits for it."""
        try:
            return self._signer.sign(payload)
        except HybridspecError as fault:
            raise NotAtHand(fault.message, help=fault.help) from None


def retired(stack: Stack) -> tuple[SigningKey, ...]:
    """The keys that were replaced here, oldest first.

    Raises:
        ResourceFailed: the record of them is damaged; nothing is written over it.
    """
    record = _record(stack)
    try:
        return tuple(SigningKey(**row) for row in json.loads(record.read_bytes()))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as fault:
        raise ResourceFailed(
            f"the record of replaced keys cannot be read: {record}",
            help="restore it, or remove it: what replaced keys would have signed along until "
            "devices have the new root, they then do not",
        ) from fault


def retire(stack: Stack, key: SigningKey) -> None:
    """Remember where a replaced key is."""
    rows = [asdict(one) for one in (*retired(stack), key)]
    write_durably(_record(stack), (json.dumps(rows, indent=1) + "\n").encode())


def _record(stack: Stack) -> Path:
    return stack.folder / "retired-keys.json"


@dataclass(frozen=True, slots=True)
class StackKeys:
    """Who signs a stack's channel; `absent` fills with keys that turned out to be elsewhere."""

    spec: str
    stack: Stack
    roles: Sequence[SigningRole]
    secrets: Secrets = field(repr=False)
    retired: Sequence[SigningKey] = ()
    absent: dict[str, NotAtHand] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """What paths of keys are relative to."""
        return self.stack.spec.parent

    @property
    def names(self) -> dict[str, str]:
        """Who holds which key, by its id, as people call them."""
        return {
            read_public(self.folder / key.public).keyid:
                (
                    key.name if key.holder.casefold() == key.name else f"{key.name} of {key.holder}"
                )
            for role in self.roles for key in role.keys
        }  # fmt: skip

    @property
    def development(self) -> bool:
        """Never: these are what a stack is signed with for good."""
        return False

    def role(self, name: str) -> RoleKeys:
        """Keys and signers of a role; each signer says when asked whether it is at hand."""
        found = next((role for role in self.roles if role.name == name), None)
        if found is None:
            tier = ".tiers" if name.startswith(("snapshot-", "timestamp-")) else ""
            raise UsageError(
                f"the spec names no keys for `{name}` of stack `{self.stack.name}`",
                help=f"name them under `stacks.{self.stack.name}.keys{tier}`",
            )
        public = tuple(self.public(key, name) for key in found.keys)
        signers = [self.signer(key, half) for key, half in zip(found.keys, public, strict=True)]
        names = {key.name for key in found.keys}
        signers_before = [
            Retired(self.signer(old, read_public(self.folder / old.public)))
            for old in self.retired
            if name != "root" and old.name in names and (self.folder / old.public).exists()
        ]
        return RoleKeys(public, found.threshold, (*signers, *signers_before))

    def former(self, name: str) -> tuple[Key, ...]:
        """Public halves of keys of a role that were replaced here."""
        names = {key.name for role in self.roles if role.name == name for key in role.keys}
        return tuple(read_public(self.folder / old.public) for old in self.retired
                     if old.name in names and (self.folder / old.public).exists())  # fmt: skip

    def public(self, key: SigningKey, role: str) -> SSlibKey:
        """The committed public half of a key.

        Raises:
            UsageError: there is none, or it is of a kind that the role cannot use.
        """
        half = read_public(self.folder / key.public)
        if role in CONTENT and half.scheme != P256:
            raise UsageError(
                f"key `{key.name}` is {half.scheme}, and `{role}` wants P-256",
                help="OpenSSF Model Signing knows NIST curves alone: make a P-256 key with "
                f"`hybridspec keys rotate {key.name}`",
            )
        return half

    def signer(self, key: SigningKey, half: Key) -> UriSigner:
        """The signer of a key, which opens nothing yet."""

        def away(fault: NotAtHand) -> None:
            if key not in self.retired:
                self.absent[key.name] = fault

        uri = located(key.uri, self.folder)
        return UriSigner(uri, half, self.secrets.of(key.name), away)

"""The keyring of a stack as its spec states it: public halves from files, signers by URI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from securesystemslib.signer import Key, SSlibKey

from hybridspec.base.errors import UsageError
from hybridspec.bundle.keys import CONTENT, NotAtHand, RoleKeys
from hybridspec.deliver.signers.opening import Secrets, UriSigner, located, read_public
from hybridspec.deliver.stack import Stack
from hybridspec.ir.governance import SigningKey, SigningRole

P256 = "ecdsa-sha2-nistp256"


@dataclass(frozen=True, slots=True)
class StackKeys:
    """Who signs a stack's channel; `absent` fills with keys that turned out to be elsewhere."""

    spec: str
    stack: Stack
    roles: Sequence[SigningRole]
    secrets: Secrets = field(repr=False)
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
        return RoleKeys(public, found.threshold, tuple(signers))

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
            self.absent[key.name] = fault

        uri = located(key.uri, self.folder)
        return UriSigner(uri, half, self.secrets.of(key.name), away)

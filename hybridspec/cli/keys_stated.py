"""The keys that a spec states for a stack, and where it says so, before anything is built."""

from __future__ import annotations

import getpass
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hybridspec.base.diagnostic import Severity, Sink, SpecInvalid
from hybridspec.base.errors import UsageError
from hybridspec.base.source import Origins
from hybridspec.bundle.keys import CONTENT, DevelopmentKeys
from hybridspec.cli import output
from hybridspec.deliver.signers.opening import Secrets, read_public
from hybridspec.deliver.signers.stack_keys import StackKeys, retired
from hybridspec.deliver.stack import Stack
from hybridspec.ir.governance import SigningKey, SigningRole
from hybridspec.load.file import locate
from hybridspec.load.load import load
from hybridspec.resolve.signing import signing


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A stack's roles and keys; without any it is signed by development keys."""

    name: str
    stack: Stack
    roles: tuple[SigningRole, ...]
    keys: dict[str, SigningKey]
    origins: Origins

    @property
    def folder(self) -> Path:
        """What paths of keys are relative to."""
        return self.stack.spec.parent

    @property
    def ring(self) -> StackKeys:
        """The keyring that publishes.

        Raises:
            UsageError: a development key stands where one for good should, or one key for two.
        """
        for key in self.keys.values():
            if self._made_for_development(self.folder / key.public):
                raise UsageError(
                    f"key `{key.name}` is a development key of this folder, whatever its name",
                    help=f"production devices refuse it: `hybridspec keys rotate {key.name} "
                    f"--stack {self.stack.name}` makes another one",
                )
        self._apart()
        return StackKeys(self.name, self.stack, self.roles, secrets(), retired(self.stack))

    def _apart(self) -> None:
        """Refuse a key that signs for two roles, or twice for one, however its file is written."""
        owners: dict[str, tuple[str, str]] = {}
        for role in self.roles:
            family = "classes" if role.name.startswith("class-") else role.name
            for key in role.keys:
                half = self.folder / key.public
                mine = (family, key.name)
                held = owners.setdefault(read_public(half).keyid, mine) if half.exists() else mine
                if held != mine:
                    raise UsageError(
                        f"`{key.name}` of `{family}` is the same key as `{held[1]}` of `{held[0]}`",
                        help="give each role keys of its own, and each person one of them",
                    )

    def _made_for_development(self, public: Path) -> bool:
        keys, made = DevelopmentKeys(Stack(self.stack.spec).keys()), set()
        for name in keys.pems:
            with suppress(ValueError):
                made.add(keys.signer(name).public_key.keyid)
        return bool(made) and public.exists() and read_public(public).keyid in made

    def roles_of(self, key: str) -> tuple[str, ...]:
        """The roles that a key signs for."""
        return tuple(r.name for r in self.roles if key in {one.name for one in r.keys})

    def p256(self, key: str) -> bool:
        """Whether a key has to be on that curve."""
        return any(role in CONTENT for role in self.roles_of(key))


def secrets() -> Secrets:
    """Passphrases from the environment or, on a terminal, by asking."""
    asking = (lambda what: getpass.getpass(f"{what}: ")) if sys.stdin.isatty() else None
    return Secrets(os.environ, asking)


def stated(spec: Path, stack: str, *, making: bool = False) -> Stated:
    """What a spec says of a stack's keys; when `making` them, public halves may be missing.

    Raises:
        SpecInvalid: it says something that cannot be.
    """
    sink = Sink()
    path = locate(spec)
    loaded = load(path, output.cache_folder(), sink, stack=stack, environment=os.environ)
    roles: tuple[SigningRole, ...] = ()
    keys: dict[str, SigningKey] = {}
    if loaded is not None and stack in loaded.spec.stacks:
        documents = {} if making else loaded.documents
        roles = signing(loaded.spec, stack, loaded.origins, documents, sink)
        written = loaded.spec.stacks[stack].keys
        for name, one in (written.keys if written is not None else {}).items():
            keys[name] = SigningKey(
                name=name,
                uri=one.uri,
                public=one.public,
                holder=one.holder or name,
                custody=one.custody or "",
            )
    if loaded is None or any(f.severity is Severity.ERROR for f in sink.kept):
        raise SpecInvalid(sink.kept)
    return Stated(name=loaded.spec.metadata.name, stack=Stack(path, stack), roles=roles, keys=keys,
                  origins=loaded.origins)  # fmt: skip


def with_keys(found: Stated) -> Stated:
    """The same.

    Raises:
        UsageError: the spec states no keys for the stack.
    """
    if not found.roles:
        name = found.stack.name
        raise UsageError(
            f"the spec states no keys for stack `{name}`, so development keys sign its channel"
            if name != "local" else "stack `local` is signed by development keys, made by `up`",
            help=f"`hybridspec keys init --template --stack {name}` prints what to write"
            if name != "local" else "name a stack: `--stack NAME`",
        )  # fmt: skip
    return found

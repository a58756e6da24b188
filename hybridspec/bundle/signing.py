"""Signing a channel's roles: versions that only rise, keys as the keyring has them, marks.

The clock is an argument. Whoever holds fewer keys than a role needs gets that role half signed,
as pending, and nothing that depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from securesystemslib.signer import Key, Signer
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from hybridspec.bundle.keys import Keyring, NotAtHand, class_role

DEVELOPMENT = "x-hybridspec-development"
TIER = "x-hybridspec-tier"
WINDOW = "x-hybridspec-window"
TOP = ("root", "targets", "snapshot", "timestamp")
ONLINE = ("snapshot", "timestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """How long each kind of metadata stays valid; `online` covers snapshot and timestamp."""

    root: timedelta = timedelta(days=365)
    targets: timedelta = timedelta(days=180)
    delegated: timedelta = timedelta(days=90)
    online: timedelta

    @classmethod
    def over(cls, online: timedelta) -> Validity:
        """No role expires before a device can be back that is away for the online time."""
        return cls(
            online=online,
            delegated=max(timedelta(days=90), online),
            targets=max(timedelta(days=180), online),
            root=max(timedelta(days=365), 2 * online),
        )

    def of(self, role: str) -> timedelta:
        """The time of a role by name."""
        if role in ONLINE:
            return self.online
        return {"root": self.root, "targets": self.targets}.get(role, self.delegated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """One repository of a channel, for a tier; the `main` one is the channel's own folder.

    Any other lies in a folder of its name and has online keys of its own.
    """

    tier: str = "online"
    main: bool = True

    @property
    def folder(self) -> str:
        """Where the repository lies in the channel, with a slash at its end unless it is all."""
        return "" if self.main else f"{self.tier}/"

    def key(self, role: str) -> str:
        """The keyring's name of a role."""
        return role if self.main or role not in ONLINE else f"{role}-{self.tier}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """A role that too few have signed: its file, and how many of which keys are still needed."""

    role: str
    path: str
    needed: int
    keyids: tuple[str, ...]


@dataclass(slots=True)
class Signing:
    """One round of signing over the newest metadata of a repository.

    `old` is what clients see, `staged` what was half signed before.
    """

    old: Mapping[str, Metadata[Any]]
    staged: Mapping[str, Metadata[Any]]
    keys: Keyring
    now: datetime
    validity: Validity
    repository: Repository
    made: dict[str, Metadata[Any]] = field(default_factory=dict)
    missing: list[Missing] = field(default_factory=list)

    @property
    def root(self) -> Root:
        """The root that will count."""
        root: Root = (self.made.get("root") or self.old["root"]).signed
        return root

    @property
    def targets(self) -> Targets:
        """The delegations that will count."""
        targets: Targets = (self.made.get("targets") or self.old["targets"]).signed
        return targets

    def current(self, role: str) -> Metadata[Any] | None:
        """The newest metadata of a role, made in this round or before."""
        return self.made.get(role) or self.old.get(role)

    def renew_root(self) -> None:
        """The first root, or a new one where keys or thresholds changed or its time runs down."""
        root = Root(consistent_snapshot=True, unrecognized_fields=self._marks({
            TIER: self.repository.tier,
        }))  # fmt: skip
        for role in TOP:
            keys = self.keys.role(self.repository.key(role))
            for key in keys.public:
                root.add_key(key, role)
            root.roles[role].threshold = keys.threshold
        before = self.old.get("root")
        if before is None or not _same(before.signed, root) or self.aged("root"):
            self.sign("root", root)

    def delegate(self, classes: Sequence[str]) -> None:
        """Give each class its own terminating role over paths of exactly three parts."""
        before = self.old["targets"].signed.delegations if "targets" in self.old else None
        delegations = before or Delegations(keys={}, roles={})
        old_roles = dict(delegations.roles or {})
        names = {role: role.removeprefix("class-") for role in old_roles}
        names |= {class_role(name): name for name in sorted(classes)}
        roles: dict[str, DelegatedRole] = {}
        keys: dict[str, Key] = {}
        for role, device_class in names.items():
            held = self._held(role)
            if held is None:
                roles[role] = old_roles[role]
                keys |= {i: delegations.keys[i] for i in roles[role].keyids}
                continue
            public, threshold = held
            keys |= {key.keyid: key for key in public}
            roles[role] = DelegatedRole(role, [key.keyid for key in public], threshold, True,
                                        [f"{device_class}/*/*"])  # fmt: skip
        made = Targets(delegations=Delegations(keys, roles), unrecognized_fields=self._marks({}))
        same = "targets" in self.old and self.old["targets"].signed.delegations == made.delegations
        if not same or self.aged("targets") or not self.holds("targets"):
            self.sign("targets", made)

    def _held(self, role: str) -> tuple[Sequence[Key], int] | None:
        """Keys of a class; none where this keyring does not know a class that is there already."""
        try:
            keys = self.keys.role(role)
        except KeyError:
            if "targets" in self.old and role in self.old["targets"].signed.delegations.roles:
                return None
            raise
        return keys.public, keys.threshold

    def offer(self, role: str, content: Targets) -> None:
        """Sign a class's role if it lists something else, is old, or its keys changed."""
        content.unrecognized_fields |= self._marks({})
        before = self.old.get(role)
        same = before is not None and (
            before.signed.targets == content.targets
            and before.signed.unrecognized_fields == content.unrecognized_fields
        )
        if not same or self.aged(role) or not self.holds(role):
            self.sign(role, content)

    def close(self) -> None:
        """Snapshot and timestamp, unless they are as they should be; nothing if roles pend."""
        changed = [r for r in self.made if r != "root"]
        fresh = all(r in self.old and not self.aged(r) and self.holds(r) for r in ONLINE)
        if self.missing or (not changed and fresh and not self._other_window()):
            return
        listed = {n: m for n, m in {**self.old, **self.made}.items() if n not in (*ONLINE, "root")}
        meta = {
            f"{name}.json": MetaFile.from_data(m.signed.version, as_bytes(m), ["sha256"])
            for name, m in listed.items()
        }
        seconds = int(self.validity.online.total_seconds())
        self.sign("snapshot", Snapshot(meta=meta, unrecognized_fields=self._marks({
            WINDOW: seconds,
        })))  # fmt: skip
        if self.missing:
            return  # the timestamp names the bytes of the snapshot, its signatures among them
        made = self.made["snapshot"]
        pointer = MetaFile.from_data(made.signed.version, as_bytes(made), ["sha256"])
        self.sign("timestamp", Timestamp(snapshot_meta=pointer,
                                         unrecognized_fields=self._marks({})))  # fmt: skip

    def _other_window(self) -> bool:
        told = self.old["snapshot"].signed.unrecognized_fields.get(WINDOW)
        return told is not None and told != int(self.validity.online.total_seconds())

    def _marks(self, more: Mapping[str, Any]) -> dict[str, Any]:
        return {**({DEVELOPMENT: True} if self.keys.development else {}), **more}

    def aged(self, role: str) -> bool:
        """Whether a role has used up more than a third of its time."""
        left: timedelta = self.old[role].signed.expires - self.now
        return left < self.validity.of(role) * 2 / 3

    def holds(self, role: str) -> bool:
        """Whether what clients see of a role stands under the keys that will count."""
        metadata = self.old.get(role)
        return metadata is not None and not _lacking(self._delegators(role), role, metadata)

    def _delegators(self, role: str) -> list[Root | Targets]:
        """Whose keys have to have signed a role: for what is at the top, of the old root as well.

        A client sees the files change one after the other, so until it has the new root it has to
        accept what the new one will stand for.
        """
        if role not in TOP:
            return [self.targets]
        before = self.old["root"].signed if "root" in self.old else None
        return [root for root in (before, self.root) if root is not None]

    def sign(self, role: str, signed: Any) -> None:
        """Sign the next version of a role with every key at hand that counts for it."""
        before = self.old.get(role)
        signed.version = before.signed.version + 1 if before is not None else 1
        signed.expires = (self.now + self.validity.of(role)).replace(microsecond=0)
        metadata = self._staged(role, signed) or Metadata(signed)
        self.made[role] = metadata  # a root has to be there before its keys can be asked for
        counted = {k for d in self._delegators(role) for k in _keyids(d, role)}
        full = bool(metadata.signatures) and not _lack(self._required(role), role, metadata)[0]
        for signer in () if full else self._signers(role):
            keyid = signer.public_key.keyid
            if keyid in counted and keyid not in metadata.signatures:
                _sign(metadata, signer)
        self.take(role, metadata)

    def take(self, role: str, metadata: Metadata[Any]) -> None:
        """Metadata with every signature that can be had now."""
        self.made[role] = metadata
        needed, keyids = _lack(self._required(role), role, metadata)
        if needed:
            self.missing.append(Missing(role=role, path=path_of(role, metadata), needed=needed,
                                        keyids=keyids))  # fmt: skip

    def _signers(self, role: str) -> Sequence[Signer]:
        with suppress(KeyError):
            return self.keys.role(self.repository.key(role)).signers
        return ()

    def _required(self, role: str) -> list[Root | Targets]:
        """Without whom a role cannot be shown: the old root's keys of another role may be lost."""
        every = self._delegators(role)
        return every if role == "root" or role not in TOP else every[-1:]

    def _staged(self, role: str, signed: Any) -> Metadata[Any] | None:
        """What was half signed before, if it is the same but for its time, and that is fresh."""
        found = self.staged.get(role)
        if found is None or type(found.signed) is not type(signed):
            return None
        other = deepcopy(signed)
        other.expires = found.signed.expires
        left: timedelta = found.signed.expires - self.now
        fresh = left > self.validity.of(role) * 2 / 3
        return deepcopy(found) if fresh and other == found.signed else None


def _sign(metadata: Metadata[Any], signer: Signer) -> None:
    """Add a signature, unless the key is elsewhere; any other fault is told as it is."""
    try:
        metadata.sign(signer, append=True)
    except UnsignedMetadataError as fault:
        if isinstance(fault.__cause__, NotAtHand):
            return
        raise fault.__cause__ or fault from fault


def as_bytes(metadata: Metadata[Any]) -> bytes:
    """Metadata as it is stored."""
    return metadata.to_bytes(JSONSerializer(compact=True))


def path_of(role: str, metadata: Metadata[Any]) -> str:
    """Where a role's metadata lies in a repository."""
    name = role if role == "timestamp" else f"{metadata.signed.version}.{role}"
    return f"metadata/{name}.json"


def _same(old: Root, new: Root) -> bool:
    """Whether a root says what another one says, whatever its version and time."""
    fields = ("keys", "roles", "consistent_snapshot", "unrecognized_fields")
    old_keys = {role: (set(r.keyids), r.threshold) for role, r in old.roles.items()}
    new_keys = {role: (set(r.keyids), r.threshold) for role, r in new.roles.items()}
    return old_keys == new_keys and all(
        getattr(old, name) == getattr(new, name) for name in fields if name not in ("roles", "keys")
    )


def _keyids(delegator: Root | Targets, role: str) -> list[str]:
    return list(delegator.get_delegated_role(role).keyids)


def _lack(
    delegators: Sequence[Root | Targets], role: str, metadata: Metadata[Any]
) -> tuple[int, tuple[str, ...]]:
    """How many signatures are missing at most, and by which keys they could be."""
    needed, keyids = 0, set()
    for delegator in delegators:
        result = delegator.get_verification_result(role, metadata.signed_bytes, metadata.signatures)
        if not result.verified:
            needed = max(needed, result.missing)
            keyids |= set(result.unsigned)
    return needed, tuple(sorted(keyids))


def _lacking(delegators: Sequence[Root | Targets], role: str, metadata: Metadata[Any]) -> bool:
    with suppress(ValueError, UnsignedMetadataError):
        return bool(_lack(delegators, role, metadata)[0])
    return True

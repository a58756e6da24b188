"""The update channel as TUF metadata: static files that any TUF client can read.

The Update Framework 1.0.34 (https://theupdateframework.github.io/specification/v1.0.34/):
consistent snapshots, root 2 of 3, one terminating delegated role per device class. Clock and keys
are arguments; nothing is read or written here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Role,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)
from tuf.api.serialization.json import JSONSerializer

from hybridspec.base.errors import HybridspecError
from hybridspec.bundle.archive import ArchiveDigest
from hybridspec.bundle.keys import Keyring, RoleKeys, class_role

DEVELOPMENT = "x-hybridspec-development"
CUSTOM = "hybridspec"
TOP = ("root", "targets", "snapshot", "timestamp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """How long each kind of metadata stays valid; `online` covers snapshot and timestamp."""

    root: timedelta = timedelta(days=365)
    targets: timedelta = timedelta(days=180)
    delegated: timedelta = timedelta(days=90)
    online: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRelease:
    """A release for one device class; `install_size` is bytes after unpacking."""

    device_class: str
    release: str
    manifest: bytes
    bundle: Path
    digest: ArchiveDigest
    install_size: int
    security_epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Files to write, targets before metadata, the timestamp last; and each class's counter.

    With `unsigned` roles, for which too few signers are at hand, it must not be written.
    """

    targets: tuple[tuple[str, bytes | Path], ...]
    metadata: tuple[tuple[str, bytes], ...]
    counters: tuple[tuple[str, int], ...]
    unsigned: tuple[str, ...] = ()


class Expired(HybridspecError):
    """The root of the channel has expired, and no device follows it any more."""

    def __init__(self) -> None:
        super().__init__(
            "the root of the update channel has expired",
            help="run `hybridspec destroy`, then `hybridspec up`: devices are set up anew",
        )


def publish(
    previous: Mapping[str, bytes], releases: Sequence[ClassRelease], keys: Keyring,
    now: datetime, validity: Validity,
) -> Publication:  # fmt: skip
    """The next state of the channel.

    `previous` holds the newest metadata by role name (`root`, `targets`, `snapshot`, `timestamp`
    and delegated roles), empty at first. Nothing changed and nothing near its expiry gives an
    empty publication. A class without a release keeps the one it has.
    """
    old = {name: Metadata.from_bytes(data) for name, data in previous.items()}
    delegated = {class_role(r.device_class): _class_targets(r, old) for r in releases}
    changed = {n: t for n, t in delegated.items()
               if _differs(old.get(n), t) or _old(old[n], now, validity.delegated)}  # fmt: skip
    counters = tuple((r.device_class, _counter(delegated[class_role(r.device_class)], r))
                     for r in releases)  # fmt: skip
    if not changed and old and not _stale(old, now, validity):
        return Publication(targets=(), metadata=(), counters=counters)
    writer = _Writer(old, keys, now, validity)
    for release in releases:
        writer.delegate(release.device_class)
    writer.root()
    for name, role in changed.items():
        writer.sign(name, role, validity.delegated)
    writer.top()
    files = tuple(
        f for r in releases if class_role(r.device_class) in changed for f in target_files(r)
    )
    return Publication(targets=files, metadata=tuple(writer.written), counters=counters,
                       unsigned=tuple(writer.unsigned))  # fmt: skip


def sound(previous: Mapping[str, bytes], keys: Keyring, now: datetime) -> bool:
    """Whether a channel can be continued: whole, signed by these keys alone, its root not expired.

    Anything else, a missing role as well, is not.
    """
    try:
        found = {name: Metadata[Any].from_bytes(data) for name, data in previous.items()}
        root, targets = found["root"].signed, found["targets"].signed
        if root.expires <= now:
            return False
        for name in TOP:
            if not _agrees(root.roles[name], keys.role(name)):
                return False
            root.verify_delegate(name, found[name].signed_bytes, found[name].signatures)
        for name, role in targets.delegations.roles.items():
            if not _agrees(role, keys.role(name)):
                return False
            targets.verify_delegate(name, found[name].signed_bytes, found[name].signatures)
    except (RepositoryError, KeyError, ValueError, AttributeError, TypeError):
        return False
    return True


def _agrees(role: Role, keys: RoleKeys) -> bool:
    """Whether a delegator lists for a role just the keys and the threshold that it should have."""
    wanted = {key.keyid for key in keys.public}
    return set(role.keyids) == wanted and role.threshold == keys.threshold


def _differs(old: Metadata[Any] | None, new: Targets) -> bool:
    return old is None or old.signed.targets != new.targets


def _old(role: Metadata[Any], now: datetime, validity: timedelta) -> bool:
    """Whether a role has used up more than a third of its time."""
    return bool(role.signed.expires - now < validity * 2 / 3)


def _stale(old: Mapping[str, Metadata[Any]], now: datetime, validity: Validity) -> bool:
    spans = {"root": validity.root, "targets": validity.targets, "snapshot": validity.online,
             "timestamp": validity.online}  # fmt: skip
    return any(_old(old[name], now, span) for name, span in spans.items())


def _class_targets(release: ClassRelease, old: Mapping[str, Metadata[Any]]) -> Targets:
    before = old.get(class_role(release.device_class))
    pointer = f"{release.device_class}/current/manifest.json"
    counter = 1
    if before is not None and pointer in before.signed.targets:
        custom = before.signed.targets[pointer].custom[CUSTOM]
        counter = custom["release_counter"] + (custom["release"] != release.release)
    base = f"{release.device_class}/{release.release}"
    custom = _custom(release, counter)
    targets = {
        f"{base}/manifest.json": _bytes_target(f"{base}/manifest.json", release, custom),
        pointer: _bytes_target(pointer, release, custom),
        f"{base}/bundle.tar.zst": TargetFile(
            release.digest.archive_size, {"sha256": release.digest.archive_sha256},
            f"{base}/bundle.tar.zst", {"custom": custom},
        ),
    }  # fmt: skip
    return Targets(targets=targets)


def _bytes_target(path: str, release: ClassRelease, custom: Mapping[str, Any]) -> TargetFile:
    target = TargetFile.from_data(path, release.manifest, ["sha256"])
    target.unrecognized_fields = {"custom": dict(custom)}
    return target


def _custom(release: ClassRelease, counter: int) -> dict[str, Any]:
    return {
        "name": release.device_class,
        "version": release.release,
        "hardwareIds": [release.device_class],
        "targetFormat": "BINARY",
        CUSTOM: {
            "release": release.release,
            "release_counter": counter,
            "security_epoch": release.security_epoch,
            "rollback_allowed_to": None,
            "device_class": release.device_class,
            "bundle": f"{release.device_class}/{release.release}/bundle.tar.zst",
            "tar_sha256": release.digest.tar_sha256,
            "tar_size": release.digest.tar_size,
            "install_size": release.install_size,
        },
    }


def _counter(targets: Targets, release: ClassRelease) -> int:
    custom = targets.targets[f"{release.device_class}/current/manifest.json"].custom
    return int(custom[CUSTOM]["release_counter"])


def target_files(release: ClassRelease) -> list[tuple[str, bytes | Path]]:
    """Target files under their consistent-snapshot names, `<folder>/<sha256>.<name>`."""
    manifest = TargetFile.from_data("m", release.manifest, ["sha256"]).hashes["sha256"]
    base = f"targets/{release.device_class}"
    return [
        (f"{base}/{release.release}/{release.digest.archive_sha256}.bundle.tar.zst",
         release.bundle),
        (f"{base}/{release.release}/{manifest}.manifest.json", release.manifest),
        (f"{base}/current/{manifest}.manifest.json", release.manifest),
    ]  # fmt: skip


class _Writer:
    """Signs roles one after the other and keeps the metadata in the order of writing."""

    def __init__(self, old: Mapping[str, Metadata[Any]], keys: Keyring, now: datetime,
                 validity: Validity) -> None:  # fmt: skip
        self.old, self.keys, self.now, self.validity = old, keys, now, validity
        self.signed: dict[str, tuple[int, bytes]] = {
            n: (m.signed.version, m.to_bytes(JSONSerializer(compact=True))) for n, m in old.items()
        }
        self.written: list[tuple[str, bytes]] = []
        self.unsigned: list[str] = []
        self.delegators = [old["root"].signed] if "root" in old else []
        before = old["targets"].signed if "targets" in old else None
        # A copy: what is added to it has to differ from what was signed before.
        self.targets = Targets(delegations=deepcopy(before.delegations) if before else None)

    def delegate(self, device_class: str) -> None:
        """Give the class its own terminating role over paths of exactly three parts."""
        name = class_role(device_class)
        delegations = self.targets.delegations or Delegations(keys={}, roles={})
        roles = delegations.roles or {}
        if name not in roles:
            mine = self.keys.role(name)
            delegations.keys.update({key.keyid: key for key in mine.public})
            roles[name] = DelegatedRole(
                name, [key.keyid for key in mine.public], mine.threshold, True,
                [f"{device_class}/*/*"],
            )  # fmt: skip
            delegations.roles = roles
        self.targets.delegations = delegations

    def root(self) -> None:
        """The first root, or a new one when a third of the old one's time is over."""
        before = self.old.get("root")
        if before is not None and before.signed.expires <= self.now:
            raise Expired
        if before is not None and not _old(before, self.now, self.validity.root):
            return
        marks = {DEVELOPMENT: True} if self.keys.development else {}
        root = Root(consistent_snapshot=True, unrecognized_fields=marks)
        for name in TOP:
            mine = self.keys.role(name)
            for key in mine.public:
                root.add_key(key, name)
            root.roles[name].threshold = mine.threshold
        self.delegators.append(root)
        self.sign("root", root, self.validity.root)

    def top(self) -> None:
        """Targets if its delegations changed, then snapshot and timestamp."""
        before = self.old.get("targets")
        same = before is not None and before.signed.delegations == self.targets.delegations
        if before is None or not same or _old(before, self.now, self.validity.targets):
            self.sign("targets", self.targets, self.validity.targets)
        meta = {
            f"{name}.json": MetaFile.from_data(version, data, ["sha256"])
            for name, (version, data) in self.signed.items()
            if name not in ("root", "snapshot", "timestamp")
        }
        self.sign("snapshot", Snapshot(meta=meta), self.validity.online)
        version, data = self.signed["snapshot"]
        pointer = MetaFile.from_data(version, data, ["sha256"])
        self.sign("timestamp", Timestamp(snapshot_meta=pointer), self.validity.online)

    def sign(self, name: str, role: Any, validity: timedelta) -> None:
        """Sign the next version of a role with every key of it that is at hand."""
        role.version = self.signed[name][0] + 1 if name in self.signed else 1
        role.expires = (self.now + validity).replace(microsecond=0)
        metadata = Metadata(role)
        for signer in self.keys.role(name).signers:
            metadata.sign(signer, append=True)
        if not self._enough(name, metadata):
            self.unsigned.append(name)
        data = metadata.to_bytes(JSONSerializer(compact=True))
        self.signed[name] = (role.version, data)
        path = "timestamp.json" if name == "timestamp" else f"{role.version}.{name}.json"
        self.written.append((f"metadata/{path}", data))

    def _enough(self, name: str, metadata: Metadata[Any]) -> bool:
        """Whether whoever delegates to a role sees its threshold: for a root, the old one too."""
        delegators: list[Root | Targets] = list(
            self.delegators if name == "root"
            else self.delegators[-1:] if name in TOP else [self.targets]
        )  # fmt: skip
        return all(
            d.get_verification_result(name, metadata.signed_bytes, metadata.signatures).verified
            for d in delegators
        )

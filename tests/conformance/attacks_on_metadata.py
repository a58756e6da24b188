"""Attacks on who signs what, when, and for whom: what the metadata of a channel says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.channels import (
    CAMERA,
    HUB,
    ONLINE,
    Publisher,
)
from conformance.field import POINTER, Field, look
from tuf.api.metadata import DelegatedRole, Delegations, Metadata
from tuf.api.serialization.json import JSONSerializer

from hybridspec.agent.fetch import Clock, Folder
from hybridspec.bundle.keys import ROOTS, DevelopmentKeys, class_role
from hybridspec.bundle.repository import DEVELOPMENT


def _signed_by_a_stranger(field: Field) -> None:
    """Online keys are stolen, and another class's key signs for the camera."""
    field.next()
    field.class_metadata(lambda signed: None, by=(class_role(HUB),))


def _unsigned_metadata(field: Field) -> None:
    field.next()
    field.class_metadata(lambda signed: None, by=())


def _old_timestamp(field: Field) -> None:
    shutil.copy(field.old / "timestamp.json", field.metadata / "timestamp.json")


def _old_root(field: Field) -> None:
    """The next root is the one before, signed as it should be."""
    field.publisher.forge("root", lambda signed: None, version=1)
    (field.metadata / "1.root.json").rename(field.metadata / "2.root.json")


def _old_targets(field: Field) -> None:
    """Both online keys are stolen: a new snapshot lists the targets metadata before."""
    before = field.publisher.metadata("snapshot").signed.meta["targets.json"]
    field.publisher.forge("targets", lambda signed: None)
    assert look(field) == ""
    field.publisher.forge("snapshot", lambda signed: signed.meta.update({"targets.json": before}))


def _old_snapshot(field: Field) -> None:
    """The timestamp key is stolen: a new timestamp points at the snapshot before."""
    before = Metadata.from_file(str(field.old / "timestamp.json")).signed
    field.publisher.forge(
        "timestamp", lambda signed: setattr(signed, "snapshot_meta", before.snapshot_meta)
    )


def _old_class_metadata(field: Field) -> None:
    """Both online keys are stolen: a new snapshot lists the class metadata before."""
    before = Metadata.from_file(str(field.old / "1.snapshot.json")).signed
    name = f"{class_role(CAMERA)}.json"
    field.publisher.forge("snapshot", lambda signed: signed.meta.update({name: before.meta[name]}))


def _class_metadata_left_out(field: Field) -> None:
    field.publisher.forge("snapshot", lambda signed: signed.meta.pop(f"{class_role(CAMERA)}.json"))


def _freeze(field: Field) -> None:
    """The mirror keeps showing a timestamp whose time is over."""
    field.next()
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    field.publisher.forge("timestamp", lambda signed: setattr(signed, "expires", past))


def _expired_class(field: Field) -> None:
    field.next()
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    field.class_metadata(lambda signed: setattr(signed, "expires", past))


def _expired_root(field: Field) -> None:
    past = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    field.publisher.forge("root", lambda signed: setattr(signed, "expires", past))


def _everything_expired(field: Field) -> None:
    """A channel that nobody has signed for three years."""
    field.next()
    field.clock = Clock(now=lambda: datetime.now(UTC) + timedelta(days=3 * 365))


class _Trickle(Folder):
    """One byte at a time, and ten seconds between two of them."""

    def __init__(self) -> None:
        self.time = 0.0
        super().__init__(Clock(monotonic=lambda: self.time))

    def _open(self, url: str, offset: int) -> tuple[int, Iterator[bytes]]:
        return offset, self._slowly(b"".join(super()._open(url, offset)[1]))

    def _slowly(self, data: bytes) -> Iterator[bytes]:
        for byte in data:
            self.time += 10.0
            yield bytes([byte])


def _slow(field: Field) -> None:
    """The mirror answers at once, and then never comes to an end."""
    field.next()
    field.fetcher = _Trickle()


def _mix_and_match(field: Field) -> None:
    """A snapshot that is signed as it should be, but belongs to another timestamp."""
    field.next()
    snapshot = field.publisher.metadata("snapshot").signed

    def change(signed: Any) -> None:
        signed.meta[f"{class_role(CAMERA)}.json"].version += 1

    field.publisher.forge("snapshot", change, version=snapshot.version, online=False)


def _endless_metadata(field: Field) -> None:
    field.next()
    with (field.metadata / "timestamp.json").open("ab") as stream:
        stream.write(b" " * 20_000)


def _endless_root(field: Field) -> None:
    field.next()
    (field.metadata / "2.root.json").write_bytes(b" " * 600_000)


def _name_swap(field: Field) -> None:
    """The camera's key lists the hub's release under the camera's name."""
    hub = field.publisher.metadata(class_role(HUB)).signed.targets
    theirs = f"{HUB}/current/manifest.json"
    folder = field.publisher.channel / "targets"
    shutil.copytree(folder / HUB / "current", folder / CAMERA / "current", dirs_exist_ok=True)

    def change(signed: Any) -> None:
        signed.targets[POINTER] = replace_path(hub[theirs], POINTER)

    field.class_metadata(change)


def _relabelled(field: Field) -> None:
    """The same, with a block that lies about the class: the manifest does not."""
    _name_swap(field)

    def change(signed: Any) -> None:
        custom = signed.targets[POINTER].custom
        custom["hardwareIds"] = [CAMERA]
        custom["hybridspec"].update(device_class=CAMERA, release_counter=9, security_epoch=1)

    field.class_metadata(change)


def replace_path(target: Any, path: str) -> Any:
    """A target under another name."""
    moved = type(target).from_dict(target.to_dict(), path)
    assert moved.path == path
    return moved


def _wrong_delegation(field: Field) -> None:
    """The hub's key signs for the camera's paths, and the camera's role says nothing."""
    c = field.next()
    listed = field.publisher.metadata(class_role(CAMERA)).signed.targets
    assert c.release in json.dumps([t.custom for t in listed.values()])
    field.class_metadata(lambda signed: signed.targets.clear())
    field.publisher.forge(class_role(HUB), lambda signed: signed.targets.update(listed))


def _one_root_key(field: Field) -> None:
    """One of three root keys is stolen and signs a root with the attacker's own keys."""
    stranger = DevelopmentKeys(field.publisher.keys.pems).signer(class_role(HUB)).public_key

    def change(signed: Any) -> None:
        for role in ("root", "targets", "snapshot", "timestamp"):
            signed.add_key(stranger, role)
            signed.roles[role].threshold = 1

    field.publisher.forge("root", change, by=("root-1", class_role(HUB)))


def _one_class_key(field: Field) -> None:
    """Two keys have to sign for cameras; one of them is stolen."""
    field.next()

    def change(signed: Any) -> None:
        signed.add_key(field.publisher.keys.signer(class_role(HUB)).public_key, class_role(CAMERA))
        signed.delegations.roles[class_role(CAMERA)].threshold = 2

    field.publisher.forge("targets", change)
    field.class_metadata(lambda signed: None)


def _stolen_online_keys(field: Field) -> None:
    """Whoever has the keys of timestamp and snapshot signs a release with them."""
    field.next()
    field.class_metadata(lambda signed: None, by=ONLINE)


def _revoked_class_key(field: Field) -> None:
    """The key of cameras was stolen and replaced; the thief goes on signing with it."""
    field.next()

    def change(signed: Any) -> None:
        role = class_role(CAMERA)
        for keyid in list(signed.delegations.roles[role].keyids):
            signed.revoke_key(keyid, role)
        signed.add_key(field.publisher.keys.signer(class_role(HUB)).public_key, role)

    field.publisher.forge("targets", change)
    field.class_metadata(lambda signed: None)


def _revoked_online_key(field: Field) -> None:
    """Root 2 has another key for the timestamp; the thief signs one with the old key."""
    field.next()
    stranger = field.publisher.keys.signer(class_role(HUB)).public_key

    def change(signed: Any) -> None:
        for keyid in list(signed.roles["timestamp"].keyids):
            signed.revoke_key(keyid, "timestamp")
        signed.add_key(stranger, "timestamp")

    field.publisher.forge("root", change)


def _development_keys(field: Field) -> None:
    """A production device is led to a root that says of itself that its keys are everywhere."""
    made = field.publisher.metadata("root")
    made.signed.unrecognized_fields.pop(DEVELOPMENT)
    made.signatures.clear()
    for name in ROOTS:
        made.sign(field.publisher.keys.signer(name), append=True)
    (field.home / "root.json").chmod(0o644)
    (field.home / "root.json").write_bytes(made.to_bytes(JSONSerializer(compact=True)))
    field.publisher.forge("root", lambda signed: None)
    field.next()


def _two_delegators(field: Field) -> None:
    """The hub's role delegates to a role that is called like the cameras', with its own key."""
    c = field.next()
    key = field.publisher.keys.signer(class_role(HUB)).public_key

    def change(signed: Any) -> None:
        role = DelegatedRole(class_role(CAMERA), [key.keyid], 1, True, [f"{CAMERA}/*/*"])
        signed.delegations = Delegations({key.keyid: key}, {role.name: role})

    field.publisher.forge(class_role(HUB), change)
    assert c.release
    field.class_metadata(lambda signed: None, by=(class_role(HUB),))


def _another_root(field: Field) -> None:
    """The device was set up with the root of somebody else, marked as its own by nobody."""
    keys = dict(field.publisher.keys.pems)
    names = ("root-1", "root-2", "root-3", "timestamp", "snapshot", "targets")
    turned = dict(zip(names, (keys[n] for n in reversed(names)), strict=True))
    other = Publisher(field.publisher.folder / "other")
    other.keys = DevelopmentKeys({**keys, **turned})
    other.offer(1.0)
    (field.home / "root.json").chmod(0o644)
    (field.home / "root.json").write_bytes(other.root)
    field.next()


METADATA: dict[str, tuple[Callable[[Field], None], str, str]] = {
    # name: how, the reason that the device gives, a part of its message
    "metadata signed by a stranger": (_signed_by_a_stranger, "signature-refused", "class-camera"),
    "metadata signed by nobody": (_unsigned_metadata, "signature-refused", "0/1"),
    "stolen timestamp and snapshot keys": (
        _stolen_online_keys, "signature-refused", "class-camera was signed by 0/1"),
    "rollback of the root": (_old_root, "metadata-rollback", "root version 2"),
    "rollback of the timestamp": (_old_timestamp, "metadata-rollback", "timestamp version"),
    "rollback of the snapshot": (_old_snapshot, "metadata-rollback", "snapshot version"),
    "rollback of targets": (_old_targets, "metadata-rollback", "targets.json version"),
    "rollback of class metadata": (_old_class_metadata, "metadata-rollback", "class-camera"),
    "class metadata left out": (_class_metadata_left_out, "metadata-refused", "missing info"),
    "release counter decreased": (
        lambda f: f.custom(release_counter=1), "counter-decreased", "below 2"),
    "security epoch decreased": (
        lambda f: f.custom(security_epoch=0), "epoch-decreased", "below 1"),
    "epoch decreased by a revert": (
        lambda f: f.custom(release_counter=1, rollback_allowed_to=1, security_epoch=0),
        "epoch-decreased", "below 1"),
    "freeze": (_freeze, "metadata-expired", "timestamp"),
    "expired root": (_expired_root, "metadata-expired", "root.json is expired"),
    "expired everything": (_everything_expired, "metadata-expired", "root.json"),
    "expired class metadata": (_expired_class, "metadata-expired", "class-camera"),
    "mix and match": (_mix_and_match, "metadata-differs", "hash"),
    "endless timestamp": (_endless_metadata, "metadata-too-long", "length of 16384"),
    "endless root": (_endless_root, "metadata-too-long", "length of 512000"),
    "slow data": (_slow, "channel-slow", "bytes in 60 s"),
    "another class by name swap": (_name_swap, "wrong-class", HUB),
    "another class under a false label": (_relabelled, "wrong-class", HUB),
    "another class's delegation": (_wrong_delegation, "nothing-for-class", CAMERA),
    "one stolen root key": (_one_root_key, "signature-refused", "root"),
    "one of two stolen class keys": (
        _one_class_key, "signature-refused", "class-camera was signed by 1/2"),
    "revoked class key": (
        _revoked_class_key, "signature-refused", "class-camera was signed by 0/1"),
    "revoked timestamp key": (
        _revoked_online_key, "signature-refused", "timestamp was signed by 0/1"),
    "two delegators with one role name": (
        _two_delegators, "signature-refused", "class-camera was signed by 0/1"),
    "development keys on a production root": (
        _development_keys, "development-keys", "development"),
    "another root": (_another_root, "signature-refused", "timestamp"),
}  # fmt: skip

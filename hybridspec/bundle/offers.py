"""What a class's role lists: its releases, which one is offered to whom, and what came before.

Pure: the role's signed content of before and one wish give the content that is signed next. The
block under `hybridspec` of every target is what devices judge a release by.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tuf.api.metadata import TargetFile, Targets

from hybridspec.base.errors import UsageError
from hybridspec.bundle.archive import ArchiveDigest
from hybridspec.bundle.manifest import canonical_json

CUSTOM = "hybridspec"
HISTORY, EPOCH = "x-hybridspec-history", "x-hybridspec-epoch"
MANIFEST, ARCHIVE = "manifest.json", "bundle.tar.zst"
CURRENT, STABLE = "current", "stable"
KEPT = 3
"""Releases that stay listed, so that devices can be sent back to them."""
REMEMBERED = 256
"""Releases whose counters and fates stay signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extra:
    """Another target of a release, `<class>/<release>/<name>`; `block` adds to its signed block."""

    name: str
    data: Path
    sha256: str
    size: int
    block: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRelease:
    """A release for one device class; `install_size` is bytes after unpacking.

    `percent` is the share of the fleet that it is offered to, and never shrinks.
    """

    device_class: str
    release: str
    manifest: bytes
    bundle: Path
    digest: ArchiveDigest
    install_size: int
    security_epoch: int = 0
    percent: int = 100
    extras: tuple[Extra, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What an operator asks for a class beside a new release; releases are named by their id."""

    device_class: str
    revert: str = ""
    withdraw: str = ""
    percent: int = 0
    raise_epoch: bool = False
    """Shut out the withdrawn release, and all that is only listed, for good."""


@dataclass(frozen=True, slots=True)
class Record:
    """One line of the signed history; `state` is `released` or `withdrawn`."""

    release: str
    counter: int
    epoch: int
    state: str = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """The listed releases of a class by id, with their targets, and the two pointers.

    `current` is for the devices of the rollout, `stable` for all others while there are any;
    `epoch` is the security epoch that nothing new falls below.
    """

    device_class: str
    listed: Mapping[str, Mapping[str, TargetFile]] = field(default_factory=dict)
    current: str = ""
    stable: str = ""
    history: tuple[Record, ...] = ()
    epoch: int = 0

    @classmethod
    def of(cls, device_class: str, role: Targets | None) -> Offers:
        """Read back what a role lists."""
        if role is None:
            return cls(device_class=device_class)
        listed: dict[str, dict[str, TargetFile]] = {}
        pointers = {}
        for path, target in role.targets.items():
            folder, name = path.split("/")[1:]
            if folder in (CURRENT, STABLE):
                pointers[folder] = str(target.custom[CUSTOM]["release"])
            else:
                listed.setdefault(folder, {})[name] = target
        told = role.unrecognized_fields.get(HISTORY, [])
        history = tuple(Record(**one) for one in told) or tuple(
            Record(name, _block(files)["release_counter"], _block(files)["security_epoch"])
            for name, files in listed.items()
        )
        epoch = max((one.epoch for one in history), default=0)
        return cls(
            device_class=device_class, listed=listed, history=history,
            current=pointers.get(CURRENT, ""), stable=pointers.get(STABLE, ""),
            epoch=max(epoch, role.unrecognized_fields.get(EPOCH, 0)),
        )  # fmt: skip

    def block(self, release: str) -> Mapping[str, Any]:
        """The signed block of a listed release."""
        return _block(self.listed[release])

    @property
    def percent(self) -> int:
        """The share of the fleet that the current release is offered to; 100 if there is none."""
        return percent_of(self.block(self.current)) if self.current else 100

    @property
    def highest(self) -> int:
        """The highest counter that was ever signed."""
        return max((one.counter for one in self.history), default=0)

    def withdrawn(self, release: str) -> bool:
        """Whether a release was taken back; it never comes again."""
        return any(one.release == release and one.state == "withdrawn" for one in self.history)

    def role(self) -> Targets:
        """The content to be signed."""
        base = self.device_class
        targets = {
            f"{base}/{release}/{name}": _renamed(target, f"{base}/{release}/{name}")
            for release, files in sorted(self.listed.items())
            for name, target in sorted(files.items())
        }
        for pointer, release in ((CURRENT, self.current), (STABLE, self.stable)):
            if release:
                path = f"{base}/{pointer}/{MANIFEST}"
                targets[path] = _renamed(self.listed[release][MANIFEST], path)
        told = [{"release": r.release, "counter": r.counter, "epoch": r.epoch, "state": r.state}
                for r in self.history[-REMEMBERED:]]  # fmt: skip
        return Targets(targets=targets, unrecognized_fields={HISTORY: told, EPOCH: self.epoch})


def percent_of(block: Mapping[str, Any]) -> int:
    """The share of the fleet that a signed block names."""
    return int((block.get("rollout") or {}).get("percent", 100))


def _block(files: Mapping[str, TargetFile]) -> Mapping[str, Any]:
    block: Mapping[str, Any] = files[MANIFEST].custom[CUSTOM]
    return block


def _renamed(target: TargetFile, path: str) -> TargetFile:
    return TargetFile(target.length, dict(target.hashes), path, dict(target.unrecognized_fields))


def offering(before: Offers, release: ClassRelease) -> Offers:
    """Offer a release: a new one under the next counter, a known one under the one it has.

    Raises:
        UsageError: it was withdrawn, or an earlier rollout has to be ended first.
    """
    name = release.release
    if before.withdrawn(name):
        raise UsageError(
            f"release {name} of `{release.device_class}` was withdrawn and does not come back",
            help="change the spec or the model, so that the release is another one",
        )
    same = before.current == name
    if not same and release.percent < 100 and before.percent < 100:
        raise UsageError(
            f"release {before.current} of `{release.device_class}` has reached "
            f"{before.percent} % of the fleet",
            help="finish it with `hybridspec channel publish --percent 100` from its own spec, or "
            f"take it back with `hybridspec channel revoke {before.current}`, with its --stack",
        )
    counter = before.block(name)["release_counter"] if same else before.highest + 1
    allowed = before.block(name)["rollback_allowed_to"] if same else None
    percent = max(release.percent, before.percent) if same else release.percent
    epoch = max(before.epoch, release.security_epoch)
    custom = _custom(release, counter, epoch, percent, allowed)
    stable = before.stable if same or before.percent < 100 else before.current
    after = replace(
        before,
        listed={**before.listed, name: _files(release, custom)},
        current=name,
        stable=stable if percent < 100 and stable != name else "",
        history=_noted(before.history, Record(name, counter, epoch)),
        epoch=epoch,
    )
    return _trimmed(after)


def granting(before: Offers, wish: Wish) -> Offers:
    """Do what an operator asks: withdraw, revert, widen the rollout, raise the epoch.

    Raises:
        UsageError: the release is not there, or may not be offered.
    """
    after = before
    if wish.withdraw:
        known = [one.epoch for one in before.history if one.release == wish.withdraw]
        raising = wish.raise_epoch and max(known, default=0) == before.epoch  # else it is shut out
        after = _withdrawing(after, wish.withdraw, 0 if raising else after.epoch)
        if raising:
            after = _under(after, after.epoch + 1)
    if wish.revert:
        _above(after, wish.revert)
        after = _reverting(after, wish.revert)
    if wish.percent and after.current:
        wider = max(wish.percent, after.percent)
        after = _changed(after, after.current, rollout=_rollout(after, after.current, wider))
        after = replace(after, stable=after.stable if wider < 100 else "")
    return _trimmed(after)


def _above(before: Offers, name: str) -> None:
    """Refuse to offer what devices of a rollout that began may not take any more."""
    epoch = before.block(name)["security_epoch"] if name in before.listed else before.epoch
    if epoch < before.epoch:
        raise UsageError(
            f"release {name} of `{before.device_class}` is of security epoch {epoch}, and devices "
            f"may be at {before.epoch}, below which none goes",
            help="publish its spec anew, which gives it the epoch that counts",
        )


def _withdrawing(before: Offers, name: str, epoch: int) -> Offers:
    """Take a release back; its devices go to the last one of an epoch that all were offered."""
    if before.withdrawn(name):
        return before
    known = [one for one in before.history if one.release == name]
    if not known:
        raise UsageError(
            f"`{before.device_class}` has no release {name}",
            help="`hybridspec channel verify` lists what is offered",
        )
    after = replace(
        before,
        listed={n: files for n, files in before.listed.items() if n != name},
        current="" if before.current == name else before.current,
        stable="" if before.stable == name else before.stable,
        history=_noted(before.history, replace(known[-1], state="withdrawn")),
    )
    if before.current != name or not after.listed:
        return after
    sound = [n for n in after.listed if after.block(n)["security_epoch"] >= epoch
             and (n == after.stable or percent_of(after.block(n)) == 100)]  # fmt: skip
    if not sound:
        return replace(after, stable="")
    fallback = after.stable if after.stable in sound else max(
        sound, key=lambda n: after.block(n)["release_counter"])  # fmt: skip
    return _reverting(after, fallback)


def _reverting(before: Offers, name: str) -> Offers:
    """Send all devices back to a listed release, under the counter that it always had."""
    if name not in before.listed:
        raise UsageError(
            f"`{before.device_class}` does not list release {name or '(none)'} any more",
            help=f"listed are {', '.join(sorted(before.listed)) or 'none'}; publish the spec of an "
            "older one, which gives it a new counter",
        )
    if before.current == name and before.percent == 100:
        return before
    counter = before.block(name)["release_counter"]
    after = _changed(before, name, rollback_allowed_to=counter,
                     rollout=_rollout(before, name, 100))  # fmt: skip
    return replace(after, current=name, stable="")


def _under(before: Offers, epoch: int) -> Offers:
    """What is offered goes under a new epoch, and what is only listed is listed no more."""
    offered = [name for name in (before.current, before.stable) if name]
    after = replace(before, epoch=epoch,
                    listed={name: before.listed[name] for name in offered})  # fmt: skip
    for name in offered:
        after = _changed(after, name, security_epoch=epoch)
        counter = after.block(name)["release_counter"]
        after = replace(after, history=_noted(after.history, Record(name, counter, epoch)))
    return after


def _changed(before: Offers, name: str, **block: Any) -> Offers:
    """The same releases, with something else in the signed block of one of them."""
    files = {}
    for path, target in before.listed[name].items():
        custom = {**target.custom, CUSTOM: {**target.custom[CUSTOM], **block}}
        files[path] = TargetFile(target.length, dict(target.hashes), path, {"custom": custom})
    return replace(before, listed={**before.listed, name: files})


def _rollout(before: Offers, name: str, percent: int) -> dict[str, Any]:
    counter = before.block(name)["release_counter"]
    return {"id": f"{before.device_class}/{name}/{counter}", "percent": percent}


def _trimmed(offers: Offers) -> Offers:
    """Only the newest releases stay listed, and none that the security epoch has shut out."""
    offered = {offers.current, offers.stable} - {""}
    older = [name for name in offers.listed if name not in offered
             and offers.block(name)["security_epoch"] >= offers.epoch]  # fmt: skip
    older.sort(key=lambda name: int(offers.block(name)["release_counter"]), reverse=True)
    keep = {*offered, *older[: max(0, KEPT - len(offered))]}
    return replace(offers, listed={n: files for n, files in offers.listed.items() if n in keep})


def _noted(history: tuple[Record, ...], record: Record) -> tuple[Record, ...]:
    """The history with a record in the place of the one with the same release and counter."""
    rest = [one for one in history
            if (one.release, one.counter) != (record.release, record.counter)]  # fmt: skip
    return tuple(sorted((*rest, record), key=lambda one: one.counter))


def _custom(
    release: ClassRelease, counter: int, epoch: int, percent: int, allowed: int | None
) -> dict[str, Any]:
    base = f"{release.device_class}/{release.release}"
    manifest = json.loads(release.manifest)
    health = hashlib.sha256(canonical_json(manifest["models"])).hexdigest()
    return {
        "name": release.device_class,
        "version": release.release,
        "hardwareIds": [release.device_class],
        "targetFormat": "BINARY",
        CUSTOM: {
            "release": release.release,
            "release_counter": counter,
            "security_epoch": epoch,
            "rollback_allowed_to": allowed,
            "rollout": {"id": f"{base}/{counter}", "percent": percent},
            "device_class": release.device_class,
            "zones": list(manifest["zones"]),
            "health": health,
            "bundle": f"{base}/{ARCHIVE}",
            "tar_sha256": release.digest.tar_sha256,
            "tar_size": release.digest.tar_size,
            "install_size": release.install_size,
            "base_digest": None,
        },
    }


def _files(release: ClassRelease, custom: Mapping[str, Any]) -> dict[str, TargetFile]:
    manifest = hashlib.sha256(release.manifest).hexdigest()
    found = {
        MANIFEST: _target(len(release.manifest), manifest, custom),
        ARCHIVE: _target(release.digest.archive_size, release.digest.archive_sha256, custom),
    }
    for extra in release.extras:
        block = {**custom[CUSTOM], **extra.block}
        found[extra.name] = _target(extra.size, extra.sha256, {**custom, CUSTOM: block})
    return found


def _target(size: int, sha256: str, custom: Mapping[str, Any]) -> TargetFile:
    return TargetFile(size, {"sha256": sha256}, "target", {"custom": dict(custom)})


def target_files(release: ClassRelease) -> list[tuple[str, bytes | Path]]:
    """Target files under their consistent-snapshot names, `<folder>/<sha256>.<name>`."""
    manifest = hashlib.sha256(release.manifest).hexdigest()
    base = f"targets/{release.device_class}"
    archive = f"{release.digest.archive_sha256}.{ARCHIVE}"
    return [
        (f"{base}/{release.release}/{archive}", release.bundle),
        (f"{base}/{release.release}/{manifest}.{MANIFEST}", release.manifest),
        (f"{base}/{CURRENT}/{manifest}.{MANIFEST}", release.manifest),
        *((f"{base}/{release.release}/{e.sha256}.{e.name}", e.data) for e in release.extras),
    ]


def pointer_files(offers: Offers) -> list[tuple[str, str]]:
    """Files of the two pointers, each with the file of the release that has the same bytes."""
    found = []
    for pointer, release in ((CURRENT, offers.current), (STABLE, offers.stable)):
        if release:
            digest = offers.listed[release][MANIFEST].hashes["sha256"]
            base = f"targets/{offers.device_class}"
            found.append((f"{base}/{pointer}/{digest}.{MANIFEST}",
                          f"{base}/{release}/{digest}.{MANIFEST}"))  # fmt: skip
    return found

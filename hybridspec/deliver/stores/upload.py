"""A channel's files to the store of one zone: those of its device classes, each timestamp last.

Every file has a name that its content fixes, but for the timestamp: whatever interrupts an upload,
devices go on with the channel that they see, and the next upload goes on with what lacks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hybridspec.base.errors import PolicyBroken, ResourceFailed
from hybridspec.bundle.keys import class_role
from hybridspec.deliver.publish import repositories
from hybridspec.deliver.stores.store import ABSENT, Moved, Store
from hybridspec.ir.tree import digest_of

TIMESTAMP = "metadata/timestamp.json"


@dataclass(frozen=True, slots=True)
class File:
    """A file of the channel: its path there, where it lies here, and its digest as signed."""

    path: str
    file: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one zone's devices read of a repository, in the order in which it may be written."""

    files: tuple[File, ...]
    timestamp: File
    version: int
    device_classes: tuple[str, ...]


def parts(channel: Path, classes: Collection[str]) -> dict[str, Part]:
    """What the metadata of some device classes names, by the folder of each repository that speaks
    of one of them; a class that none speaks of is not published yet."""
    found = {}
    for folder, metadata in repositories(channel).items():
        if {"root", "targets", "snapshot", "timestamp"} <= set(metadata):
            mine = sorted(name for name in classes if class_role(name) in metadata)
            if mine:
                found[folder] = _part(channel, folder, metadata, mine)
    return found


def _part(
    channel: Path, folder: str, metadata: Mapping[str, bytes], classes: Sequence[str]
) -> Part:  # fmt: skip
    signed = {role: json.loads(data)["signed"] for role, data in metadata.items()}
    targets: dict[str, File] = {}
    for name in classes:
        for path, row in signed[class_role(name)]["targets"].items():
            place, _, base = path.rpartition("/")
            inner = f"{folder}targets/{place}/{row['hashes']['sha256']}.{base}"
            targets[inner] = File(inner, channel / inner, row["hashes"]["sha256"])
    roles = [*map(class_role, classes), "targets", "snapshot"]
    names = [
        *(f"{number}.root.json" for number in range(1, signed["root"]["version"] + 1)),
        *(f"{signed[role]['version']}.{role}.json" for role in roles),
    ]
    written = [_metadata(channel, f"{folder}metadata/{name}") for name in names
               if (channel / f"{folder}metadata" / name).is_file()]  # fmt: skip
    smallest_first = sorted(targets.values(), key=lambda f: (_size(f.file), f.path))
    return Part(
        files=(*smallest_first, *written),
        timestamp=_metadata(channel, f"{folder}{TIMESTAMP}"),
        version=signed["timestamp"]["version"],
        device_classes=tuple(classes),
    )


def _metadata(channel: Path, path: str) -> File:
    return File(path, channel / path, digest_of(channel / path))


def _size(file: Path) -> int:
    return file.stat().st_size if file.is_file() else 0


def upload(store: Store, what: Part, hear: Callable[[str], None]) -> int:
    """Bring the store to where the channel is; returns how many files it lacked.

    Raises:
        HybridspecError: the store is ahead, of another channel, open to everybody, or refuses.
    """
    held = store.read(what.timestamp.path)
    late: list[File] = []
    if held is not None:
        _follows(store, held[0], what)
        late = [one for one in what.files if _new_root(store, one)]
    sent = 0
    for index, one in enumerate(one for one in what.files if one not in late):
        _intact(one)
        found = store.find(one.path)
        if found is not None and found.sha256 != one.sha256 and one.path.endswith(".root.json"):
            raise _another(store)
        if found is None or found.sha256 != one.sha256 or found.size != _size(one.file):
            store.put(one.path, one.file, one.sha256)
            _arrived(store, one)
            hear(one.path)
            sent += 1
        if index == 0:  # the smallest: before anything else is there to be read
            _closed(store, one.path)
    if held is None or held[0] != what.timestamp.file.read_bytes():
        sent += _turn(store, what, held[1].version if held else ABSENT)
        hear(what.timestamp.path)
    for one in late:
        store.put(one.path, one.file, one.sha256)
        _arrived(store, one)
        hear(one.path)
    return sent + len(late)


def _new_root(store: Store, one: File) -> bool:
    """Whether a root is new to a store: it comes last, when all else stands under it as well."""
    if not one.path.endswith(".root.json"):
        return False
    _intact(one)
    return store.find(one.path) is None


def _turn(store: Store, what: Part, version: str) -> int:
    """The moment at which devices see the new channel, unless somebody else was faster."""
    try:
        store.put(what.timestamp.path, what.timestamp.file, what.timestamp.sha256, version)
    except Moved:
        now = store.read(what.timestamp.path)  # of ours, perhaps, whose answer was lost
        if now is None or now[0] != what.timestamp.file.read_bytes():
            raise
    _arrived(store, what.timestamp)
    return 1


def _follows(store: Store, held: bytes, what: Part) -> None:
    """Nothing that devices have seen is taken back."""
    try:
        version = int(json.loads(held)["signed"]["version"])
    except (ValueError, KeyError, TypeError):
        raise ResourceFailed(
            f"zone `{store.zone}`: {what.timestamp.path} in {store.dialect.place} is no metadata "
            "of a channel",
            help="look who wrote it; once it is deleted, run this again",
        ) from None
    if version > what.version or (
        version == what.version and held != what.timestamp.file.read_bytes()
    ):
        raise ResourceFailed(
            f"zone `{store.zone}`: the channel in {store.dialect.place} is at version {version}, "
            f"and the one here at {what.version}: it was published from another machine",
            help="publish from that machine, or bring its keys and channel here; devices refuse "
            "a version that is older than what they have seen",
        )


def _another(store: Store) -> ResourceFailed:
    return ResourceFailed(
        f"zone `{store.zone}`: the channel in {store.dialect.place} was begun with other keys",
        help="devices that know it follow no other; put back the keys that began it, or, if no "
        "device knows it yet, empty the store and run this again",
    )


def _intact(one: File) -> None:
    if not one.file.is_file() or digest_of(one.file) != one.sha256:
        raise ResourceFailed(
            f"{one.path} of the channel here is not what was signed",
            help="run `hybridspec up` again: it writes what lacks",
        )


def _arrived(store: Store, one: File) -> None:
    found = store.find(one.path)
    if found is None or found.sha256 != one.sha256 or found.size != _size(one.file):
        raise ResourceFailed(
            f"zone `{store.zone}`: {one.path} did not arrive in {store.dialect.place} as it was "
            "sent",
            help="run this again; if it stays so, look who else writes there",
        )


def _closed(store: Store, path: str) -> None:
    if store.public(path):
        raise PolicyBroken(
            f"zone `{store.zone}`: everybody may read {store.dialect.place}",
            help="take the access away that somebody gave, then run this again: `hybridspec "
            "verify --live` shows what is not as it was applied",
        )

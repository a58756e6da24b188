"""The signed channel of a stack: continued where it is sound, begun anew where it is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from hybridspec.base.errors import UsageError
from hybridspec.bundle.keys import Keyring, class_role, complete
from hybridspec.bundle.manifest import release_id
from hybridspec.bundle.offers import Wish
from hybridspec.bundle.repository import (
    DEVELOPMENT,
    ClassRelease,
    Validity,
    publish,
    sound,
    target_files,
)
from hybridspec.bundle.tiers import Served, key_names, known, remembered, served
from hybridspec.cli.keys_stated import stated
from hybridspec.cli.keys_waiting import others, refuse_altered, settle, staged_of
from hybridspec.cli.output import cache_folder
from hybridspec.cli.output_tree import Output
from hybridspec.deliver import fleet
from hybridspec.deliver.deltas import deltas
from hybridspec.deliver.publish import (
    remove_channel,
    repositories,
    tidy,
    write_publication,
    write_targets,
)
from hybridspec.deliver.stack import Stack
from hybridspec.ir.tree import digest_of

LOCAL = "local"


def keys_of(stack: Stack, classes: Sequence[str], others: Sequence[str] = ()) -> Keyring:
    """The keys that the spec states for a stack, else development keys, made where missing."""
    if stack.name != LOCAL:
        found = stated(stack.spec, stack.name)
        if found.roles:
            return found.ring
    keys = complete(stack.keys(), classes, others)
    stack.keep_keys(keys.pems)
    return keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """How a build is published: to how much of the fleet first, and under which epoch at least."""

    percent: int = 100
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """What a round of publishing did: when to sign again, the repositories, and files written."""

    refresh_after: datetime
    places: tuple[Served, ...]
    written: tuple[str, ...] = ()


def publish_channel(
    stack: Stack, output: Output, progress: Callable[[str], None], ask: Ask | None = None
) -> Published:
    """Sign what changed and write it; returns when the online metadata wants refreshing.

    A channel that is damaged, lost or signed by other keys cannot be continued, and no device
    that knows it would follow its successor: those of stack `local` are set up again.

    Raises:
        UsageError: the channel of a named stack cannot be continued.
    """
    channel = output.folder / "channel"
    ask = ask or Ask()
    releases = [replace(release, percent=ask.percent, security_epoch=ask.epoch)
                for release in _releases(output)]  # fmt: skip
    classes = [release.device_class for release in releases]
    tiers = output.build.graph.tiers
    there = repositories(channel)
    places = served(tiers, classes, known(there))
    keys = keys_of(stack, classes, key_names(places))
    if not _continued(there, places, keys):
        if there and (stack.name != LOCAL or not _for_development(there)):
            raise UsageError(
                f"the channel in {channel} is damaged, or was begun with other keys than those of "
                f"stack `{stack.name}`",
                help="name its stack with `--stack`, put back its files or its keys, or publish "
                "elsewhere with `--out`; devices that know it follow no other",
            )
        if fleet.forget(stack):
            progress("the channel begins anew, so the devices are set up again")
        remove_channel(channel)
        there, places = {}, served(tiers, classes, ())
        keys = keys_of(stack, classes, key_names(places))
    releases = [_with_deltas(channel, there, release) for release in releases]
    return published(channel, there, places, keys, releases)


def _with_deltas(
    channel: Path, there: Mapping[str, Mapping[str, bytes]], release: ClassRelease
) -> ClassRelease:
    """The release with its deltas from those that the class's repository lists."""
    for folder, metadata in there.items():
        if class_role(release.device_class) in metadata:
            made = deltas(channel / folder, metadata, release, cache_folder() / "deltas")
            return replace(release, extras=(*release.extras, *made))
    return release


def published(
    channel: Path, there: Mapping[str, Mapping[str, bytes]], places: Sequence[Served],
    keys: Keyring, releases: Sequence[ClassRelease] = (), wishes: Sequence[Wish] = (),
    staged: Mapping[str, Mapping[str, bytes]] | None = None,
) -> Published:  # fmt: skip
    """Sign and write every repository of a channel; `there` and `staged` are by their folders.

    Raises:
        Unsigned: too few keys are at hand; nothing is published, and others are asked to sign.
        UsageError: somebody changed what is there.
    """
    refuse_altered(keys, channel, there, places)
    now = datetime.now(UTC)
    rounds = []
    staged = staged or staged_of(keys)
    for one in places:
        folder = one.repository.folder
        rounds.append((one, publish(
            there.get(folder, {}), [r for r in releases if r.device_class in one.device_classes],
            keys, now, Validity.over(one.window), repository=one.repository,
            wishes=[w for w in wishes if w.device_class in one.device_classes],
            staged=(staged or {}).get(folder, {}),
        )))  # fmt: skip
    if any(publication.missing for _, publication in rounds):
        raise others(keys, channel, there, rounds)
    written = []
    for one, publication in rounds:
        home = channel / one.repository.folder
        tidy(home)
        write_publication(home, publication)
        mine = [r for r in releases if r.device_class in one.device_classes]
        write_targets(home, [file for release in mine for file in target_files(release)])
        written += [f"{one.repository.folder}{path}" for path, _ in publication.metadata]
    settle(keys, channel)
    return Published(refresh_after=now + min(one.window for one in places) / 4,
                     places=tuple(places), written=tuple(written))  # fmt: skip


def standing(channel: Path) -> tuple[dict[str, dict[str, bytes]], tuple[Served, ...]]:
    """A channel as it stands, with the freeze windows that were signed last.

    Raises:
        UsageError: there is none that could be continued.
    """
    there = repositories(channel)
    places = remembered(there)
    if not any(one.repository.main for one in places):
        raise UsageError(
            f"there is no channel in {channel}",
            help="`hybridspec channel publish` begins one; `--out` names the build that has it",
        )
    return there, places


def _for_development(there: Mapping[str, Mapping[str, bytes]]) -> bool:
    """Whether nothing of a channel says that it is anything but one of development keys."""
    return all(DEVELOPMENT.encode() in found.get("root", DEVELOPMENT.encode())
               for found in there.values())  # fmt: skip


def _continued(
    there: Mapping[str, Mapping[str, bytes]], places: Sequence[Served], keys: Keyring
) -> bool:
    """Whether every repository that is there goes on, and none that was the channel is lost."""
    return "" in there and all(
        sound(there[one.repository.folder], keys, one.repository)
        for one in places
        if one.repository.folder in there
    )


def _releases(output: Output) -> list[ClassRelease]:
    releases = []
    for name, digest in output.archives:
        base = output.folder / "bundles" / name
        manifest = (base / "manifest.json").read_bytes()
        releases.append(ClassRelease(
            device_class=name,
            release=release_id(manifest),
            manifest=manifest,
            bundle=base / "bundle.tar.zst",
            digest=digest,
            install_size=sum(r["size"] for r in json.loads(manifest)["files"]),
        ))  # fmt: skip
    return releases


def published_digest(folder: Path) -> str:
    """One digest over the metadata that the output folder's channel shows."""
    total = hashlib.sha256()
    channel = folder / "channel"
    for path in sorted([*channel.glob("metadata/*.json"), *channel.glob("*/metadata/*.json")]):
        total.update(f"{path.relative_to(channel)} {digest_of(path)}\n".encode())
    return total.hexdigest()

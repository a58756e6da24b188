"""The signed channel of a stack: continued where it is sound, begun anew where it is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from hybridspec.bundle.keys import DevelopmentKeys, Keyring, complete
from hybridspec.bundle.manifest import release_id
from hybridspec.bundle.repository import ClassRelease, Validity, publish, sound, target_files
from hybridspec.bundle.tiers import Served, key_names, known, served
from hybridspec.cli.output_tree import Output
from hybridspec.deliver import fleet
from hybridspec.deliver.publish import (
    remove_channel,
    repositories,
    write_publication,
    write_targets,
)
from hybridspec.deliver.stack import Stack
from hybridspec.ir.tree import digest_of


def keys_of(stack: Stack, classes: Sequence[str], others: Sequence[str] = ()) -> DevelopmentKeys:
    """The keys of a stack, with those made that are missing."""
    keys = complete(stack.keys(), classes, others)
    stack.keep_keys(keys.pems)
    return keys


def publish_channel(
    stack: Stack, output: Output, progress: Callable[[str], None]
) -> tuple[datetime, tuple[Served, ...]]:
    """Sign what changed and write it; returns when the online metadata wants refreshing.

    A channel that is damaged, lost or signed by other keys cannot be continued, and no device
    that knows it would follow its successor: such devices are set up again.
    """
    channel = output.folder / "channel"
    now = datetime.now(UTC)
    releases = _releases(output)
    classes = [release.device_class for release in releases]
    tiers = output.build.graph.tiers
    there = repositories(channel)
    places = served(tiers, classes, known(there))
    keys = keys_of(stack, classes, key_names(places))
    if not _continued(there, places, keys):
        if fleet.forget(stack):
            progress("the channel begins anew, so the devices are set up again")
        remove_channel(channel)
        there, places = {}, served(tiers, classes, ())
        keys = keys_of(stack, classes, key_names(places))
    for one in places:
        folder = channel / one.repository.folder
        mine = [r for r in releases if r.device_class in one.device_classes]
        write_publication(folder, publish(
            there.get(one.repository.folder, {}), mine, keys, now, Validity.over(one.window),
            repository=one.repository,
        ))  # fmt: skip
        write_targets(folder, [file for release in mine for file in target_files(release)])
    return now + min(one.window for one in places) / 4, places


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

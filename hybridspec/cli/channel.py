"""The signed channel of a stack: continued where it is sound, begun anew where it is not."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hybridspec.bundle.keys import DevelopmentKeys, complete
from hybridspec.bundle.manifest import release_id
from hybridspec.bundle.repository import ClassRelease, Validity, publish, sound, target_files
from hybridspec.cli.output_tree import Output
from hybridspec.deliver import fleet
from hybridspec.deliver.publish import (
    read_metadata,
    remove_channel,
    write_publication,
    write_targets,
)
from hybridspec.deliver.stack import Stack
from hybridspec.ir.tree import digest_of


def keys_of(stack: Stack, classes: Sequence[str]) -> DevelopmentKeys:
    """The keys of a stack, with those made that are missing."""
    keys = complete(stack.keys(), classes)
    stack.keep_keys(keys.pems)
    return keys


def publish_channel(stack: Stack, output: Output, progress: Callable[[str], None]) -> datetime:
    """Sign what changed and write it; returns when the online metadata wants refreshing.

    A channel that is damaged, lost or signed by other keys cannot be continued, and no device
    that knows it would follow its successor: such devices are set up again.
    """
    channel = output.folder / "channel"
    keys = keys_of(stack, [name for name, _ in output.archives])
    now = datetime.now(UTC)
    previous = read_metadata(channel)
    if not sound(previous, keys, now):
        previous = {}
        if fleet.forget(stack):
            progress("the channel begins anew, so the devices are set up again")
        remove_channel(channel)
    online = timedelta(microseconds=output.build.graph.update_validity)
    validity = Validity(
        online=online,
        delegated=max(timedelta(days=90), online),
        targets=max(timedelta(days=180), online),
        root=max(timedelta(days=365), 2 * online),
    )
    releases = _releases(output)
    write_publication(channel, publish(previous, releases, keys, now, validity))
    write_targets(channel, [file for release in releases for file in target_files(release)])
    return now + online / 4


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
    for path in sorted((folder / "channel" / "metadata").glob("*.json")):
        total.update(f"{path.name} {digest_of(path)}\n".encode())
    return total.hexdigest()

"""The last step of `up`: the signed channel to the store of each zone that has devices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from hybridspec.compiler import Build
from hybridspec.deliver.engine.state import Output
from hybridspec.deliver.stores.provider import store
from hybridspec.deliver.stores.upload import Part, parts, upload
from hybridspec.ir.plan import Plan, Store

Say = Callable[[str], None]
MAIN = "main"
"""What the repository at the top of a channel is called, where its tier is not."""


def rollout(
    build: Build, channel: Path, outputs: Mapping[str, Iterable[Output]], say: Say
) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Cloud and zone, and the versions of the channel's repositories that its store has now.

    `outputs` are what each cloud of the stack hands out; a zone on another is not touched.

    Raises:
        HybridspecError: one of them could not be brought there; those before it were.
    """
    stored = zones(build.plan)
    covered = {name for _, classes in stored for name in classes}
    for member in build.plan.fleet:
        if member.device_class.name not in covered:
            say(f"device class `{member.device_class.name}`: its zone has no store in a cloud; "
                f"serve it {channel} yourself")  # fmt: skip
    for kept, classes in stored:
        if kept.region.cloud not in outputs:
            say(f"zone `{kept.zone.name}`: its store is on {kept.region.cloud}, which this stack "
                "does not have: its devices get nothing from here")  # fmt: skip
            continue
        found = parts(channel, classes)
        waiting = set(classes) - {name for one in found.values() for name in one.device_classes}
        if waiting:
            say(f"zone `{kept.zone.name}`: no signed metadata names {', '.join(sorted(waiting))} "
                "yet: its devices stay as they are")  # fmt: skip
        if found:
            cloud = kept.region.cloud
            yield cloud, kept.zone.name, _bring(kept, found, outputs[cloud], say)


def zones(plan: Plan) -> list[tuple[Store, list[str]]]:
    """The stores of zones that have devices, with the classes of those."""
    found = []
    for kept in sorted(plan.stores, key=lambda s: (s.region.cloud, s.zone.name)):
        classes = [m.device_class.name for m in plan.fleet
                   if kept.zone.name in {zone.name for zone in m.zones}]  # fmt: skip
        if classes:
            found.append((kept, classes))
    return found


def _bring(
    kept: Store, found: Mapping[str, Part], outputs: Iterable[Output], say: Say
) -> dict[str, int]:
    zone = kept.zone.name
    mine = {o.name: str(o.value) for o in outputs if o.zone == zone and o.kind == "string"}
    there = store(kept.region.provider, zone, kept.region.name, mine, os.environ)
    say(f"zone `{zone}`: publishing the channel to {there.dialect.place}")
    versions = {}
    for folder, what in found.items():
        sent = upload(there, what, lambda path: say(f"zone `{zone}`: {path}"))
        name = folder.rstrip("/") or MAIN
        say(f"zone `{zone}`: {name} repository at version {what.version}, {sent} files sent")
        versions[name] = what.version
    return versions

"""The last step of `up`: the signed channel to the store of each zone that has devices."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from hybridspec.compiler import Build
from hybridspec.deliver.engine.state import Output
from hybridspec.deliver.stores.provider import store
from hybridspec.deliver.stores.upload import Part, part, upload
from hybridspec.ir.plan import Plan, Store

Say = Callable[[str], None]


def rollout(
    build: Build, channel: Path, outputs: Mapping[str, Iterable[Output]], say: Say
) -> Iterator[tuple[str, int]]:
    """Zone by zone, the version of the channel that its store has now.

    `outputs` are what each cloud of the stack hands out; a zone on another is not touched.

    Raises:
        HybridspecError: one of them could not be brought there; those before it were.
    """
    for kept, classes in zones(build.plan):
        if kept.region.cloud not in outputs:
            say(f"zone `{kept.zone.name}`: its store is on {kept.region.cloud}, which this stack "
                "does not have: its devices get nothing from here")  # fmt: skip
            continue
        what = part(channel, classes)
        if what is None:
            say("the channel has no signed metadata yet: nothing is published")
            return
        yield kept.zone.name, _bring(kept, what, outputs[kept.region.cloud], say)


def zones(plan: Plan) -> list[tuple[Store, list[str]]]:
    """The stores of zones that have devices, with the classes of those."""
    found = []
    for kept in sorted(plan.stores, key=lambda s: (s.region.cloud, s.zone.name)):
        classes = [m.device_class.name for m in plan.fleet
                   if kept.zone.name in {zone.name for zone in m.zones}]  # fmt: skip
        if classes:
            found.append((kept, classes))
    return found


def _bring(kept: Store, what: Part, outputs: Iterable[Output], say: Say) -> int:
    zone = kept.zone.name
    mine = {o.name: str(o.value) for o in outputs if o.zone == zone and o.kind == "string"}
    if what.pending:
        say(f"zone `{zone}`: no signed metadata names {', '.join(what.pending)} yet")
    there = store(kept.region.provider, zone, kept.region.name, mine, os.environ)
    say(f"zone `{zone}`: publishing the channel to {there.dialect.place}")
    sent = upload(there, what, lambda path: say(f"zone `{zone}`: {path}"))
    say(f"zone `{zone}`: the channel is at version {what.version}, {sent} files sent")
    return what.version

"""What `hybridspec channel` prints: what was signed, what devices are offered, and faults."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hybridspec.base.errors import ResourceFailed, UsageError
from hybridspec.base.units import format_duration
from hybridspec.bundle.audit import Audit
from hybridspec.cli import output
from hybridspec.cli.channel import Published
from hybridspec.cli.channel_keys import offered
from hybridspec.deliver.kit import export
from hybridspec.deliver.publish import repositories
from hybridspec.deliver.sceptic import judged, repositories_at


def show(done: Published, channel: Path, command: str, *, as_json: bool) -> None:
    """What a command signed, and how long devices may be kept from knowing of it."""
    windows = [
        {"tier": one.repository.tier, "deviceClasses": list(one.device_classes),
         "freezeWindow": format_duration(int(one.window.total_seconds() * 1_000_000)),
         "folder": str(channel / one.repository.folder)}
        for one in done.places
    ]  # fmt: skip
    offers = sorted(offered(repositories(channel)), key=lambda one: one.device_class)
    if as_json:
        output.document({
            "schemaVersion": "hybridspec.dev/channel/v1", "channel": str(channel),
            "signed": list(done.written), "tiers": windows,
            "classes": [
                {"deviceClass": one.device_class, "release": one.current or None,
                 "releaseCounter": one.block(one.current)["release_counter"] if one.current
                 else None, "percent": one.percent, "others": one.stable or None}
                for one in offers
            ],
            "refreshAfter": done.refresh_after.strftime("%Y-%m-%dT%H:%M:%SZ"),
        })  # fmt: skip
        return
    for path in done.written:
        print(f"signed {path}")
    if not done.written:
        print("nothing to sign: the channel is as it should be")
    for window in windows:
        classes = ", ".join(window["deviceClasses"])
        print(f"tier {window['tier']} ({classes}): freeze window {window['freezeWindow']}")
    for one in offers:
        if one.current:
            print(f"  {one.device_class}: release {one.current}{_share(one.percent, one.stable)}, "
                  f"counter {one.block(one.current)['release_counter']}")  # fmt: skip
        else:
            print(f"  {one.device_class}: nothing, since every release was withdrawn")
    print(f"Channel: {channel}, sign again by {done.refresh_after:%Y-%m-%d %H:%M} UTC "
          f"(`{command}`)")  # fmt: skip


def judge(place: str, root: Path | None, *, as_json: bool) -> None:
    """Judge every repository of a channel.

    Raises:
        ResourceFailed: one has a fault.
    """
    now = datetime.now(UTC)
    bootstrap = _bootstrap(root)
    found = [judged(where, bootstrap, now) for where in repositories_at(place, bootstrap)]
    faults = [fault for audit in found for fault in audit.faults]
    if as_json:
        output.document({
            "schemaVersion": "hybridspec.dev/channel-audit/v1", "channel": place,
            "trusted": str(root) if root else "the channel's own first root",
            "repositories": [_document(audit) for audit in found],
        })  # fmt: skip
    else:
        for audit in found:
            _print(audit)
        if root is None:
            output.say("the channel's own first root was believed: with `--root`, name the one "
                       "that devices have")  # fmt: skip
    if faults:
        raise ResourceFailed(
            f"the channel has {len(faults)} fault{'' if len(faults) == 1 else 's'}",
            help="`hybridspec channel publish` repairs what was lost; what was changed by others "
            "wants an answer to how they could",
        )


def _bootstrap(root: Path | None) -> bytes | None:
    if root is None:
        return None
    try:
        return root.read_bytes()
    except OSError as fault:
        raise UsageError(f"`{root}` cannot be read: {fault.strerror}",
                         help="name a file `N.root.json`") from None  # fmt: skip


def _document(audit: Audit) -> dict[str, Any]:
    return {
        "tier": audit.tier, "rootVersion": audit.root_version, "development": audit.development,
        "freshUntil": _time(audit.fresh_until) if audit.fresh_until else None,
        "faults": audit.faults, "offeredNothing": audit.empty,
        "classes": [
            {"deviceClass": v.device_class, "release": v.release, "releaseCounter": v.counter,
             "securityEpoch": v.epoch, "percent": v.percent, "others": v.stable or None,
             "rollbackAllowedTo": v.rollback_allowed_to, "bundleBytes": v.bundle_size,
             "freshUntil": _time(v.fresh_until)}
            for v in audit.classes
        ],
    }  # fmt: skip


def _print(audit: Audit) -> None:
    marked = ", development keys: production devices refuse it" if audit.development else ""
    print(f"tier {audit.tier or 'unnamed'}: root {audit.root_version}{marked}")
    for view in audit.classes:
        share = _share(view.percent, view.stable)
        back = ", also to devices that are ahead of it" if view.rollback_allowed_to else ""
        print(f"  {view.device_class}: release {view.release}{share}, counter {view.counter}, "
              f"security epoch {view.epoch}{back}; believed until "
              f"{view.fresh_until:%Y-%m-%d %H:%M} UTC")  # fmt: skip
    for name in audit.empty:
        print(f"  {name}: nothing, since every release was withdrawn; devices keep what they run")
    for fault in audit.faults:
        print(f"  fault: {fault}")


def _share(percent: int, stable: str) -> str:
    return f" to {percent} % of devices, {stable or 'nothing'} to the others" * (percent < 100)


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def carry(channel: Path, to: Path, tier: str) -> None:
    """Copy a channel to a disk and judge the copy.

    Raises:
        UsageError: there is no such tier.
        ResourceFailed: the copy has a fault.
    """
    there = {folder: Path(channel / folder) for folder in repositories(channel)}
    tiers = {folder: judged(str(path), None, datetime.now(UTC)).tier
             for folder, path in there.items()}  # fmt: skip
    chosen = [folder for folder in there if not tier or tiers[folder] == tier]
    if not chosen:
        names = ", ".join(sorted(set(tiers.values()))) or "none"
        raise UsageError(f"the channel has no tier `{tier}`" if tier else "there is no channel",
                         help=f"it has {names}")  # fmt: skip
    for folder in chosen:
        place = to if tier else to / folder
        root = (there[folder] / "metadata" / "1.root.json").read_bytes()
        count, copied = export(there[folder], place)
        audit = judged(str(place), root, datetime.now(UTC))
        if audit.faults:
            raise ResourceFailed(
                f"the copy in {place} is not sound: {audit.faults[0]}",
                help="`hybridspec channel refresh`, then export again",
            )
        until = f"{audit.fresh_until:%Y-%m-%d %H:%M}" if audit.fresh_until else "never"
        print(f"{place}: tier {audit.tier}, {count} files, {copied} written; devices believe it "
              f"until {until} UTC")  # fmt: skip

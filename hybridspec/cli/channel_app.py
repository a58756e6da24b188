"""The commands of `hybridspec channel`: they parse, call and print."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import (
    Format,
    FormatFlag,
    NoWaiversFlag,
    OutFlag,
    PluginFlag,
    SpecFlag,
    SpecPath,
    StackFlag,
)

if TYPE_CHECKING:
    from hybridspec.bundle.keys import Keyring
    from hybridspec.cli.channel import Published
    from hybridspec.deliver.stack import Stack

app = typer.Typer(
    help="The signed update channel: publish, replace keys, take back, judge, carry away.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command()
def publish(
    spec: SpecPath = Path(),
    stack: StackFlag = "local",
    no_waivers: NoWaiversFlag = False,
    plugin: PluginFlag = None,
    out: OutFlag = None,
    cohort: Annotated[
        str, typer.Option("--cohort", help="Offer it up to this cohort; default: the first one.")
    ] = "",
    percent: Annotated[
        int, typer.Option("--percent", min=0, max=100, help="Instead, to this share of the fleet.")
    ] = 0,
    epoch: Annotated[
        int, typer.Option("--epoch", min=0, help="Security epoch that devices never go below.")
    ] = 0,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Build, sign and publish a release; a new one goes to the first cohort of the rollout."""
    from functools import partial

    from hybridspec.cli.channel import Ask, keys_of, publish_channel
    from hybridspec.cli.output_tree import build

    chosen = _stack(spec, stack)
    options = output.options(stack, no_waivers=no_waivers, plugins=plugin)
    with chosen.lock():
        made = build(chosen.spec, out, options, partial(keys_of, chosen))
        chosen.remember_output(made.folder)
        share = percent or _share(made.build.graph.cohorts, cohort)
        done = publish_channel(chosen, made, options.progress, Ask(percent=share, epoch=epoch))
    _show(done, made.folder / "channel", stack, format)


@app.command()
def refresh(
    spec: SpecPath = Path(),
    stack: StackFlag = "local",
    out: OutFlag = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Sign again what has used up a third of its time; for a timer, and without a build."""
    from hybridspec.cli.channel import published, standing

    chosen = _stack(spec, stack)
    channel = _channel(chosen, out)
    with chosen.lock():
        there, places = standing(channel)
        done = published(channel, there, places, _keys(chosen, channel))
    _show(done, channel, stack, format)


@app.command()
def rotate(
    role: Annotated[
        str, typer.Argument(help="root, targets, snapshot, timestamp or class-<device class>.")
    ],
    spec: SpecFlag = Path(),
    stack: StackFlag = "local",
    out: OutFlag = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Replace the keys of a role; devices follow, and lose what a thief fast-forwarded."""
    from hybridspec.cli import channel_keys

    chosen = _stack(spec, stack)
    channel = _channel(chosen, out)
    with chosen.lock():
        done = channel_keys.rotate(chosen, channel, _keys(chosen, channel), role)
    _show(done, channel, stack, format)


@app.command()
def revoke(
    what: Annotated[str, typer.Argument(help="Begin of a key's id, or of a release's name.")],
    spec: SpecFlag = Path(),
    stack: StackFlag = "local",
    out: OutFlag = None,
    raise_epoch: Annotated[
        bool, typer.Option("--raise-epoch", help="Bar the release from devices for ever.")
    ] = False,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Replace a key, or take a release back: its targets go, and devices go to the one before."""
    from hybridspec.base.errors import UsageError
    from hybridspec.cli import channel_keys

    chosen = _stack(spec, stack)
    channel = _channel(chosen, out)
    if len(what) < 8 or set(what) - set("0123456789abcdef"):
        raise UsageError(f"`{what[:80]}` is no begin of a key's id or of a release's name",
                         help="write eight hexadecimal digits or more")  # fmt: skip
    with chosen.lock():
        keys = _keys(chosen, channel)
        taken = channel_keys.revoke_release(channel, keys, what, raise_epoch=raise_epoch)
        done = taken[0] if taken else channel_keys.revoke_key(chosen, channel, keys, what)
    if done is None:
        raise UsageError(f"neither a release nor a key begins with {what}",
                         help="`channel verify` lists releases, `keys list` keys")  # fmt: skip
    _show(done, channel, stack, format)


@app.command()
def revert(
    release: Annotated[str, typer.Argument(help="Begin of the name of a listed release.")],
    spec: SpecFlag = Path(),
    stack: StackFlag = "local",
    out: OutFlag = None,
    device_class: Annotated[
        str, typer.Option("--class", help="Device class, where several have such a release.")
    ] = "",
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Send all devices of a class back to an earlier release that is still listed."""
    from hybridspec.cli import channel_keys

    chosen = _stack(spec, stack)
    channel = _channel(chosen, out)
    with chosen.lock():
        done = channel_keys.revert(channel, _keys(chosen, channel), device_class, release)
    _show(done, channel, stack, format)


@app.command()
def verify(
    channel: Annotated[str, typer.Argument(help="Folder or URL that holds the channel.")],
    root: Annotated[
        Path | None, typer.Option("--root", help="The root that devices have burnt in.")
    ] = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Read a channel as a sceptical client: what devices get, until when, and every fault."""
    from hybridspec.cli.channel_shown import judge

    judge(channel, root, as_json=format is Format.JSON)


@app.command("export-usb")
def export_usb(
    to: Annotated[Path, typer.Argument(help="Folder on the disk that travels.")],
    spec: SpecFlag = Path(),
    stack: StackFlag = "local",
    out: OutFlag = None,
    tier: Annotated[
        str, typer.Option("--tier", help="Only the repository of this tier; default: all.")
    ] = "",
) -> None:
    """Copy the channel, so that a device reads it from the disk as it would from a server."""
    from hybridspec.cli.channel_shown import carry

    chosen = _stack(spec, stack)
    channel = _channel(chosen, out)
    with chosen.lock():
        carry(channel, to, tier)


def _stack(spec: Path, stack: str) -> Stack:
    from hybridspec.deliver.stack import Stack
    from hybridspec.load.file import locate

    return Stack(spec=locate(spec), name=stack)


def _channel(stack: Stack, out: Path | None) -> Path:
    """The channel's folder: in the build that is named, else in the last one.

    Raises:
        UsageError: there was none.
    """
    from hybridspec.base.errors import UsageError

    folder = out or stack.output()
    if folder is None:
        raise UsageError(
            f"nothing of stack `{stack.name}` was published from here",
            help="`hybridspec channel publish` does; `--stack` names another stack, `--out` a "
            "build from elsewhere",
        )
    return folder / "channel"


def _keys(stack: Stack, channel: Path) -> Keyring:
    from hybridspec.bundle.tiers import key_names
    from hybridspec.cli.channel import keys_of, standing

    _, places = standing(channel)
    classes = [name for one in places for name in one.device_classes]
    return keys_of(stack, classes, key_names(places))


def _share(cohorts: Any, name: str) -> int:
    """The share of the fleet that a cohort reaches, by default the first one."""
    from hybridspec.base.errors import UsageError

    found = {cohort.name: int(cohort.percent) for cohort in cohorts}
    if name and name not in found:
        raise UsageError(f"the rollout has no cohort `{name}`",
                         help=f"it has {', '.join(found)}")  # fmt: skip
    return found[name] if name else next(iter(found.values()))


def _show(done: Published, channel: Path, stack: str, format: Format) -> None:
    from hybridspec.cli.channel_shown import show

    named = "" if stack == "local" else f" --stack {stack}"
    show(done, channel, f"hybridspec channel refresh{named}", as_json=format is Format.JSON)

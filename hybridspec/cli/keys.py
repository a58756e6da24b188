"""`hybridspec keys`: who signs a channel, with which keys, and together with whom."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import Format, FormatFlag, OutFlag, SpecFlag, StackFlag

app = typer.Typer(
    help="Keys of the update channel: made, listed, rotated, and used by several people.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

NamesArgument = Annotated[
    list[str] | None, typer.Argument(help="Keys by their names in the spec; default: all.")
]
KeyFlag = Annotated[
    str, typer.Option("--key", help="URI of a private key: file:, hsm:, hv:, awskms:, …")
]


@app.command()
def init(
    names: NamesArgument = None,
    spec: SpecFlag = Path(),
    stack: StackFlag = "local",
    template: Annotated[
        bool, typer.Option("--template", help="Print what to write into the spec, and stop.")
    ] = False,
) -> None:
    """Make keys in files, ask elsewhere for others, write public halves beside the spec."""
    from hybridspec.cli.keys_making import TEMPLATE
    from hybridspec.cli.keys_making import init as make
    from hybridspec.cli.keys_stated import stated, with_keys

    if template:
        print(TEMPLATE.format(stack="prod" if stack == "local" else stack), end="")
        return
    found = with_keys(stated(spec, stack, making=True))
    done = make(found, names or [], output.say)
    for one in done:
        print(f"{one.name}: {one.state}" + (f", {one.public}" if one.fault is None else ""))
    for one in done:
        if one.fault is not None:
            output.say(f"{one.name}: {one.fault.message}; {one.fault.help}")
    if any(one.fault is not None for one in done):
        output.say("run this again where those keys are: "
                   f"`hybridspec keys init NAME --stack {stack}`")  # fmt: skip
        raise typer.Exit(1)


@app.command("list")
def list_(
    spec: SpecFlag = Path(),
    stack: StackFlag = "local",
    out: OutFlag = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Show roles, thresholds and keys: where each is, and until when what it signed is valid."""
    from hybridspec.cli.keys_shown import channel_of, listed, table
    from hybridspec.cli.keys_stated import stated

    found = stated(spec, stack, making=True)
    document = listed(found, channel_of(found, out))
    if format is Format.JSON:
        output.document(document)
    else:
        print(table(document))


@app.command("export-public")
def export_public(
    to: Annotated[Path, typer.Argument(help="Folder for root.json and public keys.")],
    spec: SpecFlag = Path(),
    stack: StackFlag = "local",
    out: OutFlag = None,
    allow_development: Annotated[
        bool, typer.Option("--allow-development", help="Export a root of development keys too.")
    ] = False,
) -> None:
    """Write what a device image needs: the root that counts now, and keys of bundles' content."""
    from hybridspec.cli.keys_shown import channel_of, export
    from hybridspec.cli.keys_stated import stated

    found = stated(spec, stack)
    for path in export(found, channel_of(found, out), to, development=allow_development):
        print(path)


@app.command()
def sign(
    request: Annotated[Path, typer.Argument(help="The request that you were sent.")],
    key: KeyFlag,
    public: Annotated[
        Path | None, typer.Option("--public", help="Public half; default: asked of the key.")
    ] = None,
    root: Annotated[
        Path | None, typer.Option("--root", help="A root you know: proves what was before.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="File to write the signature to.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether to sign.")] = False,
) -> None:
    """Show what a request means, and sign it with your key."""
    from hybridspec.cli import keys_ceremony

    def agree(text: str) -> bool:
        output.note(f"{text}\n")
        if yes or not sys.stdin.isatty():
            return yes
        return typer.confirm("Sign this?", err=True)

    print(keys_ceremony.sign(request, key, public, agree, to, root))


@app.command()
def ceremony(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files that came back; none: show what is open.")
    ] = None,
    spec: SpecFlag = Path(),
    stack: StackFlag = "local",
    drop: Annotated[
        bool, typer.Option("--drop", help="Forget the open request; nothing is published.")
    ] = False,
) -> None:
    """Collect signatures of several people, and publish once enough have signed."""
    from hybridspec.cli.keys_ceremony import shown
    from hybridspec.cli.keys_stated import stated, with_keys
    from hybridspec.cli.keys_waiting import complete
    from hybridspec.deliver import ceremony as kept

    found = with_keys(stated(spec, stack))
    with found.stack.lock():
        request, refused = kept.collect(found.stack, files or [])
        if drop:
            kept.done(found.stack)
            print(f"request {request.digest[:12]} is dropped")
            return
        for fault in refused:
            output.say(f"refused: {fault.message}; {fault.help}")
        if not files:
            output.note(f"{shown(request)}\n")
        for path in complete(found.ring, request):
            print(path)
    if refused:
        raise typer.Exit(1)


@app.command()
def rotate(
    name: Annotated[str, typer.Argument(help="Key of the spec; of `local`, a role.")],
    spec: SpecFlag = Path(),
    stack: StackFlag = "local",
    key: Annotated[
        str, typer.Option("--key", help="URI of the new key; default: a new file beside the old.")
    ] = "",
    out: OutFlag = None,
) -> None:
    """Put another key in the place of one: in the spec, beside it, and in the channel."""
    from hybridspec.bundle.tiers import key_names
    from hybridspec.cli import channel_keys
    from hybridspec.cli.channel import keys_of, published, standing
    from hybridspec.cli.keys_making import rotate as replaced
    from hybridspec.cli.keys_shown import channel_of
    from hybridspec.cli.keys_stated import stated
    from hybridspec.deliver import ceremony as kept

    found = stated(spec, stack)
    channel = channel_of(found, out)
    with found.stack.lock():
        if not found.roles:
            _, places = standing(channel)
            classes = [device for one in places for device in one.device_classes]
            ring = keys_of(found.stack, classes, key_names(places))
            done = channel_keys.rotate(found.stack, channel, ring, name)
        else:
            new = replaced(found, name, key, output.say)
            if kept.waiting(found.stack) is not None:
                kept.done(found.stack)
                output.say("the open request names the old key: it is dropped, another follows")
            print(f"{name}: {new.uri}, {new.public}")
            if not (channel / "metadata").is_dir():
                return
            done = published(channel, *standing(channel), stated(spec, stack).ring)
    for path in done.written:
        print(path)

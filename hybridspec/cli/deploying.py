"""The commands that deploy: of the built-in stack `local`, and of named stacks to their clouds."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
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
    RuntimeFlag,
    SpecPath,
    StackFlag,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hybridspec.deliver.stack import Stack

LOCAL = "local"


YesFlag = Annotated[
    bool, typer.Option("--yes", help="Do not ask; needed for named stacks without a terminal.")
]
CloudFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--cloud",
        help="Of a named stack, this cloud alone, such as one that the plan dropped; repeatable.",
    ),
]


def _spec(path: Path) -> Path:
    from hybridspec.load.file import locate

    return locate(path)


def up(
    spec: SpecPath = Path(),
    stack: StackFlag = LOCAL,
    no_waivers: NoWaiversFlag = False,
    plugin: PluginFlag = None,
    out: OutFlag = None,
    runtime_dir: RuntimeFlag = None,
    devices: Annotated[
        int, typer.Option("--devices", min=1, max=50, help="Virtual devices per class, of `local`.")
    ] = 1,
    yes: YesFlag = False,
    plan: Annotated[
        str, typer.Option("--plan", help="Apply only this reviewed plan: its digest, or plan.json.")
    ] = "",
    publish: Annotated[
        bool, typer.Option(help="Bring the signed channel of a named stack to its clouds' stores.")
    ] = True,
    repair: Annotated[
        bool, typer.Option("--repair", help="Settle what a killed run of a named stack left open.")
    ] = False,
    adopt: Annotated[
        list[str] | None,
        typer.Option("--adopt", help="With --repair: URN=ID of one that is there; repeatable."),
    ] = None,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Compile, publish and roll out: ends with a fleet that runs the signed release."""
    options = replace(output.options(stack, no_waivers=no_waivers, plugins=plugin),
                      runtime=runtime_dir)  # fmt: skip
    path = _spec(spec)
    if stack == LOCAL:
        _of_named(
            {"--plan": plan, "--repair": repair, "--adopt": adopt, "--no-publish": not publish}
        )
        _up_local(path, out, options, devices, format)
        return
    from hybridspec.cli import clouds
    from hybridspec.cli.reviewed_plan import reviewed_digest
    from hybridspec.deliver.stack import Stack

    wish = clouds.Wish(
        plan=plan and reviewed_digest(plan),
        publish=publish,
        repair=repair,
        adopt=_pairs(adopt or []),
    )
    agree = partial(_agree, yes=yes)
    _show_clouds(clouds.up(Stack(spec=path, name=stack), out, options, wish, agree), format)


def _of_named(flags: dict[str, object]) -> None:
    """Stop where a flag would be passed over in silence: `local` has no clouds.

    Raises:
        UsageError: one of them was given.
    """
    from hybridspec.base.errors import UsageError

    given = next((name for name, value in flags.items() if value), None)
    if given is not None:
        raise UsageError(
            f"`{given}` is for stacks with clouds, and `local` has none",
            help="name one with `--stack`",
        )


def _up_local(path: Path, out: Path | None, options: Any, devices: int, format: Format) -> None:
    from hybridspec.cli import stack as stacks
    from hybridspec.deliver.stack import Stack

    chosen = Stack(spec=path)
    state, worked = stacks.up(chosen, out, options, devices)
    if not worked:
        output.say("nothing changed: the fleet runs what the spec says")
    _show_status(stacks.status(chosen), format)
    if format is Format.HUMAN:
        print(f"Report: {Path(state['folder']) / 'report' / 'index.html'}")


def _pairs(words: Sequence[str]) -> dict[str, str]:
    """`URN=ID` words as a mapping."""
    from hybridspec.base.errors import UsageError

    found = {}
    for word in words:
        urn, equals, identity = word.partition("=")
        if not (urn.startswith("urn:pulumi:") and equals and identity):
            raise UsageError(
                f"--adopt takes URN=ID, not `{word[:100]}`",
                help="the URNs that are open are listed by the run without `--repair`",
            )
        found[urn] = identity
    return found


def _agree(what: str, *, yes: bool) -> None:
    """Ask on a terminal; elsewhere only `--yes` will do."""
    if yes:
        return
    from hybridspec.base.errors import UsageError

    if not sys.stdin.isatty():
        raise UsageError(f"this will {what}; nobody can be asked", help="add `--yes` if it may")
    typer.confirm(f"This will {what}. Go on?", abort=True, err=True)


def status(
    spec: SpecPath = Path(), stack: StackFlag = LOCAL, format: FormatFlag = Format.HUMAN
) -> None:
    """Show what every device runs, or what a named stack has on its clouds."""
    path = _spec(spec)
    if stack == LOCAL:
        from hybridspec.cli import stack as stacks
        from hybridspec.deliver.stack import Stack

        _show_status(stacks.status(Stack(spec=path)), format)
        return
    from hybridspec.cli import clouds

    _show_clouds(clouds.status(_named(path, stack)), format)


def refresh(
    spec: SpecPath = Path(), stack: StackFlag = LOCAL, format: FormatFlag = Format.HUMAN
) -> None:
    """Let the engine write down what a named stack really has on its clouds."""
    from hybridspec.cli import clouds

    _show_clouds(clouds.refresh(_named(_spec(spec), stack), output.say), format)


def verify(
    spec: SpecPath = Path(),
    stack: StackFlag = LOCAL,
    live: Annotated[
        bool, typer.Option("--live", help="Ask the clouds what there really is.")
    ] = False,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Compare a named stack's resources with what was applied; exit with 7 if they differ."""
    from hybridspec.base.errors import ChangesFound, UsageError
    from hybridspec.cli import clouds

    if not live:
        raise UsageError("verify asks the clouds, and wants to be told so", help="add `--live`")
    found = list(clouds.drift(_named(_spec(spec), stack)))
    rows = [{"op": step.op, "cloud": cloud, "type": step.type, "name": step.name, "urn": step.urn}
            for cloud, step in found]  # fmt: skip
    layer = "the engine, which read every resource from its cloud"
    if format is Format.JSON:
        output.document({"schemaVersion": "hybridspec.dev/drift/v1", "stack": stack,
                         "layer": layer, "drift": rows})  # fmt: skip
    elif rows:
        from hybridspec.report import terminal

        terminal.steps(terminal.console(), rows, layer)
    else:
        print(f"stack `{stack}` is as it was applied")
    if rows:
        raise ChangesFound(
            f"{len(rows)} resources are not as they were applied",
            help="`hybridspec up` makes them so again; `hybridspec refresh` takes over what there "
            "is now",
        )


def destroy(
    spec: SpecPath = Path(),
    stack: StackFlag = LOCAL,
    cloud: CloudFlag = None,
    yes: YesFlag = False,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Delete stores and keys of a named stack too.")
    ] = False,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Remove a stack: the fleet with its keys and channel, or everything on its clouds."""
    path = _spec(spec)
    if stack == LOCAL:
        from hybridspec.cli import stack as stacks
        from hybridspec.deliver.stack import Stack

        ended = stacks.destroy(Stack(spec=path))
        count, text = {"processesEnded": ended}, f"{ended} processes ended"
    else:
        from hybridspec.cli import clouds

        chosen = _named(path, stack)
        agree = partial(_agree, yes=yes)
        gone = clouds.destroy(chosen, cloud or (), output.say, agree, data=delete_data)
        count, text = {"resourcesDeleted": gone}, f"{gone} resources deleted"
    if format is Format.JSON:
        output.document({"schemaVersion": "hybridspec.dev/destroy/v1", "stack": stack, **count})
    else:
        print(f"stack `{stack}` is gone; {text}")


def _named(path: Path, stack: str) -> Stack:
    """A stack that has clouds.

    Raises:
        UsageError: it is `local`, which has none.
    """
    from hybridspec.base.errors import UsageError
    from hybridspec.deliver.stack import Stack

    if stack == LOCAL:
        raise UsageError("stack `local` has no cloud", help="name another with `--stack`")
    return Stack(spec=path, name=stack)


def _show_status(document: dict[str, Any], format: Format) -> None:
    if format is Format.JSON:
        output.document(document)
        return
    from hybridspec.report import terminal

    terminal.fleet(terminal.console(), document["devices"])
    terminal.channel(terminal.console(), alive=document["channel"]["alive"])


def _show_clouds(document: dict[str, Any], format: Format) -> None:
    if format is Format.JSON:
        output.document(document)
        return
    from hybridspec.report import terminal

    terminal.deployment(terminal.console(), document)

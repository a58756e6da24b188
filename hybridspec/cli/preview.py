"""The command `preview`: what deploying would create, update, replace and delete."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import NoWaiversFlag, PluginFlag, PreviewFormat, SpecPath, StackFlag

if TYPE_CHECKING:
    from hybridspec.compiler import Build, Options

LAYER = "offline evaluation of the emitted programs against the real SDK; no cloud was asked"
AgainstFlag = Annotated[
    str | None,
    typer.Option(
        "--against", metavar="WHAT",
        help="Compare with a commit or branch, a folder that `build` wrote, another spec, or a "
        "file of --record; default: what was last applied.",
    ),
]  # fmt: skip
RecordFlag = Annotated[
    Path | None,
    typer.Option("--record", metavar="FILE",
                 help="Write the resources to a file, to commit and compare with."),
]  # fmt: skip


class Layer(StrEnum):
    """Who looks at what would change."""

    AUTO = "auto"
    OFFLINE = "offline"
    ENGINE = "engine"


def preview(
    spec: SpecPath = Path(),
    stack: StackFlag = "local",
    no_waivers: NoWaiversFlag = False,
    plugin: PluginFlag = None,
    against: AgainstFlag = None,
    record: RecordFlag = None,
    format: Annotated[
        PreviewFormat, typer.Option("--format", help="human, json or markdown.")
    ] = PreviewFormat.HUMAN,
    expect_no_changes: Annotated[
        bool, typer.Option("--expect-no-changes", help="Exit with 7 if anything would change.")
    ] = False,
    layer: Annotated[
        Layer, typer.Option("--layer", help="offline, engine, or auto: engine too if it can.")
    ] = Layer.AUTO,
) -> None:
    """Show what `up` would create, update, replace and delete; changes nothing anywhere."""
    from hybridspec.base.errors import ChangesFound
    from hybridspec.cli.engine_layer import look as ask_engine
    from hybridspec.cli.output_tree import compiled
    from hybridspec.load.compose import LOCAL
    from hybridspec.load.file import locate

    options = output.options(stack, no_waivers=no_waivers, plugins=plugin)
    path = locate(spec)
    build = compiled(path, options)
    made = look(build, path, options, against, record)
    if stack != LOCAL:
        made["engine"] = ask_engine(build, path, options, layer.value)
    if format is PreviewFormat.JSON:
        output.document(made)
    else:
        from hybridspec.report import preview as report

        if format is PreviewFormat.MARKDOWN:
            print(report.markdown(made), end="")
        else:
            from hybridspec.report.terminal import console

            report.human(console(), made)
            _engine(made.get("engine"))
    engine = made.get("engine")
    last = engine["changes"] if engine and engine["ran"] else made["changes"]
    if expect_no_changes and any(change["op"] != "same" for change in last):
        raise ChangesFound("there are changes", help="run `hybridspec up` to apply them")


def _engine(engine: dict[str, Any] | None) -> None:
    """The engine's half, or why it is not there."""
    from hybridspec.report import terminal

    if engine and engine["ran"]:
        terminal.steps(terminal.console(), engine["changes"], engine["layer"])
    elif engine:
        print(engine["layer"])


def look(
    build: Build, spec: Path, options: Options, against: str | None, record: Path | None
) -> dict[str, Any]:
    """The preview as a document; what is emitted is held against the plan first."""
    from hybridspec.cli.baseline import baseline, planned
    from hybridspec.deliver.difference import changes, summary
    from hybridspec.deliver.snapshot import write

    options.progress("evaluating the cloud stacks offline")
    after = planned(build, options)
    words, before = baseline(spec, build.graph.name, against, options)
    found = changes(before, after)
    if record is not None:
        write(record, build.graph.name, after)
    return {
        "schemaVersion": "hybridspec.dev/preview/v1",
        "name": build.graph.name,
        "stack": options.stack,
        "layer": LAYER,
        "against": words,
        "planDigest": build.plan_digest,
        "summary": summary(found),
        "changes": found,
    }

"""The command `preview`: what deploying would create, update, replace and delete."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import NoWaiversFlag, PluginFlag, PreviewFormat, SpecPath, StackFlag

if TYPE_CHECKING:
    from hybridspec.compiler import Options

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
) -> None:
    """Show what `up` would create, update, replace and delete; touches no cloud."""
    from hybridspec.base.errors import ChangesFound
    from hybridspec.load.file import locate

    options = output.options(stack, no_waivers=no_waivers, plugins=plugin)
    made = look(locate(spec), options, against, record)
    if format is PreviewFormat.JSON:
        output.document(made)
    else:
        from hybridspec.report import preview as report

        if format is PreviewFormat.MARKDOWN:
            print(report.markdown(made), end="")
        else:
            from hybridspec.report.terminal import console

            report.human(console(), made)
    if expect_no_changes and any(change["op"] != "same" for change in made["changes"]):
        raise ChangesFound("there are changes", help="run `hybridspec up` to apply them")


def look(spec: Path, options: Options, against: str | None, record: Path | None) -> dict[str, Any]:
    """The preview as a document; what is emitted is held against the plan first."""
    from hybridspec.cli.baseline import baseline, planned
    from hybridspec.cli.output_tree import compiled
    from hybridspec.deliver.difference import changes, summary
    from hybridspec.deliver.snapshot import write

    build = compiled(spec, options)
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

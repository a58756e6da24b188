"""The command `init`: flags and questions to a folder that holds a spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hybridspec.cli import output
from hybridspec.cli.flags import Format, FormatFlag

if TYPE_CHECKING:
    from hybridspec.cli.starter import Started


def init(
    folder: Annotated[Path, typer.Argument(help="Folder to start in; made if missing.")] = Path(),
    template: Annotated[
        str | None, typer.Option("--template", help="Industry to start from; see --list.")
    ] = None,
    from_model: Annotated[
        Path | None, typer.Option("--from-model", help="Start from an ONNX model of yours instead.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the system.")] = None,
    countries: Annotated[
        str, typer.Option("--countries", help="Where data may be, such as EU or DE,FR.")
    ] = "",
    board: Annotated[str, typer.Option("--board", help="Board at the sites.")] = "",
    provider: Annotated[str, typer.Option("--provider", help="Cloud, such as aws.")] = "",
    regions: Annotated[
        str, typer.Option("--regions", help="Cloud regions; default: some in these countries.")
    ] = "",
    latency: Annotated[str, typer.Option("--latency", help="Bound such as 50ms.")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the templates and end.")] = False,
    format: FormatFlag = Format.HUMAN,
) -> None:
    """Start a spec from an industry's template, or for a model of yours, ready for `up`."""
    from hybridspec.base.errors import UsageError
    from hybridspec.cli.adapt import Wishes
    from hybridspec.cli.questions import ask, may_ask, split
    from hybridspec.cli.starter import start, start_from_model

    if list_:
        _show_templates()
        return
    if template is not None and from_model is not None:
        raise UsageError("--template and --from-model exclude each other", help="use one of them")
    wishes = Wishes(name=name or "my-system", countries=split(countries), board=board,
                    provider=provider, regions=split(regions), latency=latency)  # fmt: skip
    if not yes and format is Format.HUMAN and may_ask():
        kind = "" if from_model is not None else template
        template, wishes = ask(kind, wishes, named=name is not None)
    cache = output.cache_folder()
    done = (
        start(folder, template or "minimal", wishes, cache)
        if from_model is None
        else start_from_model(folder, from_model, wishes, cache)
    )
    _show(done, format)


_DOCUMENTS = frozenset({"HS0336", "HS0342"})
"""Findings about what the law asks people to show, which no starter can invent."""


def _show(done: Started, format: Format) -> None:
    """What was written, what it still lacks, and the exit code that says so."""
    code = output.exit_code(done.findings)
    written = [str(path) for path in done.written]
    if format is Format.JSON:
        output.document({"schemaVersion": "hybridspec.dev/init/v1", "written": written,
                         "valid": code == 0})  # fmt: skip
    else:
        print("\n".join(written))
        output.findings(done.findings, "human")
        left = {finding.code for finding in done.findings}
        if left and left <= _DOCUMENTS:
            output.say("the spec is written; what only you can show is left, line by line above: "
                       "documents, contracts, and who carries out what the law asks")  # fmt: skip
        elif code:
            output.say("the spec is written, but does not hold yet: see above")
    raise typer.Exit(code)


def _show_templates() -> None:
    from hybridspec.cli.starter import template
    from hybridspec.cli.starter_model import STARTERS

    for name in STARTERS:
        print(f"{name:24} {template(name).splitlines()[1].removeprefix('# ')}")

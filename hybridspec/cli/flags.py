"""The flags and arguments that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How results are printed."""

    HUMAN = "human"
    JSON = "json"


class FindingFormat(StrEnum):
    """How findings are printed."""

    HUMAN = "human"
    CONCISE = "concise"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


class PreviewFormat(StrEnum):
    """How a preview is printed."""

    HUMAN = "human"
    JSON = "json"
    MARKDOWN = "markdown"


class ShowFormat(StrEnum):
    """How a spec is printed."""

    YAML = "yaml"
    JSON = "json"


SpecPath = Annotated[
    Path, typer.Argument(help="The spec, or the folder that holds `hybridspec.yaml`.")
]
FormatFlag = Annotated[Format, typer.Option("--format", help="human or json.")]
ShowFlag = Annotated[ShowFormat, typer.Option("--format", help="yaml or json.")]
OutFlag = Annotated[
    Path | None, typer.Option("--out", help="Output folder; default: build/<name> by the spec.")
]
RuntimeFlag = Annotated[
    Path | None,
    typer.Option("--runtime-dir", help="Folder with the locked wheels, to be put into bundles."),
]
NoWaiversFlag = Annotated[
    bool, typer.Option("--no-waivers", help="Judge as if the spec had no waivers.")
]
PluginFlag = Annotated[
    list[str] | None,
    typer.Option("--plugin", help="Ask an installed plugin too; may be given several times."),
]
StackFlag = Annotated[
    str, typer.Option("--stack", help="Stack whose overlay counts; `local` is built in.")
]
SpecFlag = Annotated[
    Path, typer.Option("--spec", help="The spec, or the folder that holds `hybridspec.yaml`.")
]

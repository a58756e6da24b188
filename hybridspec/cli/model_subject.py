"""What a command of `hybridspec model` looks at: one ONNX file, or the models of a spec."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hybridspec.cli import output

if TYPE_CHECKING:
    from hybridspec.ir.graph import Board, DeviceClass, Model, ModelFacts

SUFFIX = ".onnx"


class ModelFormat(StrEnum):
    """How what is known of models is printed."""

    TABLE = "table"
    JSON = "json"


Subject = Annotated[
    Path, typer.Argument(metavar="FILE.onnx|SPEC", help="An ONNX file, a spec, or its folder.")
]
NameFlag = Annotated[
    str | None, typer.Option("--model", help="The model of the spec; default: all of them.")
]
ModelFormatFlag = Annotated[ModelFormat, typer.Option("--format", help="table or json.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE.onnx", help="An ONNX file.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One model to look at; `spec` is its part of a spec, None where there is no spec."""

    name: str
    path: Path
    facts: ModelFacts
    spec: Model | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """The models, the boards that are known, and the device classes of the spec."""

    models: tuple[Look, ...]
    boards: tuple[Board, ...]
    classes: tuple[DeviceClass, ...] = ()


def subjects(path: Path, name: str | None = None) -> Subjects:
    """The models that are meant, with their facts, and the boards that they could run on.

    Raises:
        UsageError: the file is no model, or the spec has no such model.
        SpecInvalid: the spec has faults.
    """
    if path.suffix == SUFFIX and not path.is_dir():
        return Subjects(models=(bare(path, name),), boards=_boards())
    from hybridspec.compiler import resolve_file
    from hybridspec.load.file import locate

    graph = resolve_file(locate(path), output.options("local"))
    found = tuple(
        Look(name=model.name, path=model.path, facts=model.facts, spec=model)
        for model in graph.models
        if name in (None, model.name)
    )
    if not found:
        raise _unknown(name, [model.name for model in graph.models])
    boards = {board.name: board for board in _boards()}
    boards |= {device.board.name: device.board for device in graph.device_classes}
    return Subjects(models=found, boards=tuple(boards.values()), classes=graph.device_classes)


def bare(path: Path, name: str | None = None) -> Look:
    """A model without a spec; its name is that of its file.

    Raises:
        UsageError: the file is no model.
    """
    from hybridspec.base.errors import UsageError
    from hybridspec.load.file import shown
    from hybridspec.load.model import facts_at

    if name is not None:
        raise UsageError("`--model` names a model of a spec, and this is a model file",
                         help="leave `--model` out")  # fmt: skip
    facts = facts_at(path, output.cache_folder())
    if isinstance(facts, str):
        raise UsageError(f"{shown(path)} cannot be used: {facts}", help=_way_out(path, facts))
    return Look(name=path.stem, path=path, facts=facts)


def _way_out(path: Path, fault: str) -> str:
    """What to do about a file that is no usable model, as far as the fault does not say it."""
    if not path.is_file():
        return "check the path"
    if "export it" in fault:
        return "`hybridspec model` takes models whose first dimension numbers the samples"
    if "NaN" in fault or "infinity" in fault:
        return (
            "training diverged, or the export is damaged: export it from a checkpoint that is sound"
        )
    return "export the model again as one ONNX file and try `onnx.checker.check_model` on it"


def _unknown(name: str | None, known: Sequence[str]) -> Exception:
    from hybridspec.base.closest import closest
    from hybridspec.base.errors import UsageError

    if name is None:
        return UsageError("the spec has no model", help="add one under `models`")
    match = closest(name, known)
    return UsageError(
        f"the spec has no model `{name[:60]}`",
        help=f"did you mean `{match}`?" if match else f"it has {', '.join(known) or 'none'}",
    )


def _boards() -> tuple[Board, ...]:
    """Every board of the catalogue, by name."""
    from hybridspec.load.catalog import load_catalogs
    from hybridspec.resolve.device import boards_by_name

    boards = boards_by_name(load_catalogs(())[0])
    return tuple(boards[name] for name in sorted(boards))

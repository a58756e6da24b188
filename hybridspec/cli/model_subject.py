"""What a command of `hybridspec model` looks at: one ONNX file, or the models of a spec."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hybridspec.cli import output

if TYPE_CHECKING:
    from hybridspec.ir.graph import Board, DeviceClass, Model, ModelFacts

SUFFIX = ".onnx"
MOST = 2**20
"""The largest size that may be said of what a model leaves open."""
_SIZE = re.compile(r"[0-9]{1,8}")


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
FreeFlag = Annotated[
    list[str] | None,
    typer.Option(
        "--free",
        metavar="NAME=SIZE",
        help="A size that the model leaves open, as `sequence=128`, or 128 for all of them; "
        "may be given several times.",
    ),
]
ModelFormatFlag = Annotated[ModelFormat, typer.Option("--format", help="table or json.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE.onnx", help="An ONNX file.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One model to look at; `spec` is its part of a spec, None where there is no spec.

    `free` are the sizes that were said of what the model leaves open, by name.
    """

    name: str
    path: Path
    facts: ModelFacts
    spec: Model | None = None
    free: Mapping[str, int] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """The one size that was said of all that is open; 0 if nothing was, or several were."""
        sizes = set(self.free.values()) if self.facts.open else set()
        return sizes.pop() if len(sizes) == 1 and not self.left else 0

    @property
    def left(self) -> tuple[str, ...]:
        """The names of the sizes that are still open."""
        if all(size > 0 for tensor in self.facts.inputs for size in tensor.shape[1:]):
            return ()
        return tuple(name for name in self.facts.open if name not in self.free)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subjects:
    """The models, the boards that are known, and the device classes of the spec."""

    models: tuple[Look, ...]
    boards: tuple[Board, ...]
    classes: tuple[DeviceClass, ...] = ()


def sizes(written: Sequence[str] | None) -> dict[str, int]:
    """Sizes by name as `--free` states them; the empty name stands for all.

    >>> sizes(["64", "image=224"])
    {'': 64, 'image': 224}
    """
    from hybridspec.base.errors import UsageError

    found: dict[str, int] = {}
    for one in written or ():
        name, _, size = one.rpartition("=")
        if not _SIZE.fullmatch(size) or not 0 < int(size) <= MOST or (not name and "=" in one):
            raise UsageError(
                f"--free: `{one[:60]}` says no size",
                help=f"write `--free sequence=128`, or `--free 128` for all, from 1 to {MOST}",
            )
        found[name] = int(size)
    return found


def subjects(path: Path, name: str | None = None, free: Sequence[str] | None = None) -> Subjects:
    """The models that are meant, with their facts, and the boards that they could run on.

    `free` states sizes that they leave open; of a spec, in the models that leave some open.

    Raises:
        UsageError: the file is no model, or the spec has no such model.
        SpecInvalid: the spec has faults.
    """
    if path.suffix == SUFFIX and not path.is_dir():
        return Subjects(models=(bare(path, name, free),), boards=_boards())
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
    if free:
        found = tuple(_sized(look, sizes(free)) for look in found)
    boards = {board.name: board for board in _boards()}
    boards |= {device.board.name: device.board for device in graph.device_classes}
    return Subjects(models=found, boards=tuple(boards.values()), classes=graph.device_classes)


def _sized(look: Look, free: Mapping[str, int]) -> Look:
    """A model of a spec at these sizes; one that leaves nothing open is as it is."""
    if look.spec is None or not look.facts.open:
        return look
    facts = _facts(look.path, free)
    return replace(look, facts=facts, spec=replace(look.spec, facts=facts), free=free)


def sized_by(look: Look, path: Path) -> Look:
    """A model with sizes open, at those that the arrays of a `.npz` have, as far as they do."""
    from hybridspec.load.model import data_at

    if not look.left:
        return look
    arrays = {name: shape for name, _, shape in data_at(path).arrays}
    found: dict[str, int] = {}
    for tensor in look.facts.inputs:
        shape = arrays.get(tensor.name, ())
        if len(shape) != len(tensor.shape):
            return look
        pairs = zip(tensor.shape[1:], shape[1:], strict=True)
        said = {size for open_size, size in pairs if open_size <= 0}
        if len(said) > 1 or not all(0 < size <= MOST for size in said):
            return look
        found.update((tensor.name, size) for size in said)
    free = {**look.free, **found}
    facts = _facts(look.path, free)
    spec = replace(look.spec, facts=facts) if look.spec else None
    return replace(look, facts=facts, free=free, spec=spec)


def bare(path: Path, name: str | None = None, free: Sequence[str] | None = None) -> Look:
    """A model without a spec; its name is that of its file.

    Raises:
        UsageError: the file is no model.
    """
    from hybridspec.base.errors import UsageError

    if name is not None:
        raise UsageError("`--model` names a model of a spec, and this is a model file",
                         help="leave `--model` out")  # fmt: skip
    said = sizes(free)
    return Look(name=path.stem, path=path, facts=_facts(path, said), free=said)


def _facts(path: Path, free: Mapping[str, int]) -> ModelFacts:
    from hybridspec.base.errors import UsageError
    from hybridspec.load.file import shown
    from hybridspec.load.model import facts_at

    facts = facts_at(path, output.cache_folder(), free)
    if isinstance(facts, str):
        raise UsageError(f"{shown(path)} cannot be used: {facts}", help=_way_out(path, facts))
    return facts


def _way_out(path: Path, fault: str) -> str:
    """What to do about a file that is no usable model, as far as the fault does not say it."""
    if not path.is_file():
        return "check the path"
    if fault.startswith("it leaves no size"):
        return "`hybridspec model inspect` says what it leaves open"
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

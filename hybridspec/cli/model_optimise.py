"""`hybridspec model optimise`: the best variant of a model for a device, with its evidence."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.model_search import (
    BudgetFlag,
    CalibrationFlag,
    DeviceFlag,
    DropFlag,
    EvaluationFlag,
    Flags,
    FloorFlag,
    MeasureFlag,
    MetricFlag,
    RuntimeFlag,
    TriesFlag,
    searched,
)
from hybridspec.cli.model_subject import (
    FreeFlag,
    ModelFormat,
    ModelFormatFlag,
    NameFlag,
    Subject,
)
from hybridspec.cli.workshops import ClusterFlag, JobsFlag, TlsFlag

if TYPE_CHECKING:
    from hybridspec.cli.model_search import Found
    from hybridspec.ir.candidate import Candidate, Search
    from hybridspec.ir.graph import Model
    from hybridspec.optimise.candidate import Host

SCHEMA = "hybridspec.dev/model-optimisation/v1"
RANDOM = (
    "no evaluation data: variants were compared with the original on random inputs, by agreement, "
    "cosine and SQNR; that says nothing about the task"
)
UNJUDGED = "nothing was judged: the budget ended before, so that nothing is chosen"


def optimise(
    subject: Subject = Path(),
    model: NameFlag = None,
    free: FreeFlag = None,
    device: DeviceFlag = None,
    runtime: RuntimeFlag = None,
    evaluation: EvaluationFlag = None,
    calibration: CalibrationFlag = None,
    metric: MetricFlag = None,
    floor: FloorFlag = None,
    allowed_drop: DropFlag = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Output folder; default: MODEL-DEVICE.")
    ] = None,
    budget: BudgetFlag = None,
    tries: TriesFlag = None,
    jobs: JobsFlag = None,
    cluster: ClusterFlag = None,
    cluster_tls: TlsFlag = None,
    measure: MeasureFlag = False,
    ort_format: Annotated[
        bool,
        typer.Option(
            "--ort-format",
            help="Also in the format of reduced builds of onnxruntime, "
            "with the list of operators for such a build.",
        ),
    ] = False,
    format: ModelFormatFlag = ModelFormat.TABLE,
) -> None:
    """Search the best variant of a model for a device, and write it with its evidence."""
    flags = Flags(
        subject=subject, model=model, free=free, device=device, runtime=runtime,
        evaluation=evaluation,
        calibration=calibration, metric=metric, floor=floor, allowed_drop=allowed_drop,
        budget=budget, tries=tries, jobs=jobs, cluster=cluster, cluster_tls=cluster_tls,
        measure=measure,
    )  # fmt: skip
    found = searched(flags, partial(_before, out, ort_format))
    written = [
        _written(one, _folder(out, one.model, one.host, len(found)), reduced=ort_format)
        for one in found
    ]
    if format is ModelFormat.JSON:
        output.document({"schemaVersion": SCHEMA, "models": written})
    else:
        for document in written:
            show(document)
    _end(found, written)


def _end(found: list[Found], written: list[dict[str, Any]]) -> None:
    """The exit code: nothing known is a timeout, nothing fit to ship a broken policy."""
    from hybridspec.base.errors import TimedOut

    if any(unjudged(one.search) for one in found):
        raise TimedOut(
            "the budget ended before anything was judged",
            help="raise `--budget`; the next run goes on from what was built",
        )
    if any(one["folder"] is None for one in written):
        raise typer.Exit(output.POLICY)


def show(document: dict[str, Any]) -> None:
    """The table of all candidates, and what was chosen."""
    from hybridspec.report import terminal
    from hybridspec.report.candidates import HEAD, against, rows

    search = document["search"]
    terminal.table(terminal.console(), f"{search['model']} for {search['device']}", HEAD,
                   rows(search))  # fmt: skip
    for line in (*against(search), *document["notes"]):
        print(line)
    if document.get("folder"):
        print(f"{document['folder']}: {document['chosen']}")
        for step in document["steps"]:
            print(f"then, on the {step['where']}, with {step['needs']}: {step['command']}")


def document_of(found: Found) -> dict[str, Any]:
    """What a search found, and what is to be known about it."""
    from hybridspec.report.candidates import search_data

    chosen = found.search.chosen
    labelled = bool(found.model.metric)
    notes = [] if found.data else [RANDOM, *_shortest(found.model)]
    notes += [*_stated(found.model), *_bases(found), *found.host.notes]
    if found.search.cut:
        notes.append(found.search.cut)
    if chosen is not None and chosen.verdict is not None:
        notes += [f"{chosen.recipe}: {caution}" for caution in chosen.verdict.cautions]
    if chosen is None:
        notes.append(UNJUDGED if unjudged(found.search) else "nothing passed: no variant may ship")
    return {
        "search": search_data(found.search, labelled=labelled and found.data),
        "chosen": chosen.recipe if chosen else None,
        "runtime": found.host.runtime,
        "inputs": {tensor.name: [size if size > 0 else None for size in tensor.shape]
                   for tensor in found.model.facts.inputs},
        "steps": _steps(found),
        "notes": notes,
        "bounds": {"metric": found.model.metric, "floor": f"{float(found.model.floor):g}",
                   "allowedDrop": f"{float(found.model.allowed_drop):g}"},
        "digests": {"model": found.model.facts.digest,
                    "evaluation": found.model.evaluation_digest,
                    "calibration": found.model.calibration_digest or ""},
        "tools": _tools(),
    }  # fmt: skip


def _shortest(model: Model) -> list[str]:
    """What random inputs cannot show of a model whose sizes nobody stated."""
    from hybridspec.optimise.measured import opened

    if not opened(model.facts):
        return []
    names = ", ".join(f"`{name}`" for name in model.facts.open[:4])
    return [f"{names} left open: inputs had size 1 there, which says little; state it by "
            f"`--free {model.facts.open[0]}=128`"]  # fmt: skip


def _stated(model: Model) -> list[str]:
    """At which sizes of what the file leaves open its figures hold."""
    from hybridspec.optimise.measured import opened

    if not model.facts.open or opened(model.facts):
        return []
    sizes = ", ".join(f"`{tensor.name}` {list(tensor.shape)}" for tensor in model.facts.inputs)
    return [f"latency and memory hold at {sizes}, sizes that the file leaves open"]


def _bases(found: Found) -> list[str]:
    """What estimates of other runtimes rest on: a wide interval does not tell."""
    from hybridspec.ir.runtime import CPU

    if found.host.runtime == CPU:
        return []
    told: dict[str, list[str]] = {}
    for one in found.search.candidates:
        if one.latency is not None:
            told.setdefault(one.latency.basis, []).append(one.recipe)
    lines = [f"latency of {', '.join(names)}: {basis}" for basis, names in told.items()]
    return [*lines, *_slower_than_cpu(found)]


def _slower_than_cpu(found: Found) -> list[str]:
    """Whether another runtime is not worth it: what it starts takes longer than the model."""
    from hybridspec.base.units import format_duration

    chosen, alone = found.search.chosen, found.host.alone
    if chosen is None or chosen.latency is None or alone is None or alone.mid > chosen.latency.mid:
        return []
    took = format_duration(alone.mid)
    return [f"onnxruntime on the CPU takes {took} of the model as it was given, no more than "
            f"{found.host.runtime} of this: `--runtime onnxruntime`"]  # fmt: skip


def unjudged(search: Search) -> bool:
    """Whether the budget ended before any candidate was judged, so that nobody knows."""
    from hybridspec.ir.candidate import State

    return all(one.state is State.UNTRIED for one in search.candidates)


def _steps(found: Found) -> list[dict[str, Any]]:
    """What is left to do before the runtime of the device loads what was chosen."""
    from dataclasses import asdict

    from hybridspec.ir.runtime import steps

    chosen = found.search.chosen
    if chosen is None:
        return []
    left = steps(found.host.runtime, found.model.name, chosen.variant, found.model.facts,
                 alone=True)  # fmt: skip
    return [asdict(one) for one in left]


def _tools() -> dict[str, str]:
    from hybridspec import __version__
    from hybridspec.optimise.task import RECIPE, tools

    return {"hybridspec": __version__, "recipes": RECIPE, **tools()}


def _folder(out: Path | None, model: Model, host: Host, count: int) -> Path:
    """Where the result for a device goes; of several, each has a folder of its own."""
    name = f"{model.name}-{host.name}"
    return Path(name) if out is None else out if count == 1 else out / name


def _before(out: Path | None, reduced: bool, wanted: Sequence[tuple[Model, Host]]) -> None:
    """Refuse what could not be written before anything is searched."""
    for model, host in wanted:
        _usable(_folder(out, model, host, len(wanted)))
        if reduced:
            _reducible(host)


def _written(found: Found, folder: Path, *, reduced: bool) -> dict[str, Any]:
    """The document of a search, whose result is in the folder if anything passed."""
    document = document_of(found)
    chosen = found.search.chosen
    if chosen is None:
        return {**document, "folder": None}
    _usable(folder)
    _write(folder, chosen, document, _reduced(found, chosen) if reduced else {})
    return {**document, "folder": str(folder)}


def _reduced(found: Found, chosen: Candidate) -> dict[str, bytes]:
    """The files for a reduced build of the runtime, which is onnxruntime's own alone."""
    from hybridspec.optimise.ort_format import MODEL, OPERATORS, ort_format

    if chosen.folder is None:
        raise AssertionError("what was chosen was built")
    made = ort_format(chosen.folder / "model.onnx", chosen.folder / "golden_inputs.npz",
                      found.host.architecture)  # fmt: skip
    return {MODEL: made.model, OPERATORS: made.operators}


def _reducible(host: Host) -> None:
    from hybridspec.base.errors import UsageError
    from hybridspec.ir.runtime import CPU

    if host.runtime != CPU:
        raise UsageError(f"`{host.runtime}` takes no ORT format", help="leave `--ort-format` out")


def _usable(folder: Path) -> None:
    from hybridspec.base.errors import UsageError
    from hybridspec.deliver.write import recorded

    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is no folder", help="choose another one with `--out`")
    if folder.is_dir() and any(folder.iterdir()) and not recorded(folder):
        raise UsageError(
            f"{folder} holds other files", help="choose an empty or another folder with `--out`"
        )


def _write(
    folder: Path, chosen: Candidate, document: dict[str, Any], reduced: dict[str, bytes]
) -> None:
    """Write the result; a new folder is there with all its files or not at all."""
    from hybridspec.bundle.manifest import canonical_json
    from hybridspec.deliver.write import write_tree
    from hybridspec.ir.tree import FileTree

    if chosen.folder is None:
        raise AssertionError("what was chosen was built")
    tree = FileTree({
        "model.onnx": chosen.folder / "model.onnx",
        "golden_inputs.npz": chosen.folder / "golden_inputs.npz",
        "golden_outputs.npz": chosen.folder / "golden_outputs.npz",
        "evidence.json": canonical_json({"schemaVersion": SCHEMA, **document}),
        "README.md": _readme(chosen, document, reduced).encode(), **reduced,
    })  # fmt: skip
    if folder.is_dir():
        write_tree(folder, tree)
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-"[:100], dir=folder.parent))
    try:
        write_tree(work, tree)
        os.chmod(work, 0o777 & ~_umask())  # noqa: PTH101
        work.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _readme(chosen: Candidate, document: dict[str, Any], reduced: Iterable[str]) -> str:
    from hybridspec.report.candidates import HEAD, against, latency, quality, rows
    from hybridspec.report.markdown import cell, table

    search = document["search"]
    mine = next(one for one in search["candidates"] if one["chosen"])
    notes = "".join(f"- {cell(note)}\n" for note in (*against(search), *document["notes"]))
    return f"""# {cell(search["model"])} for {cell(search["device"])}: {cell(chosen.recipe)}

`model.onnx` is {cell(chosen.variant)}, made by {cell(chosen.recipe)}: {cell(chosen.why)}.
Quality: {cell(quality(mine["quality"]))}. Latency: {cell(latency(mine["latency"]))}.

Run it, from this folder:

```python
import numpy, onnxruntime
session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
inputs = numpy.load("golden_inputs.npz")
wanted = session.get_inputs()
print(session.run(None, {{value.name: inputs[value.name][:1] for value in wanted}}))
```

`golden_outputs.npz` has what it said here; `evidence.json` has all figures and digests.

{notes}
{_build(reduced)}{_left(document["steps"])}{table(HEAD, rows(search))}"""


def _build(reduced: Iterable[str]) -> str:
    """How onnxruntime is built with nothing but what the model needs."""
    names = sorted(reduced)
    if not names:
        return ""
    model, operators = names
    return f"""`{model}` is the same for a reduced build of onnxruntime, which its sources make by:

```sh
./build.sh --config MinSizeRel --minimal_build extended --disable_ml_ops --skip_tests \\
  --include_ops_by_config {operators} --enable_reduced_operator_type_support
```

"""


def _left(steps: list[dict[str, Any]]) -> str:
    """The commands that make what the device's runtime loads, to be run from the folder."""
    if not steps:
        return ""
    from hybridspec.report.markdown import cell

    lines = ["## What is left to do", "", "From this folder, after `mkdir -p built`:", ""]
    for step in steps:
        why = f"{step['why']} ({step['source']})"
        lines += [f"On the {step['where']}, with {cell(step['needs'])}: {cell(why)}.", "",
                  "```sh", step["command"], "```", ""]  # fmt: skip
    return "\n".join(lines) + "\n"

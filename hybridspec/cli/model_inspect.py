"""`hybridspec model inspect`: what a model holds, what it needs, and where it can be cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.model_subject import (
    FreeFlag,
    ModelFormat,
    ModelFormatFlag,
    NameFlag,
    Subject,
    subjects,
)

if TYPE_CHECKING:
    from hybridspec.cli.model_subject import Look
    from hybridspec.ir.graph import Board, Cut, ModelFacts, Tensor

SCHEMA = "hybridspec.dev/model-inspection/v1"
_AGENTLESS = "armv7m"
_WORDS = {
    "dense": "3x3 convolutions", "pointwise": "1x1 convolutions",
    "depthwise": "depthwise convolutions", "other": "other convolutions",
    "gemm": "matrix products", "vector": "products of one row",
    "attention": "attention", "recurrent": "recurrent",
}  # fmt: skip


def inspect(
    subject: Subject = Path(),
    model: NameFlag = None,
    free: FreeFlag = None,
    cut: Annotated[
        int | None, typer.Option("--cut", min=0, help="Write both halves at this cut to --out.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the halves.")] = None,
    evaluation: Annotated[
        Path | None,
        typer.Option("--evaluation", help="`.npz` to compare on; default: random inputs."),
    ] = None,
    format: ModelFormatFlag = ModelFormat.TABLE,
) -> None:
    """Show inputs, operators, work, memory, cuts and the boards that a model fits."""
    known = subjects(subject, model, free)
    if cut is not None or out is not None or evaluation is not None:
        from hybridspec.cli.model_cut import write_halves

        write_halves(known.models, cut, out, evaluation, format)
        return
    documents = [_document(look, known.boards) for look in known.models]
    if format is ModelFormat.JSON:
        output.document({"schemaVersion": SCHEMA, "models": documents})
        return
    for document in documents:
        _show(document)


def _document(look: Look, boards: Sequence[Board]) -> dict[str, Any]:
    from hybridspec.ir.kernel import family

    facts = look.facts
    return {
        "name": look.name,
        "file": str(look.path),
        "digest": f"sha256:{facts.digest}",
        "size": facts.size,
        "family": family(facts),
        "opset": facts.opset,
        "inputs": [_tensor(tensor) for tensor in facts.inputs],
        "outputs": [_tensor(tensor) for tensor in facts.outputs],
        "open": list(facts.open),
        "free": dict(look.free),
        "parameters": facts.parameters,
        "weights": facts.weights,
        "operators": dict(facts.kinds),
        "work": _work(facts),
        "peakActivations": facts.peak_activations,
        "unknown": list(facts.unknown),
        "unpriced": list(facts.unpriced),
        "cuts": [_cut(facts, number, cut) for number, cut in enumerate(facts.cuts)],
        "boards": [_fit(facts, board) for board in boards],
    }


def _work(facts: ModelFacts | Cut) -> dict[str, int]:
    """Multiply-accumulates by kernel kind, and bytes moved."""
    return {**asdict(facts.kernels), "moved": facts.moved}


def _tensor(tensor: Tensor) -> dict[str, Any]:
    shape = [None if size < 0 else size for size in tensor.shape]
    return {**asdict(tensor), "shape": shape}


def _cut(facts: ModelFacts, number: int, cut: Cut) -> dict[str, Any]:
    """What is sent at a cut, and the share of the work that lies before it."""
    whole = facts.conv_macs + facts.gemm_macs
    return {
        "number": number,
        "tensor": _tensor(cut.tensor),
        "size": cut.size,
        "before": {**_work(cut), "operators": cut.operators, "weights": cut.weights},
        "after": {
            **{kind: of - _work(cut)[kind] for kind, of in _work(facts).items()},
            "operators": facts.operators - cut.operators, "weights": facts.weights - cut.weights,
        },
        "share": round((cut.conv_macs + cut.gemm_macs) / whole, 4) if whole else 0.0,
    }  # fmt: skip


def _fit(facts: ModelFacts, board: Board) -> dict[str, Any]:
    """Whether a board has the memory for each variant."""
    from hybridspec.optimise.memory import memory

    free = max(0, board.memory - board.reserved_memory)
    needs = {variant: memory(facts, variant) for variant in ("fp32", "int8")}
    fits = [v for v, need in needs.items() if need <= free and board.architecture != _AGENTLESS]
    return {"board": board.name, "free": free, "needs": needs, "fits": fits}


def _show(document: dict[str, Any]) -> None:
    from hybridspec.report import terminal

    console = terminal.console()
    terminal.table(console, f"Model: {document['name']}", ["what", "value"], _rows(document))
    operators = sorted(document["operators"].items(), key=lambda item: (-item[1], item[0]))
    terminal.table(console, "Operators", ["operator", "count", "note"],
                   [(kind, count, _note(kind, document)) for kind, count in operators])  # fmt: skip
    if document["cuts"]:
        terminal.table(
            console, "Cuts: where one tensor carries everything",
            ["cut", "tensor", "shape", "sent", "operators before", "after", "work before"],
            [_cut_row(cut) for cut in document["cuts"]],
        )  # fmt: skip
    terminal.table(console, "Boards", ["board", "free memory", "fp32 needs", "int8 needs", "fits"],
                   [_board_row(row) for row in document["boards"]])  # fmt: skip


def _rows(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    from hybridspec.base.units import format_bytes

    yield "file", document["file"]
    yield "digest", document["digest"]
    yield "size", format_bytes(document["size"])
    yield "family", document["family"]
    yield "opset", str(document["opset"])
    for kind in ("inputs", "outputs"):
        for tensor in document[kind]:
            yield kind.removesuffix("s"), f"{tensor['name']}: {_shape(tensor)}"
    yield "parameters", f"{document['parameters']:,}, {format_bytes(document['weights'])}"
    work = document["work"]
    parts = [f"{_count(work[kind])} MAC {words}" for kind, words in _WORDS.items() if work[kind]]
    yield "work", ", ".join(parts) or "no multiplications"
    yield "moved", format_bytes(work["moved"])
    yield "peak activations", format_bytes(document["peakActivations"])
    yield "coverage", _coverage(document)
    if document["unknown"]:
        yield "of unknown size", ", ".join(document["unknown"])
    if document["open"]:
        yield "open sizes", _open(document)
    if document["unpriced"]:
        yield "unpriced", ", ".join(document["unpriced"]) + ": no latency can be estimated"
    if not document["cuts"]:
        yield "cuts", "none: nowhere does one small tensor carry everything"


def _open(document: dict[str, Any]) -> str:
    """What the file leaves open, and what was said of it."""
    said = document["free"]
    stated = [f"{name} = {said.get(name, said.get('', '?'))}" for name in document["open"]]
    help = "" if said else f": --free {document['open'][0]}=128 says how large"
    return ", ".join(stated if said else document["open"]) + help


def _coverage(document: dict[str, Any]) -> str:
    """How many of the operators an estimate counts."""
    kinds: dict[str, int] = document["operators"]
    lost = sum(kinds.get(kind, 0) for kind in document["unpriced"])
    return f"{sum(kinds.values()) - lost} of {sum(kinds.values())} operators are in an estimate"


def _note(kind: str, document: dict[str, Any]) -> str:
    if kind in document["unpriced"]:
        return "nobody can tell its work"
    return "works on tensors of unknown size" if kind in document["unknown"] else ""


def _cut_row(cut: dict[str, Any]) -> tuple[str, ...]:
    from hybridspec.base.units import format_bytes

    return (str(cut["number"]), cut["tensor"]["name"], _shape(cut["tensor"]),
            format_bytes(cut["size"]), str(cut["before"]["operators"]),
            str(cut["after"]["operators"]), f"{cut['share']:.0%}")  # fmt: skip


def _board_row(row: dict[str, Any]) -> tuple[str, ...]:
    from hybridspec.base.units import format_bytes

    needs = (format_bytes(row["needs"][variant]) for variant in ("fp32", "int8"))
    return (row["board"], format_bytes(row["free"]), *needs, ", ".join(row["fits"]) or "no")


def _shape(tensor: dict[str, Any]) -> str:
    sizes = ("?" if size is None else str(size) for size in tensor["shape"])
    return f"{tensor['dtype']} [{', '.join(sizes)}]"


def _count(number: int) -> str:
    """A large count, short.

    >>> _count(950), _count(300_800_000)
    ('950', '300.8 M')
    """
    for size, unit in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= size:
            return f"{number / size:.1f} {unit}"
    return str(number)

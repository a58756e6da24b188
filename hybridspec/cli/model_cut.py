"""`hybridspec model inspect --cut`: both halves of a model, proved equal to the whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hybridspec.cli import output
from hybridspec.cli.model_subject import ModelFormat

if TYPE_CHECKING:
    from hybridspec.cli.model_subject import Look
    from hybridspec.ir.graph import Cut

SCHEMA = "hybridspec.dev/model-halves/v1"


def write_halves(
    looks: Sequence[Look], number: int | None, out: Path | None, evaluation: Path | None,
    format: ModelFormat,
) -> None:  # fmt: skip
    """Write `head.onnx` and `tail.onnx` into the folder, both or none."""
    from hybridspec.base.errors import UsageError

    if number is None or out is None:
        raise UsageError("halves need a cut and a folder", help="give `--cut N --out FOLDER`")
    if len(looks) != 1:
        raise UsageError("the spec has several models", help="say which with `--model NAME`")
    look = looks[0]
    cut = _cut(look, number)
    from hybridspec.deliver.durable import write_durably
    from hybridspec.optimise.halves import AFTER, BEFORE, halves

    if evaluation is None and look.spec is not None:
        evaluation = look.spec.evaluation
    if evaluation is not None and not evaluation.is_file():
        raise UsageError(f"there is no file {evaluation}", help="check the path of the data")
    made = halves(look.path, cut.tensor.name, evaluation, look.facts.inputs)
    for name, data in ((BEFORE, made.before), (AFTER, made.after)):
        write_durably(out / name, data)
    if format is ModelFormat.JSON:
        output.document({
            "schemaVersion": SCHEMA, "model": look.name, "cut": number,
            "tensor": cut.tensor.name, "sent": cut.size, "worstDifference": made.worst,
            "samples": made.samples, "head": str(out / BEFORE), "tail": str(out / AFTER),
            "sizes": {"head": len(made.before), "tail": len(made.after)},
        })  # fmt: skip
        return
    from hybridspec.base.units import format_bytes

    print(f"{out / BEFORE}: {format_bytes(len(made.before))}, gives `{cut.tensor.name}`, "
          f"{format_bytes(cut.size)}")  # fmt: skip
    print(f"{out / AFTER}: {format_bytes(len(made.after))}")
    print(f"equal to the whole on {made.samples} samples, within {made.worst:.1g} of the spread of "
          "its outputs")  # fmt: skip


def _cut(look: Look, number: int) -> Cut:
    from hybridspec.base.errors import UsageError

    cuts = look.facts.cuts
    if number < len(cuts):
        return cuts[number]
    help = (f"it has {len(cuts)}, from 0 on: `hybridspec model inspect` shows them" if cuts else
            "nowhere does one tensor that is smaller than its input carry everything")  # fmt: skip
    raise UsageError(f"`{look.name}` has no cut {number}", help=help)

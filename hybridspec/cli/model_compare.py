"""`hybridspec model compare`: all candidates of a model on a device, as a table and as a plot."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hybridspec.cli import output
from hybridspec.cli.model_optimise import document_of, show
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

SCHEMA = "hybridspec.dev/model-comparison/v1"


def compare(
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
    svg: Annotated[
        Path | None, typer.Option("--svg", help="Write a plot here; of several, one file each.")
    ] = None,
    budget: BudgetFlag = None,
    tries: TriesFlag = None,
    jobs: JobsFlag = None,
    cluster: ClusterFlag = None,
    cluster_tls: TlsFlag = None,
    measure: MeasureFlag = False,
    format: ModelFormatFlag = ModelFormat.TABLE,
) -> None:
    """Compare all candidates of a model on a device: accuracy, latency, memory and size."""
    if svg is not None:
        _drawable(svg)
    found = searched(Flags(
        subject=subject, model=model, free=free, device=device, runtime=runtime,
        evaluation=evaluation,
        calibration=calibration, metric=metric, floor=floor, allowed_drop=allowed_drop,
        budget=budget, tries=tries, jobs=jobs, cluster=cluster, cluster_tls=cluster_tls,
        measure=measure,
    ))  # fmt: skip
    documents = [document_of(one) for one in found]
    if svg is not None:
        for document in documents:
            _draw(svg, document["search"], single=len(documents) == 1)
    if format is ModelFormat.JSON:
        output.document({"schemaVersion": SCHEMA, "models": documents})
        return
    for document in documents:
        show(document)


def _drawable(path: Path) -> None:
    """Refuse a place for the plot before anything is searched."""
    from hybridspec.base.errors import UsageError

    if path.is_dir() or not path.parent.is_dir():
        raise UsageError(f"no plot can be written to {path}", help="name a file in a folder that "
                         "is there: `--svg candidates.svg`")  # fmt: skip


def _draw(path: Path, search: dict[str, Any], *, single: bool) -> None:
    from hybridspec.deliver.durable import write_durably
    from hybridspec.report.plot import plot

    if not single:
        path = path.with_name(f"{path.stem}-{search['model']}-{search['device']}{path.suffix}")
    write_durably(path, plot(search).encode())
    output.say(f"{path} written")

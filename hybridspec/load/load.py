"""Everything a run reads: the spec, the catalogues and what the spec's files hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins, Span
from hybridspec.ir.model_file import ModelFile
from hybridspec.load import file
from hybridspec.load.bind import bind
from hybridspec.load.catalog import load_catalogs
from hybridspec.load.model import load_models
from hybridspec.load.yaml import parse
from hybridspec.spec.catalog import Catalog
from hybridspec.spec.document import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A spec with the place of every value, and the facts it refers to."""

    path: Path
    spec: Spec
    origins: Origins
    spec_digest: str
    catalogs: Mapping[str, Catalog]
    catalog_digest: str
    models: Mapping[str, ModelFile]

    @property
    def folder(self) -> Path:
        """The folder that the spec's file names are relative to."""
        return self.path.parent

    @property
    def inputs(self) -> tuple[tuple[Path, str], ...]:
        """Every file of the user's that was read, with its SHA-256."""
        found = {self.path: self.spec_digest}
        for model in self.models.values():
            if model.facts is not None:
                found[model.path] = model.facts.digest
            for data in (model.evaluation, model.calibration):
                if data is not None:
                    found[data.path] = data.digest
        return tuple(sorted(found.items()))


def load(argument: Path, cache: Path, sink: Sink) -> Loaded | None:
    """Read the spec at `argument` (a file, or a folder that holds one); faults go to `sink`."""
    path = file.locate(argument)
    source = file.read_source(path)
    if isinstance(source, Diagnostic):
        sink.add(source)
        return None
    document = parse(source, sink)
    if document is None:
        if not sink.has_errors:
            sink.add(Diagnostic(
                code="HS0106", message=f"{source.shown} holds no spec", help="start one with "
                "`hybridspec init`, or begin with `apiVersion: hybridspec.dev/v1`",
                span=Span(file=source, line=1, column=1, end_line=1, end_column=2),
            ))  # fmt: skip
        return None
    spec = bind(document, Spec, sink, path.parent)
    if spec is None:
        return None
    catalogs, catalog_digest = load_catalogs()
    return Loaded(
        path=path,
        spec=spec,
        origins=document.origins,
        spec_digest=source.digest,
        catalogs=catalogs,
        catalog_digest=catalog_digest,
        models=load_models(spec.models, path.parent, cache),
    )

"""Everything a run reads: the spec, the catalogues and what the spec's files hold."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import Origins, SourceFile
from hybridspec.ir.document_file import DocumentFile
from hybridspec.ir.model_file import ModelFile
from hybridspec.load import file
from hybridspec.load.bind import bind
from hybridspec.load.catalog import catalogs_of
from hybridspec.load.compose import LOCAL, compose
from hybridspec.load.documents import load_documents
from hybridspec.load.exchange import rates_of
from hybridspec.load.measurements import Measured, load_measurements
from hybridspec.load.model import load_models
from hybridspec.load.setting import with_settings
from hybridspec.load.site_table import Tabled, add_sites
from hybridspec.load.variables import Filled, fill
from hybridspec.load.yaml import Document
from hybridspec.spec.catalog import Catalog
from hybridspec.spec.composition import Composition
from hybridspec.spec.document import Spec

NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A spec with the place of every value, and the facts it refers to.

    `document` is the spec put together from `files`; `taken` is what the environment gave to its
    variables (None: nothing).
    """

    path: Path
    stack: str
    spec: Spec
    document: Document
    files: tuple[tuple[Path, str], ...]
    taken: tuple[tuple[str, str | None], ...]
    catalogs: Mapping[str, Catalog]
    catalog_digest: str
    models: Mapping[str, ModelFile]
    documents: Mapping[str, DocumentFile]
    measured: Measured = Measured()

    @property
    def folder(self) -> Path:
        """The folder that the spec's file names are relative to."""
        return self.path.parent

    @property
    def origins(self) -> Origins:
        """Where each value of the spec was written."""
        return self.document.origins

    @property
    def spec_digest(self) -> str:
        """One digest over every file of the spec and every variable; a lone file's is its own."""
        if len(self.files) == 1 and not self.taken:
            return self.files[0][1]
        total = hashlib.sha256()
        for path, digest in self.files:
            total.update(f"{path.relative_to(self.folder).as_posix()}\0{digest}\n".encode())
        for name, text in self.taken:
            total.update(f"{name}\0{'' if text is None else '=' + text}\n".encode())
        return total.hexdigest()

    @property
    def inputs(self) -> tuple[tuple[Path, str], ...]:
        """Every file of the user's that was read, with its SHA-256."""
        found = dict(self.files)
        for model in self.models.values():
            if model.facts is not None:
                found[model.path] = model.facts.digest
            for data in (model.evaluation, model.calibration):
                if data is not None:
                    found[data.path] = data.digest
        for document in self.documents.values():
            if document.digest:
                found[document.path] = document.digest
        return tuple(sorted((found | dict(self.measured.files)).items()))


def load(
    argument: Path, cache: Path, sink: Sink, *, stack: str = LOCAL,
    environment: Mapping[str, str] = NOTHING, settings: Sequence[str] = (),
) -> Loaded | None:  # fmt: skip
    """Read the spec at `argument` (a file, or a folder that holds one); faults go to `sink`.

    `settings` are laid over what was read.

    Raises:
        StackNotFound: neither the spec nor a file beside it knows `stack`.
        UsageError: a setting cannot be read, or no spec has its key.
    """
    path = file.locate(argument)
    composed = compose(path, stack, sink)
    if composed is None:
        return None
    filled = fill(composed.document, environment, sink)
    _check_composition(filled.document, sink)
    tabled = add_sites(filled.document, path.parent, sink)
    document = with_settings(_finished(tabled.document), settings)
    bound = Sink()
    rates = rates_of(document.value)
    spec = bind(document, Spec, bound, path.parent, rates)
    _explain(bound, filled, tabled, sink)
    if spec is None:
        return None
    catalogs, catalog_digest = catalogs_of(spec, document.origins, sink, rates["USD"])
    return Loaded(
        path=path,
        stack=stack,
        spec=spec,
        document=document,
        files=_digests(*composed.files, *tabled.files),
        taken=filled.taken,
        catalogs=catalogs,
        catalog_digest=catalog_digest,
        models=load_models(spec.models, path.parent, cache),
        documents=load_documents(spec, path.parent),
        measured=load_measurements(spec, document.origins, path.parent, sink),
    )


def _check_composition(document: Document, sink: Sink) -> None:
    """Whether variables and tables have the right shape."""
    value = document.value
    if isinstance(value, dict):
        sections = {key: value[key] for key in Composition.model_fields if key in value}
        bind(replace(document, value=sections), Composition, sink)


def _finished(document: Document) -> Document:
    """The document without the sections that have done their work."""
    value = document.value
    if not isinstance(value, dict):
        return document
    left = {key: item for key, item in value.items() if key not in Composition.model_fields}
    return replace(document, value=left)


def _explain(bound: Sink, filled: Filled, tabled: Tabled, sink: Sink) -> None:
    """Hand findings on; those at a value that variables made say where these are declared.

    Edits are written for YAML, so that none may touch a table.
    """
    rows = [source for _, source in tabled.files]
    for finding in bound.kept:
        if finding.span in filled.faulty:
            continue
        fixes = () if any(e.span.file in rows for e in finding.fixes) else finding.fixes
        notes = filled.uses.get(finding.span, ()) if finding.span is not None else ()
        sink.add(replace(finding, fixes=fixes, notes=(*finding.notes, *notes)))
    sink.omit(bound.omitted)


def _digests(*files: tuple[Path, SourceFile]) -> tuple[tuple[Path, str], ...]:
    return tuple((path, source.digest) for path, source in dict(files).items())

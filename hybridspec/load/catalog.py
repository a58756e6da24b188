"""Every installed target's facts, as one dated mapping."""

from __future__ import annotations

import hashlib

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.bind import bind
from hybridspec.load.yaml import parse
from hybridspec.spec.catalog import Catalog
from hybridspec.target import registry


def load_catalogs() -> tuple[dict[str, Catalog], str]:
    """Catalogue of every target by its name, and one digest over all of them.

    Raises:
        ValueError: a target ships a catalogue that breaks its own schema.
    """
    catalogs: dict[str, Catalog] = {}
    digest = hashlib.sha256()
    for name, target in registry.targets().items():
        text = registry.catalog_text(target)
        digest.update(f"{name}\0{text}\0".encode())
        catalogs[name] = parse_catalog(name, text)
    return catalogs, digest.hexdigest()


def parse_catalog(name: str, text: str) -> Catalog:
    """One catalogue from its text; raises `ValueError` with the first fault."""
    source = SourceFile(shown=f"{name}/catalog.yaml", name=f"{name}/catalog.yaml", text=text)
    sink = Sink()
    document = parse(source, sink)
    catalog = None if document is None else bind(document, Catalog, sink)
    if catalog is None:
        fault = next(iter(sink.findings), None)
        where = fault.span.shown if fault and fault.span else f"{source.shown}:1:1"
        raise ValueError(f"{where}: {fault.message if fault else 'the catalogue is empty'}")
    return catalog

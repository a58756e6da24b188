"""The facts of installed targets, as dated mappings: read, and joined with a spec's own rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from fractions import Fraction
from functools import lru_cache
from typing import Any

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import Origins, SourceFile
from hybridspec.load.energy import energy_digest
from hybridspec.load.latency_rows import with_latency, written_latency
from hybridspec.load.override import overridden
from hybridspec.load.strict import bind_text
from hybridspec.load.yaml import parse
from hybridspec.spec.catalog import Catalog
from hybridspec.spec.document import Spec
from hybridspec.target import registry

ONE = Fraction(1)


def load_catalogs(
    clouds: Collection[str] | None = None, dollar: Fraction = ONE
) -> tuple[dict[str, Catalog], str]:
    """Catalogue of every target by its name, and one digest over all of them.

    Given names of `clouds`, those of other clouds are left out, since reading them takes time; the
    digest is over all the same. `dollar` is its worth in the currency of the spec.

    Raises:
        ValueError: a target ships a catalogue that breaks its own schema.
    """
    catalogs: dict[str, Catalog] = {}
    digest = hashlib.sha256()
    for name, target in registry.targets().items():
        text = registry.catalog_text(target)
        latency = registry.latency_text(target)
        digest.update(f"{name}\0{text}\0{latency}\0".encode())
        if clouds is None or target.kind != "cloud" or name in clouds:
            catalogs[name] = parse_catalog(name, text, dollar, latency)
    digest.update(f"energy\0{energy_digest()}\0".encode())
    return catalogs, digest.hexdigest()


def catalogs_of(
    spec: Spec, origins: Origins, sink: Sink, dollar: Fraction = ONE
) -> tuple[dict[str, Catalog], str]:
    """The catalogues that the spec needs, with its own rows; faults of these go to `sink`.

    A spec that names an unknown cloud gets all of them, so that it can be told what there is.
    """
    named = {cloud.provider for cloud in spec.clouds.values()} | set(spec.catalog.regions)
    known = {name for name, target in registry.targets().items() if target.kind == "cloud"}
    catalogs, digest = load_catalogs(named if named <= known else None, dollar)
    if not (spec.catalog.boards or spec.catalog.regions):
        return catalogs, digest
    own = json.dumps(spec.catalog.model_dump(exclude_unset=True), sort_keys=True, default=str)
    digest = hashlib.sha256(f"{digest}\0{own}".encode()).hexdigest()
    return overridden(catalogs, spec, origins, sink), digest


def _latency(catalog: dict[str, Any], text: str) -> None:
    """Put the rows of `latency.csv` where they would stand in `catalog.yaml`."""
    for board, row in written_latency(text):
        catalog["boards"][board].setdefault("latency", []).append(row)


def written_catalogs() -> dict[str, dict[str, Any]]:
    """Every target's catalogue as its file says it, with units and before any default."""
    found = {}
    for name, target in registry.targets().items():
        text = registry.catalog_text(target)
        where = f"{name}/catalog.yaml"
        document = parse(SourceFile(shown=where, name=where, text=text), Sink())
        if document is not None and isinstance(document.value, dict):
            found[name] = document.value
            _latency(document.value, registry.latency_text(target))
    return found


@lru_cache(maxsize=16)
def parse_catalog(name: str, text: str, dollar: Fraction = ONE, latency: str = "") -> Catalog:
    """One catalogue from its text, which is read once; raises `ValueError` with the first fault.

    `latency` is the text of `latency.csv`.
    """
    rates = {"USD": dollar}
    catalog = bind_text(f"{name}/catalog.yaml", text, Catalog, "the catalogue", rates)
    return with_latency(name, catalog, latency) if latency else catalog

"""Data assets: what they are, whom they are about and where they are born."""

from __future__ import annotations

from hybridspec.base.diagnostic import Sink
from hybridspec.base.edit import removed
from hybridspec.base.source import Origins
from hybridspec.ir.graph import Data
from hybridspec.ir.law import LawFacts
from hybridspec.resolve.references import lookup
from hybridspec.resolve.zone import countries
from hybridspec.spec.document import Spec


def resolve_data(spec: Spec, origins: Origins, law: LawFacts, sink: Sink) -> dict[str, Data]:
    """Every data asset by name."""
    return {name: _data(name, spec, origins, law, sink) for name in spec.data}


def _data(name: str, spec: Spec, origins: Origins, law: LawFacts, sink: Sink) -> Data:
    written = spec.data[name]
    for index, site in enumerate(written.born or []):
        lookup(site, spec.sites, sink, kind="site",
               span=origins.value("data", name, "born", index),
               otherwise=removed(origins, ("data", name, "born", index)))  # fmt: skip
    return Data(
        name=name,
        category=written.category,
        personal=written.category.split(".")[0] == "user",
        size=written.size,
        rate=written.rate,
        subjects=countries(written.subjects, ("data", name, "subjects"),
                           (law, spec.metadata.as_of), origins, sink),
        sensitivity=written.sensitivity,
        subject_count=written.subject_count,
        identifiability=written.identifiability,
        born=tuple(dict.fromkeys(written.born or [])),
        origin=origins.key("data", name),
    )  # fmt: skip

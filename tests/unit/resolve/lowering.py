"""A spec as plain data to a Graph, with a made-up catalogue and model files that need no disk."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from property.graphs import facts

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import SourceFile
from hybridspec.ir.graph import Graph
from hybridspec.ir.model_file import DataFile, ModelFile
from hybridspec.load.bind import bind
from hybridspec.load.catalog import load_catalogs
from hybridspec.load.energy import shipped_energy
from hybridspec.load.exchange import rates_of
from hybridspec.load.facts import shipped_facts
from hybridspec.load.yaml import parse
from hybridspec.resolve.lower import Facts, lower
from hybridspec.spec.catalog import Catalog
from hybridspec.spec.document import Spec
from hybridspec.spec.quantity import DOLLARS
from hybridspec.target.registry import targets

PLAIN: dict[str, Any] = {
    "apiVersion": "hybridspec.dev/v1",
    "metadata": {"name": "test", "owner": "o@example.org", "as_of": "2026-11-01"},
    "zones": {"eu": {"countries": ["EU"]}},
    "devices": {"gateway": {"board": "raspberry-pi-5", "max_offline": "P1D",
                            "uplink": {"bandwidth": "20Mbit/s", "rtt": "35ms"}}},
    "sites": {"lab": {"country": "DE", "zone": "eu", "devices": {"gateway": 1}}},
    "clouds": {"aws": {"provider": "aws", "regions": ["eu-central-1"]}},
    "data": {"frames": {"category": "system.operations", "size": "1kB", "rate": "10/s"}},
    "models": {"detect": {"source": "m.onnx", "floor": 0.9, "allowed_drop": 0.01,
                          "evaluation": "e.npz"}},
    "flows": {"watch": {"data": "frames", "stages": {
        "scale": {"transform": "normalise", "inputs": ["frames"]},
        "see": {"model": "detect", "inputs": ["scale"]},
        "tell": {"sink": "alert", "inputs": ["see"]},
    }}},
    "rollout": {"cohorts": [{"name": "all", "percent": 100, "max_failures": 0.1}]},
}  # fmt: skip

_CATALOGS, _DIGEST = load_catalogs()


def spec(**sections: Any) -> dict[str, Any]:
    """The plain spec with sections replaced, or keys of them where a path has dots."""
    made = copy.deepcopy(PLAIN)
    for path, value in sections.items():
        *above, last = path.split("__")
        here = made
        for key in above:
            here = here[key]
        here[last] = value
    return made


def stages(**steps: Any) -> dict[str, Any]:
    """The plain spec with these stages in its flow."""
    return spec(flows__watch__stages=steps)


def _stated(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _stated(item) for key, item in value.items() if item is not None}
    return [_stated(item) for item in value] if isinstance(value, list) else value


def lowered(
    written: dict[str, Any], catalogs: dict[str, Catalog] | None = None
) -> tuple[Graph, list[Diagnostic]]:
    """The graph and the findings of resolving; a key that is None is left out."""
    text = yaml.safe_dump(_stated(written), sort_keys=False)
    source, sink = SourceFile(shown="s.yaml", name="s.yaml", text=text), Sink()
    document = parse(source, sink)
    assert document is not None, sink.findings
    rates = rates_of(document.value)
    bound = bind(document, Spec, sink, rates=rates)
    assert bound is not None, sink.findings
    data = DataFile(path=Path("e.npz"), digest="0" * 64,
                    arrays=(("x", "float32", (4, 8)), ("label", "int64", (4,))))  # fmt: skip
    models = {name: ModelFile(path=Path("m.onnx"), facts=facts(), evaluation=data)
              for name in bound.models}  # fmt: skip
    known = _CATALOGS if rates is DOLLARS else load_catalogs({"aws"}, rates["USD"])[0]
    given = Facts(catalogs=catalogs or known, catalog_digest=_DIGEST, spec_digest="1" * 64,
                  models=models, needs={"aws": ("s3", "kms")}, law=shipped_facts(),
                  energy=shipped_energy(),
                  controls={name: one.controls for name, one in targets().items()})  # fmt: skip
    return lower(bound, document.origins, given, sink), list(sink.findings)


def catalogs(**regions: dict[str, Any]) -> dict[str, Catalog]:
    """The built-in catalogues, in which some regions of `aws` have other facts."""
    aws = _CATALOGS["aws"]
    rows = {**aws.regions}
    for name, fields in regions.items():
        key = name.replace("_", "-")
        base = rows.get(key, rows["eu-central-1"])
        rows[key] = base.model_copy(
            update={"prices": rows["eu-central-1"].prices,
                    "services": rows["eu-central-1"].services, **fields}
        )  # fmt: skip
    return {**_CATALOGS, "aws": aws.model_copy(update={"regions": rows})}

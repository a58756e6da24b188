"""The bill of materials of a bundle: CycloneDX 1.6 with a model card for each model, as JSON.

CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). Made here instead of by a library, whose
classes know no model cards and would drop them. No time in it: the same bundle, the same bill.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from hybridspec import __version__
from hybridspec.bundle.manifest import canonical_json
from hybridspec.ir.artefact import Artefact, Verdict
from hybridspec.ir.graph import Graph, Model, Tensor

_EXPRESSION = re.compile(r"\(*[A-Za-z0-9.+-]+\)*( (AND|OR|WITH) \(*[A-Za-z0-9.+-]+\)*)*")
_NAMESPACE = uuid.UUID("6f0d3a64-4d33-5a0e-8f0c-6b1de8e2a2f4")

_Component = dict[str, Any]


def sbom(
    graph: Graph, device_class: str, artefacts: Sequence[Artefact], digests: Mapping[str, str],
    wheels: Mapping[str, Any], plan_digest: str,
) -> bytes:  # fmt: skip
    """The bill as canonical JSON; `digests` are those of every other member of the bundle."""
    models = [_model(graph, artefact) for artefact in artefacts]
    data = [one for artefact in artefacts for one in _data(artefact.model)]
    packages = [_package(one) for one in wheels.get("packages", ())]
    files = [_file(path, digest) for path, digest in sorted(digests.items())
             if not path.startswith("model/") or not path.endswith("/model.onnx")]  # fmt: skip
    inside = [*models, *packages, *files]
    components = sorted([*inside, *data], key=lambda one: str(one["bom-ref"]))
    listing = "\n".join(f"{digests[path]}  {path}" for path in sorted(digests))
    return canonical_json({
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, listing)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "firmware", "bom-ref": "bundle", "name": f"{graph.name}/{device_class}",
                "version": plan_digest[:16],
            },
            "tools": {"components": [
                {"type": "application", "name": "hybridspec", "version": __version__}
            ]},
        },
        "components": components,
        "dependencies": [
            {"ref": "bundle", "dependsOn": sorted(str(one["bom-ref"]) for one in inside)},
            *({"ref": str(model["bom-ref"]), "dependsOn": []} for model in models),
        ],
    })  # fmt: skip


def _hashes(digest: str) -> list[dict[str, str]]:
    return [{"alg": "SHA-256", "content": digest}]


def _licences(stated: str) -> list[dict[str, Any]]:
    if _EXPRESSION.fullmatch(stated):
        return [{"expression": stated, "acknowledgement": "declared"}]
    return [{"license": {"name": stated, "acknowledgement": "declared"}}]


def _properties(pairs: Iterable[tuple[str, object]]) -> list[dict[str, str]]:
    return [{"name": f"hybridspec:{name}", "value": str(value)} for name, value in pairs
            if str(value)]  # fmt: skip


def _model(graph: Graph, artefact: Artefact) -> _Component:
    model = artefact.model
    return {
        "type": "machine-learning-model",
        "bom-ref": f"model/{model.name}",
        "name": model.name,
        "version": f"{artefact.variant}-{artefact.digest[:12]}",
        "hashes": _hashes(artefact.digest),
        "licenses": _licences(model.licence),
        "pedigree": {"ancestors": [{
            "type": "machine-learning-model", "name": model.name,
            "version": model.facts.digest[:12], "hashes": _hashes(model.facts.digest),
        }]},
        "modelCard": _card(graph, artefact),
    }  # fmt: skip


def _card(graph: Graph, artefact: Artefact) -> dict[str, Any]:
    model = artefact.model
    verdict = chosen(artefact)
    uses = [
        flow.name
        for flow in graph.flows
        if any(s.model is not None and s.model.name == model.name for s in flow.stages)
    ]
    return {
        "bom-ref": f"card/{model.name}",
        "modelParameters": {
            "task": model.task,
            "datasets": [{"ref": one["bom-ref"]} for one in _data(model)],
            "inputs": [{"format": _tensor(one)} for one in model.facts.inputs],
            "outputs": [{"format": _tensor(one)} for one in model.facts.outputs],
        },
        "quantitativeAnalysis": {"performanceMetrics": _metrics(verdict)},
        "considerations": {
            "useCases": [*(f"flow {name}" for name in uses),
                         *(f"{a.use} (approved by {a.by} on {a.on})" for a in model.approvals)],
            "technicalLimitations": [
                _bounds(model), *(verdict.cautions if verdict is not None else ()),
            ],
        },
        "properties": _properties(_facts(artefact, verdict)),
    }  # fmt: skip


def _bounds(model: Model) -> str:
    if not model.metric:
        return "no task metric is stated: the variant was compared with the original alone"
    return (
        f"{model.metric} of {float(model.floor):g} on the evaluation data is the least that is "
        f"accepted, and a loss of {float(model.allowed_drop):g} the most"
    )


def chosen(artefact: Artefact) -> Verdict | None:
    """The verdict on the variant that ships."""
    return next((v for v in artefact.verdicts if v.variant == artefact.variant), None)


def _metrics(verdict: Verdict | None) -> list[dict[str, Any]]:
    if verdict is None or not verdict.evidence.metric:
        return []
    evidence = verdict.evidence
    low, high = evidence.variant - evidence.interval, evidence.variant + evidence.interval
    return [
        {"type": evidence.metric, "value": f"{evidence.variant:g}", "slice": "evaluation data",
         "confidenceInterval": {"lowerBound": f"{low:.6g}", "upperBound": f"{high:.6g}"}},
        {"type": f"{evidence.metric} of the original", "value": f"{evidence.original:g}",
         "slice": "evaluation data"},
    ]  # fmt: skip


def _facts(artefact: Artefact, verdict: Verdict | None) -> list[tuple[str, object]]:
    facts = artefact.model.facts
    found: list[tuple[str, object]] = [
        ("variant", artefact.variant), ("parameters", facts.parameters), ("opset", facts.opset),
        ("operators", facts.operators), ("path", f"model/{artefact.model.name}/model.onnx"),
    ]  # fmt: skip
    if verdict is not None:
        evidence = verdict.evidence
        found += [
            ("recipe", evidence.recipe), ("samples", evidence.samples),
            ("agreement", f"{evidence.agreement:g}"), ("cosine", f"{evidence.cosine:g}"),
            ("sqnr-db", f"{evidence.sqnr_db:g}"), ("original-size", evidence.original_size),
            ("size", evidence.variant_size),
        ]  # fmt: skip
    found += [("lineage", one) for one in artefact.model.lineage]
    return found


def _tensor(tensor: Tensor) -> str:
    shape = ", ".join("?" if size < 0 else str(size) for size in tensor.shape)
    return f"{tensor.dtype} [{shape}]"


def _data(model: Model) -> list[_Component]:
    """The data that a model was judged and calibrated on: not in the bundle, known by digest."""
    found = [("evaluation", model.evaluation_digest)]
    if model.calibration_digest is not None:
        found.append(("calibration", model.calibration_digest))
    return [
        {"type": "data", "bom-ref": f"data/{model.name}/{use}", "name": f"{model.name} {use} data",
         "scope": "excluded", "hashes": _hashes(digest),
         "data": [{"type": "dataset", "name": f"{use} data of {model.name}"}]}
        for use, digest in found
    ]  # fmt: skip


def _package(one: Mapping[str, Any]) -> _Component:
    return {
        "type": "library",
        "bom-ref": f"pkg:pypi/{one['name']}@{one['version']}",
        "name": one["name"],
        "version": one["version"],
        "purl": f"pkg:pypi/{one['name']}@{one['version']}",
        "licenses": _licences(one["licence"]),
        "properties": _properties([
            ("python", one["marker"]),
            *(("wheel", f"{w['file']} sha256:{w['sha256']}") for w in one["wheels"]),
        ]),
    }  # fmt: skip


def _file(path: str, digest: str) -> _Component:
    return {"type": "file", "bom-ref": f"file/{path}", "name": path, "hashes": _hashes(digest)}

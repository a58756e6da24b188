"""What is attested of a bundle: how it was made, and that its models passed their gate.

SLSA Provenance v1 (https://slsa.dev/spec/v1.0/provenance) and in-toto test-result v0.1
(https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md). No time is in
them: a build has none, and who signs later does not know when it ran. No SLSA level is claimed;
the builder is whoever holds the key.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hybridspec import __version__
from hybridspec.bundle.envelope import statement
from hybridspec.bundle.sbom import chosen
from hybridspec.ir.artefact import Artefact
from hybridspec.ir.graph import Graph, Model

PROVENANCE = "https://slsa.dev/provenance/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
BUILD_TYPE = "https://hybridspec.dev/build/compile/v1"
BUILDER = "https://hybridspec.dev/builder/local/v1"
RELEASE = "release-content"
"""The subject that stands for the manifest: its digest without what carries signatures."""


def provenance(
    graph: Graph, device_class: str, artefacts: Sequence[Artefact], digests: Mapping[str, str],
    content: str, plan_digest: str,
) -> bytes:  # fmt: skip
    """The statement: every member that is there before signing, and all that went into them."""
    tools = {name: version for a in artefacts for v in a.verdicts
             for name, version in v.evidence.tools}  # fmt: skip
    return statement(
        _subjects({RELEASE: content, **digests}), PROVENANCE,
        {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {"spec": graph.name, "deviceClass": device_class},
                "internalParameters": {
                    "planDigest": plan_digest,
                    "variants": {a.model.name: a.variant for a in artefacts},
                    "recipes": {a.model.name: _recipe(a) for a in artefacts},
                },
                "resolvedDependencies": _dependencies(graph, artefacts),
            },
            "runDetails": {
                "builder": {"id": BUILDER, "version": {"hybridspec": __version__, **tools}},
            },
        },
    )  # fmt: skip


def accuracy(artefacts: Sequence[Artefact], digests: Mapping[str, str]) -> bytes:
    """The statement: each model, the data that judged it, what was measured, and the outcome."""
    verdicts = {artefact.model.name: chosen(artefact) for artefact in artefacts}
    warned = sorted(name for name, verdict in verdicts.items() if verdict and verdict.cautions)
    failed = sorted(
        name for name, verdict in verdicts.items() if not (verdict and verdict.accepted)
    )
    passed = sorted(set(verdicts) - set(warned) - set(failed))
    return statement(
        _subjects({path: digest for path, digest in digests.items() if path.endswith(".onnx")}),
        TEST_RESULT,
        {
            "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
            "configuration": [_judged(artefact) for artefact in artefacts],
            "passedTests": [f"gate/{name}" for name in passed],
            "warnedTests": [f"gate/{name}" for name in warned if name not in failed],
            "failedTests": [f"gate/{name}" for name in failed],
        },
    )  # fmt: skip


def _subjects(digests: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": path, "digest": {"sha256": digests[path]}} for path in sorted(digests)]


def _recipe(artefact: Artefact) -> str:
    verdict = chosen(artefact)
    return verdict.evidence.recipe if verdict is not None else ""


def _dependencies(graph: Graph, artefacts: Sequence[Artefact]) -> list[dict[str, Any]]:
    found = {"spec": graph.spec_digest, "catalogue": graph.catalog_digest}
    for artefact in artefacts:
        found |= _inputs(artefact.model)
    return _subjects(found)


def _inputs(model: Model) -> dict[str, str]:
    found = {
        f"model/{model.name}": model.facts.digest,
        f"evaluation/{model.name}": model.evaluation_digest,
    }
    if model.calibration_digest is not None:
        found[f"calibration/{model.name}"] = model.calibration_digest
    return found


def _judged(artefact: Artefact) -> dict[str, Any]:
    """The evaluation data of a model, annotated with the bounds and with what was measured."""
    model, verdict = artefact.model, chosen(artefact)
    annotations: dict[str, Any] = {
        "variant": artefact.variant, "metric": model.metric, "floor": f"{float(model.floor):g}",
        "allowedDrop": f"{float(model.allowed_drop):g}",
    }  # fmt: skip
    if verdict is not None:
        evidence = verdict.evidence
        annotations |= {
            "measured": f"{evidence.variant:g}", "original": f"{evidence.original:g}",
            "interval": f"{evidence.interval:g}", "samples": evidence.samples,
            "agreement": f"{evidence.agreement:g}", "cosine": f"{evidence.cosine:g}",
            "cautions": list(verdict.cautions),
        }  # fmt: skip
    return {
        "name": f"evaluation/{model.name}", "digest": {"sha256": model.evaluation_digest},
        "annotations": annotations,
    }  # fmt: skip

"""What keeps data on a device: guards over the files of a bundle, each proved from them."""

from __future__ import annotations

import json

from hybridspec.target.api import Emission, Guard

RUNTIME = "runtime/flows.json"


def _silent(part: Emission) -> str:
    try:
        runtime = json.loads(part.files[RUNTIME])
    except KeyError:
        return f"the bundle has no {RUNTIME}"
    except ValueError:
        return f"{RUNTIME} is no JSON"
    environment = runtime.get("environment") if isinstance(runtime, dict) else None
    told = isinstance(environment, dict) and environment.get("ORT_DISABLE_TELEMETRY") == "1"
    return "" if told else f"{RUNTIME} does not tell the runtime to report to nobody"


GUARDS = (
    Guard(
        id="ort-telemetry-off",
        title="the runtime is started with its telemetry off, by the bundle's own environment",
        facets=("logs",), assets=("stage", "model"),
        source="https://github.com/microsoft/onnxruntime/pull/27379", missing=_silent,
    ),
)  # fmt: skip

"""EdgeSlice to the runtime folder of a bundle: what to run, in which order, with which wheels."""

from __future__ import annotations

import functools
import json
from importlib.resources import files
from typing import Any

from hybridspec.ir.graph import Flow, Stage
from hybridspec.ir.plan import EdgeSlice
from hybridspec.target.api import Emitted, Payload

_ENVIRONMENT = {"MALLOC_MMAP_THRESHOLD_": "131072", "ORT_DISABLE_TELEMETRY": "1"}
"""What is set before the runtime starts: without it, glibc keeps copies of weights that were freed,
and the runtime reports models to its vendor."""


def emit(part: EdgeSlice) -> Emitted:
    """The runtime configuration and the wheels that the board's agent installs beside it."""
    runtime = {
        "schema": "hybridspec.dev/runtime/v1",
        "spec": part.spec,
        "deviceClass": part.device_class,
        "architecture": part.architecture,
        **({"runtime": part.runtime} if part.steps else {}),
        "threads": part.threads,
        "environment": _ENVIRONMENT,
        "models": [{"name": name, "variant": variant} for name, variant in part.models],
        "flows": [_flow(flow, stages) for flow, stages in part.stages],
    }
    wheels = _wheels(part.architecture)
    return (
        *_steps(part),
        Payload(path="runtime/flows.json", data=_json(runtime)),
        Payload(path="runtime/egress.json", data=_json(_egress(part))),
        Payload(path="runtime/wheels.json", data=_json(wheels)),
        Payload(path="runtime/requirements.txt", data=_requirements(wheels)),
    )


@functools.cache
def _lock() -> dict[str, Any]:
    """The wheels that were locked when this version was made."""
    found: dict[str, Any] = json.loads(files(__package__).joinpath("wheels.json").read_bytes())
    return found


def _wheels(architecture: str) -> dict[str, Any]:
    """What the agent and its runtime need on a board of this architecture, pinned by hash."""
    packages = [{**one, "wheels": one["wheels"].get(architecture, [])}
                for one in _lock()["packages"]]  # fmt: skip
    return {
        "schema": "hybridspec.dev/wheels/v1",
        "architecture": architecture,
        "pythons": _lock()["pythons"],
        "packages": packages,
    }


def _requirements(wheels: dict[str, Any]) -> bytes:
    """The same in pip's hash-checking form: `pip install --require-hashes --no-index -f wheels`."""
    lines = []
    for one in wheels["packages"]:
        marker = f" ; {one['marker']}" if one["marker"] else ""
        hashes = "".join(f" \\\n    --hash=sha256:{wheel['sha256']}" for wheel in one["wheels"])
        lines.append(f"{one['name']}=={one['version']}{marker}{hashes}\n")
    return "".join(lines).encode()


def _steps(part: EdgeSlice) -> Emitted:
    """What has to be built from the bundle before its runtime can run it: for programs, for people.

    The agent does not run these commands; they need compilers that it does not bring.
    """
    if not part.steps:
        return ()
    listed = {
        "schema": "hybridspec.dev/steps/v1",
        "spec": part.spec,
        "deviceClass": part.device_class,
        "runtime": part.runtime,
        "steps": [
            {"model": s.model, "variant": s.variant, "where": s.where, "command": s.command,
             "inputs": list(s.inputs), "outputs": list(s.outputs), "needs": s.needs, "why": s.why,
             "source": s.source}
            for s in part.steps
        ],
    }  # fmt: skip
    text = [
        f"# Models for {part.runtime}\n\nThe bundle carries the models in the form that "
        f"{part.runtime} takes. Run these commands in the folder of the release, in order; the "
        "agent does not.\n"
    ]
    for number, step in enumerate(part.steps, 1):
        text.append(
            f"\n## {number}. {step.model} ({step.variant}), on the {step.where}\n\n"
            f"Needs {step.needs}. {step.why[0].upper()}{step.why[1:]}. <{step.source}>\n\n"
            f"```sh\nmkdir -p built/{step.model}\n{step.command}\n```\n"
        )
    return (
        Payload(path="runtime/steps.json", data=_json(listed)),
        Payload(path="runtime/STEPS.md", data="".join(text).encode()),
    )


def _egress(part: EdgeSlice) -> dict[str, object]:
    """Every host that the plan lets the class reach; whatever is not listed is not in the plan."""
    return {
        "schema": "hybridspec.dev/egress/v1",
        "spec": part.spec,
        "deviceClass": part.device_class,
        "default": "deny",
        "enforcedBy": "the site's firewall: the agent does not act on this list",
        "allow": [
            {
                "purpose": one.purpose,
                "zone": one.zone,
                "hosts": list(one.hosts),
                "countries": list(one.countries),
            }
            for one in part.destinations
        ],
    }


def _flow(flow: Flow, stages: tuple[Stage, ...]) -> dict[str, object]:
    return {
        "name": flow.name,
        "data": flow.data.name,
        "offlineMicroseconds": flow.offline,
        "stages": [_stage(stage) for stage in stages],
    }


def _stage(stage: Stage) -> dict[str, object]:
    return {
        "name": stage.name,
        "kind": str(stage.kind),
        "operation": stage.operation,
        "inputs": list(stage.inputs),
        "feedback": list(stage.feedback),
        "outputBytes": stage.output_size,
    }


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()

"""Policy packs asked of evaluated resources: by what stands in for `pulumi_policy`, or by it."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from conftest import ROOT

from hybridspec.deliver.evaluate import Resource


class _Pack:
    """What a pack declares: kept, where the real class would serve it for ever."""

    last: _Pack | None = None

    def __init__(self, **declared: Any) -> None:
        self.declared = declared
        _Pack.last = self


def _stand_in() -> ModuleType:
    """The names of `pulumi_policy` that packs use."""
    made = ModuleType("pulumi_policy")
    level = SimpleNamespace(MANDATORY="mandatory", ADVISORY="advisory")
    made.EnforcementLevel = level  # type: ignore[attr-defined]
    made.PolicyPack = _Pack  # type: ignore[attr-defined]
    for name in ("ResourceValidationPolicy", "StackValidationPolicy"):
        kept = type(name, (SimpleNamespace,), {})
        setattr(made, name, kept)
    for name in ("ReportViolation", "ResourceValidationArgs", "StackValidationArgs"):
        setattr(made, name, object)
    return made


def loaded(folder: Path) -> dict[str, Any]:
    """What the pack of a project declares, without the real library."""
    former = sys.modules.get("pulumi_policy")
    sys.modules["pulumi_policy"] = _stand_in()
    try:
        runpy.run_path(str(folder / "policy" / "__main__.py"), run_name="__main__")
    finally:
        if former is None:
            del sys.modules["pulumi_policy"]
        else:
            sys.modules["pulumi_policy"] = former
    assert _Pack.last is not None
    return _Pack.last.declared


def violations(folder: Path, resources: Sequence[Resource]) -> list[tuple[str, str]]:
    """Policy and message for all that a pack says of resources."""
    found: list[tuple[str, str]] = []
    providers = {r.name: r for r in resources if r.type.startswith("pulumi:providers:")}
    asked = [_args(r, providers.get(r.owner)) for r in resources if r.custom]
    for policy in loaded(folder)["policies"]:

        def report(message: str, urn: str | None = None, name: str = policy.name) -> None:
            found.append((name, message))

        if type(policy).__name__ == "StackValidationPolicy":
            policy.validate(SimpleNamespace(resources=asked), report)
        else:
            for args in asked:
                policy.validate(args, report)
    return found


def _args(resource: Resource, provider: Resource | None) -> Any:
    by = provider and SimpleNamespace(name=provider.name, type=provider.type,
                                      props=dict(provider.inputs))  # fmt: skip
    return SimpleNamespace(resource_type=resource.type, name=resource.name, urn=resource.urn,
                           props=dict(resource.inputs), provider=by)  # fmt: skip


def interpreter() -> str:
    """A Python that has `pulumi_policy`, which cannot live beside the SDKs; empty if none has."""
    for path in (os.environ.get("HYBRIDSPEC_POLICY_PYTHON", ""), ROOT / ".tools/policy/bin/python"):
        if path and Path(path).is_file():
            return str(path)
    return ""


@contextmanager
def served(folder: Path, python: str) -> Iterator[Any]:
    """A pack as the engine runs it: a process that answers over gRPC."""
    import grpc
    from pulumi.runtime.proto import analyzer_pb2_grpc

    with subprocess.Popen(
        [python, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(folder / "policy")],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={"PATH": os.defpath},
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline())
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield analyzer_pb2_grpc.AnalyzerStub(channel)
        finally:
            process.terminate()


def analyzed(stub: Any, resources: Sequence[Resource]) -> list[tuple[str, str]]:
    """Policy and message for all that a served pack says of resources."""
    from google.protobuf import json_format, struct_pb2
    from pulumi.runtime.proto import analyzer_pb2 as proto

    def struct(value: Any) -> Any:
        return json_format.Parse(json.dumps(dict(value)), struct_pb2.Struct())

    providers = {r.name: r for r in resources if r.type.startswith("pulumi:providers:")}
    said = []
    every = []
    for one in resources:
        if not one.custom:
            continue
        given: dict[str, Any] = {"type": one.type, "name": one.name, "urn": one.urn,
                                 "properties": struct(one.inputs)}  # fmt: skip
        if by := providers.get(one.owner):
            given["provider"] = proto.AnalyzerProviderResource(
                type=by.type, name=by.name, urn=by.urn, properties=struct(by.inputs)
            )
        said += stub.Analyze(proto.AnalyzeRequest(**given)).diagnostics
        every.append(proto.AnalyzerResource(**given))
    said += stub.AnalyzeStack(proto.AnalyzeStackRequest(resources=every)).diagnostics
    return [(one.policyName, one.message) for one in said]

"""Offline evaluation: an emitted program, run against the real SDK and a monitor of ours.

The monitor speaks the engine's gRPC protocol (the stubs ship in the `pulumi` package), hands out
plausible outputs, records every resource, and refuses what the engine would refuse. No cloud, no
network, no credentials: the program's process gets an almost empty environment, and may neither
connect to anything nor change its own folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hybridspec.base.errors import HybridspecError
from hybridspec.deliver.arguments import faults
from hybridspec.deliver.bonds import broken
from hybridspec.deliver.evaluation import Evaluation as Evaluation
from hybridspec.deliver.evaluation import EvaluationFailed as EvaluationFailed
from hybridspec.deliver.evaluation import Resource as Resource
from hybridspec.deliver.evaluation import contents, provides
from hybridspec.deliver.evaluation import sdks as sdks
from hybridspec.deliver.provenance import origin_of
from hybridspec.target.api import At, Registration, Sdk

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_MASKED = "1b47061264138c4ac30d75fd1eb44270"
_SHOWN = 10
"""How many faults of one program are named."""


def evaluate(
    folder: Path,
    *,
    project: str,
    stack: str = "local",
    timeout_s: float = 90,
    config: Mapping[str, str] | None = None,
) -> Evaluation:
    """Run the Pulumi project in `folder` and return what it would create.

    `config` holds the stack's configuration by full key, such as `hybridspec:spec`.

    Raises:
        EvaluationFailed: the program raised, registered a name twice, gave a resource what its
            class does not take, left a store unprotected or a dependency out, asked the cloud,
            reached for the network, changed its folder, or took too long.
        HybridspecError: the Pulumi SDK is not installed.
    """
    try:
        import grpc
        import pulumi  # noqa: F401 - its presence is the question
    except ImportError as fault:
        raise HybridspecError(
            "the Pulumi SDK is not installed", help="run `pip install 'hybridspec[all]'`"
        ) from fault
    monitor = _Monitor(project=project, stack=stack, folder=folder.resolve())
    server = grpc.server(ThreadPoolExecutor(max_workers=8))
    _register(server, monitor)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    before = set(contents(folder))
    try:
        address = f"127.0.0.1:{port}"
        known = _run(folder, [address, project, stack], timeout_s, config or {})
    except EvaluationFailed as failed:
        if not monitor.faults:
            raise
        # The program fell over an answer that was refused: the refusal is the reason.
        raise EvaluationFailed(monitor.faults[0], help=failed.help) from failed
    finally:
        server.stop(None)
    changed = sorted(path for path, _ in before ^ set(contents(folder)))
    if changed:
        monitor.faults.append(f"the program changes its own folder: {changed[0]}")
    monitor.faults += _unsound(monitor.resources, known)
    if monitor.faults:
        more = "".join(f"\nalso: {fault}" for fault in monitor.faults[1:_SHOWN])
        raise EvaluationFailed(monitor.faults[0], help=f"report this: the emitter made it{more}")
    resources = tuple(sorted(monitor.resources.values(), key=lambda r: r.urn))
    return Evaluation(resources=resources, outputs=monitor.outputs)


def require(sdk: Sdk) -> None:
    """Make sure that a cloud's SDK is there, before a program asks for it in its own words.

    Raises:
        HybridspecError: it is not installed.
    """
    try:
        version(sdk.distribution)
    except PackageNotFoundError as fault:
        raise HybridspecError(
            f"the emitted program needs {sdk.distribution}, which is not installed",
            help=f"run `{sdk.install}`",
        ) from fault


def _unsound(resources: Mapping[str, Resource], known: Mapping[str, Any]) -> list[str]:
    """What is wrong with registered resources, each by itself and all together."""
    found = [
        (resource, why)
        for resource in resources.values()
        if resource.custom
        for why in faults(resource.type, resource.inputs, known)
    ]
    found += broken(resources)
    return [f"{resource.type} `{resource.name}`: {why}" for resource, why in found]


def _run(
    folder: Path, arguments: list[str], timeout_s: float, config: Mapping[str, str]
) -> dict[str, Any]:
    """Run the program to its end; returns the signatures of the classes that it used."""
    command = [sys.executable, "-P", "-m", "hybridspec.deliver.evaluation_child",
               str(folder.resolve()), *arguments]  # fmt: skip
    with tempfile.TemporaryDirectory() as home:
        said = Path(home) / "signatures.json"
        environment = {
            "PATH": os.defpath, "HOME": home, "PYTHONPATH": os.pathsep.join(_search_path()),
            "PULUMI_CONFIG": json.dumps(dict(config)), "NO_COLOR": "1",
        }  # fmt: skip
        try:
            done = subprocess.run(
                [*command, str(said)], env=environment, capture_output=True, timeout=timeout_s,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as fault:
            raise EvaluationFailed(
                f"the program in {folder.name} did not end within {timeout_s:g} s",
                help="run it with `pulumi preview` to see where it waits",
            ) from fault
        known = said.read_bytes() if said.is_file() else b""
    if done.returncode != 0:
        lines = [x for x in done.stderr.decode(errors="replace").strip().splitlines() if x.strip()]
        raise EvaluationFailed(
            f"the program in {folder.name} failed: {lines[-1][:300] if lines else 'it crashed'}",
            help="\n".join(lines[-6:]),
        )
    return dict(json.loads(known))


def _search_path() -> list[str]:
    """Where this process finds its packages, without the folder that it happens to run in."""
    return [path for path in sys.path if path and Path(path).resolve() != Path.cwd()]


@dataclass(slots=True)
class _Monitor:
    """What has been registered so far."""

    project: str
    stack: str
    folder: Path
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    regions: dict[str, str] = field(default_factory=dict)
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Where the resources lie whose names and identifiers were handed out."""

    def urn(self, kind: str, name: str, parent: str) -> str:
        """A URN as the engine makes it: the parent's types, then the resource's own."""
        qualified = kind
        if parent and parent in self.resources:
            above = parent.split("::")[2]
            qualified = kind if above == "pulumi:pulumi:Stack" else f"{above}${kind}"
        return f"urn:pulumi:{self.stack}::{self.project}::{qualified}::{name}"

    def register(self, request: Any) -> tuple[str, str, dict[str, Any]]:
        """Record a resource; returns its URN, id and outputs."""
        inputs = _plain(_to_dict(request.object))
        urn = self.urn(request.type, request.name, request.parent)
        if urn in self.resources:
            self.faults.append(f"two resources have the URN {urn}")
        sdk = sdks().get(request.type.split(":")[2 if provides(request.type) else 0])
        region = self._region(request, inputs, urn, sdk)
        made = Registration(type=request.type, name=request.name, region=region, inputs=inputs)
        outputs = dict(sdk.outputs(made) if sdk and request.custom else inputs)
        identity = str(outputs.pop("id", f"{request.name}-id")) if request.custom else ""
        regions = self._regions(made, sdk)
        for handle in (identity, outputs.get("name")):
            if request.custom and isinstance(handle, str):
                self.places[handle] = tuple(sorted({*self.places.get(handle, ()), *regions}))
        self.resources[urn] = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent,
            provider=region,
            regions=regions,
            inputs=inputs,
            dependencies=tuple(sorted(request.dependencies)),
            protect=request.protect,
            custom=request.custom,
            owner=request.provider.rpartition("::")[0].rpartition("::")[2],
            outputs=_answered(identity, outputs, inputs) if request.custom else {},
            origin=origin_of(
                self.folder, [(f.pc.uri, f.pc.line) for f in request.stackTrace.frames]
            ),
            replaces=tuple(sorted({*request.replaceOnChanges, *_anew(request.type, sdk)})),
            ignored=tuple(sorted(request.ignoreChanges)),
        )
        return urn, identity, outputs

    def _region(self, request: Any, inputs: dict[str, Any], urn: str, sdk: Sdk | None) -> str:
        if provides(request.type):
            self.regions[urn] = str(inputs.get(sdk.region_input, "")) if sdk else ""
            return self.regions[urn]
        provider = request.provider.rpartition("::")[0]
        return self.regions.get(provider, "")

    def _regions(self, made: Registration, sdk: Sdk | None) -> tuple[str, ...]:
        if provides(made.type):
            return (made.region,) if made.region else ()
        if sdk is None:
            return ()
        where = sdk.where(made)
        return where.regions if isinstance(where, At) else self.places.get(where.other, ())


def _anew(kind: str, sdk: Sdk | None) -> tuple[str, ...]:
    """The arguments by which a cloud makes a resource anew."""
    if sdk is None:
        return ()
    every = sdk.replaces.get("*", ())
    return (sdk.region_input,) if provides(kind) else (*every, *sdk.replaces.get(kind, ()))


def _answered(
    identity: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]
) -> dict[str, str]:
    """What other resources may refer to this one by; what it was given is not an answer."""
    said = {key: value for key, value in outputs.items()
            if isinstance(value, str) and key not in inputs}  # fmt: skip
    return {**said, "id": identity}


def _to_dict(struct: Any) -> Any:
    from google.protobuf import json_format

    return json_format.MessageToDict(struct)


def _plain(value: Any) -> Any:
    """Inputs as plain data, with secrets masked."""
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _MASKED:
            return "[secret]"
        return {key: _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _register(server: Any, monitor: _Monitor) -> None:
    """Serve the monitor under the engine's two services."""
    from pulumi.runtime.proto import engine_pb2_grpc, resource_pb2_grpc

    resource_pb2_grpc.add_ResourceMonitorServicer_to_server(_resources(monitor), server)
    engine_pb2_grpc.add_EngineServicer_to_server(_engine(monitor), server)


def _resources(monitor: _Monitor) -> Any:
    """The service that a program registers its resources with."""
    from google.protobuf import empty_pb2, struct_pb2
    from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

    class Resources(resource_pb2_grpc.ResourceMonitorServicer):
        """Answers registrations; everything else stays unimplemented."""

        def SupportsFeature(self, request: Any, context: Any) -> Any:  # noqa: N802
            return resource_pb2.SupportsFeatureResponse(hasSupport=request.id == "secrets")

        def RegisterResource(self, request: Any, context: Any) -> Any:  # noqa: N802
            urn, identity, outputs = monitor.register(request)
            answer = struct_pb2.Struct()
            answer.update(outputs)
            return resource_pb2.RegisterResourceResponse(urn=urn, id=identity, object=answer)

        def RegisterResourceOutputs(self, request: Any, context: Any) -> Any:  # noqa: N802
            if request.urn.split("::")[2] == "pulumi:pulumi:Stack":
                monitor.outputs.update(_plain(_to_dict(request.outputs)))
            return empty_pb2.Empty()

        def ReadResource(self, request: Any, context: Any) -> Any:  # noqa: N802
            monitor.faults.append(f"the program asks the cloud for an existing {request.type}")
            return resource_pb2.ReadResourceResponse()

        def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
            monitor.faults.append(f"the program asks the cloud for {request.tok}")
            return provider_pb2.InvokeResponse()

        def SignalAndWaitForShutdown(self, request: Any, context: Any) -> Any:  # noqa: N802
            return empty_pb2.Empty()

    return Resources()


def _engine(monitor: _Monitor) -> Any:
    """The service that a program logs to."""
    from google.protobuf import empty_pb2
    from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

    class Engine(engine_pb2_grpc.EngineServicer):
        """Swallows logs; the program's errors reach us through its exit."""

        def Log(self, request: Any, context: Any) -> Any:  # noqa: N802
            if request.severity == engine_pb2.ERROR:
                monitor.faults.append(request.message.strip().splitlines()[-1][:300])
            return empty_pb2.Empty()

        def GetRootResource(self, request: Any, context: Any) -> Any:  # noqa: N802
            return engine_pb2.GetRootResourceResponse(urn="")

        def SetRootResource(self, request: Any, context: Any) -> Any:  # noqa: N802
            return engine_pb2.SetRootResourceResponse()

        def RequirePulumiVersion(self, request: Any, context: Any) -> Any:  # noqa: N802
            return engine_pb2.RequirePulumiVersionResponse()

    return Engine()

"""A cloud in memory that plays AWS, Azure and Google Cloud to the real engine, over its protocol.

It is strict where the real ones are slow: tokens and inputs have to suit the SDK's signatures, a
resource has to lie in a region that the plan allows, and a name can be taken once. It writes down
every call, and fails or ends the engine where a test asks for it.
"""

from __future__ import annotations

import functools
import json
import os
import re
import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
from engine.signatures import UNKNOWN, faults, outputs_of
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from hybridspec.deliver.evaluation import sdks
from hybridspec.target.api import At, Registration

PROVIDERS = ("aws", "azure-native", "gcp")
_PLACES = re.compile(r"^(region|location|locations|replicaRegions)$")
_RENAMES = re.compile(r"^(name|namePrefix|location|region|\w+Name)$")


@dataclass(frozen=True, slots=True)
class Call:
    """One request: what was asked, of which type, by which name, in a preview or not."""

    method: str
    token: str
    name: str
    preview: bool = False


@dataclass(slots=True)
class Thing:
    """A resource that exists."""

    provider: str
    token: str
    name: str
    inputs: dict[str, Any]
    state: dict[str, Any]


@dataclass(slots=True)
class Cloud:
    """What exists, what was asked, and what goes wrong when.

    `allowed` are the regions of each provider that the plan uses; none means that no one looks.
    Creation number `fail_at` fails with `failure`, after the resource exists if it is `late`;
    creation number `kill_at` ends the engine, whose process number `engine` holds, before it hears
    that there is a resource. `denied` is what every call of a configured provider answers.
    """

    allowed: dict[str, frozenset[str]] = field(default_factory=dict)
    things: dict[str, Thing] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    created: int = 0
    fail_at: int = 0
    failure: str = "the service answered with an internal error"
    kill_at: int = 0
    denied: str = ""
    engine: Path | None = None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def count(self, method: str) -> int:
        """How often something was really asked."""
        return sum(call.method == method and not call.preview for call in self.calls)

    def heal(self) -> None:
        """Nothing goes wrong from here on."""
        self.fail_at = self.kill_at = 0
        self.denied = ""
        self.calls.clear()
        self.created = 0

    def identity(self, urn: str) -> str:
        """The identifier by which a resource can be found, as in a cloud's console."""
        wanted = _of(urn)
        found = [k for k, t in self.things.items() if (t.token, t.name) == wanted]
        return found[0].split("|", 2)[2] if found else ""

    def end_engine(self) -> None:
        """Kill the engine as a power cut would."""
        assert self.engine is not None
        os.kill(int(self.engine.read_text()), signal.SIGKILL)


class Refused(Exception):
    """What the cloud answers to a call that it does not accept."""


class Provider(provider_pb2_grpc.ResourceProviderServicer):
    """One provider's half of the engine's protocol."""

    def __init__(self, name: str, cloud: Cloud) -> None:
        self.name = name
        self.cloud = cloud
        self.sdk = sdks()[name]
        self.regions: dict[str, str] = {}

    # What is asked once per provider. The engine opens a connection for each.

    def Handshake(self, request: Any, context: Any) -> Any:  # noqa: N802
        context.abort(grpc.StatusCode.UNIMPLEMENTED, "this provider is older than that")

    def Attach(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:  # noqa: N802
        return plugin_pb2.PluginInfo(version="999.0.0")

    def CheckConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        old, new = _plain(request.old_inputs or request.olds), _plain(request.news)
        moved = self.sdk.region_input in _changed(old, new)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if old != new else
            provider_pb2.DiffResponse.DIFF_NONE,
            replaces=[self.sdk.region_input] if moved else [],
        )  # fmt: skip

    def Configure(self, request: Any, context: Any) -> Any:  # noqa: N802
        self.regions[context.peer()] = str(_plain(request.args).get(self.sdk.region_input, ""))
        if self.cloud.denied:
            context.abort(grpc.StatusCode.UNKNOWN, self.cloud.denied)
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Cancel(self, request: Any, context: Any) -> Any:  # noqa: N802
        return empty_pb2.Empty()

    def Invoke(self, request: Any, context: Any) -> Any:  # noqa: N802
        self._write_down("invoke", request.tok, "")
        return context.abort(grpc.StatusCode.UNKNOWN, f"nothing answers {request.tok} here")

    # What is asked of each resource.

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        token, name = _of(request.urn)
        inputs = _plain(request.news)
        found = [
            *_faults(self.name, token, json.dumps(inputs, sort_keys=True)),
            *self._misplaced(token, name, inputs, context),
        ]
        self._write_down("check", token, name)
        return provider_pb2.CheckResponse(
            inputs=request.news,
            failures=[provider_pb2.CheckFailure(reason=why) for why in found],
        )

    def Diff(self, request: Any, context: Any) -> Any:  # noqa: N802
        old, new = _plain(request.old_inputs), _plain(request.news)
        changed = _changed(old, new)
        self._write_down("diff", *_of(request.urn))
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else
            provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=[key for key in changed if _RENAMES.match(key)],
        )  # fmt: skip

    def Create(self, request: Any, context: Any) -> Any:  # noqa: N802
        token, name = _of(request.urn)
        inputs = _plain(request.properties)
        self._write_down("create", token, name, preview=request.preview)
        if request.preview:
            unknown = dict.fromkeys(outputs_of(self.name, token) - set(inputs), UNKNOWN)
            return provider_pb2.CreateResponse(properties=_struct({**unknown, **inputs}))
        with self.cloud.lock:
            self.cloud.created += 1
            number = self.cloud.created
            if number == self.cloud.fail_at:
                context.abort(grpc.StatusCode.UNKNOWN, self.cloud.failure)
            identity, state = self._made(token, name, inputs, context)
            if number == self.cloud.kill_at:
                self.cloud.end_engine()
        return provider_pb2.CreateResponse(id=identity, properties=_struct(state))

    def _made(
        self, token: str, name: str, inputs: dict[str, Any], context: Any
    ) -> tuple[str, dict[str, Any]]:
        state = self._answer(token, name, inputs, context)
        identity = str(state.pop("id", f"{name}-id"))
        key = f"{self.name}|{token}|{identity}"
        if key in self.cloud.things:
            context.abort(grpc.StatusCode.ALREADY_EXISTS, f"{token} {identity} already exists")
        self.cloud.things[key] = Thing(self.name, token, name, inputs, state)
        return identity, state

    def Read(self, request: Any, context: Any) -> Any:  # noqa: N802
        token, name = _of(request.urn)
        self._write_down("read", token, name)
        thing = self.cloud.things.get(f"{self.name}|{token}|{request.id}")
        if thing is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=request.id, properties=_struct(thing.state), inputs=_struct(thing.inputs)
        )

    def Update(self, request: Any, context: Any) -> Any:  # noqa: N802
        token, name = _of(request.urn)
        inputs = _plain(request.news)
        self._write_down("update", token, name, preview=request.preview)
        changed = {k: v for k, v in inputs.items() if _plain(request.old_inputs).get(k) != v}
        state = {**_plain(request.olds), **changed}
        if not request.preview:
            thing = self.cloud.things[f"{self.name}|{token}|{request.id}"]
            thing.inputs, thing.state = inputs, state
        return provider_pb2.UpdateResponse(properties=_struct(state))

    def Delete(self, request: Any, context: Any) -> Any:  # noqa: N802
        token, name = _of(request.urn)
        self._write_down("delete", token, name)
        self.cloud.things.pop(f"{self.name}|{token}|{request.id}", None)
        return empty_pb2.Empty()

    def _write_down(self, method: str, token: str, name: str, *, preview: bool = False) -> None:
        with self.cloud.lock:
            self.cloud.calls.append(Call(method, token, name, preview))

    def _answer(
        self, token: str, name: str, inputs: dict[str, Any], context: Any
    ) -> dict[str, Any]:
        """What the target says that its cloud answers."""
        region = self.regions.get(context.peer(), "")
        made = Registration(type=token, name=name, region=region, inputs=inputs)
        return {str(k): v for k, v in self.sdk.outputs(made).items()}

    def _misplaced(
        self, token: str, name: str, inputs: dict[str, Any], context: Any
    ) -> Iterator[str]:
        """The tripwire: a place that the plan does not allow, by argument and by the target."""
        allowed = self.cloud.allowed.get(self.name)
        if allowed is None:
            return
        region = self.regions.get(context.peer(), "")
        where = self.sdk.where(
            Registration(type=token, name=name, region=region, inputs=_known(inputs))
        )
        said = set(where.regions) if isinstance(where, At) else set()
        for place in sorted({*said, *_named(inputs)} - allowed):
            yield f"{name} would lie in {place}, which the plan does not allow"


@functools.cache
def _faults(provider: str, token: str, inputs: str) -> tuple[str, ...]:
    """The faults of inputs, as JSON: what was judged once is not judged again."""
    return tuple(faults(provider, token, json.loads(inputs)))


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    return sorted(k for k in {*old, *new} if old.get(k) != new.get(k))


def _named(value: Any) -> Iterator[str]:
    """Every region that an argument names, at any depth."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if _PLACES.match(key):
                places = item if isinstance(item, list) else [item]
                yield from (
                    p for p in places if isinstance(p, str) and p not in (UNKNOWN, "global")
                )
            yield from _named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)


def _known(inputs: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in inputs.items() if value != UNKNOWN}


def _of(urn: str) -> tuple[str, str]:
    kind, _, name = urn.split("::", 2)[2].partition("::")
    return kind.rpartition("$")[2], name


def _plain(struct: Any) -> dict[str, Any]:
    return typed(json_format.MessageToDict(struct))


def typed(value: Any) -> Any:
    """Whole numbers as such: the wire knows floating point alone."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _struct(values: Mapping[str, Any]) -> Any:
    made = struct_pb2.Struct()
    made.update(dict(values))
    return made


@contextmanager
def serving(cloud: Cloud) -> Iterator[str]:
    """The three providers, each at its port; what the engine has to be told to find them."""
    server_of: dict[str, Any] = {}
    ports = []
    for name in PROVIDERS:
        server = grpc.server(ThreadPoolExecutor(max_workers=16))
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Provider(name, cloud), server)
        ports.append(f"{name}:{server.add_insecure_port('127.0.0.1:0')}")
        server.start()
        server_of[name] = server
    try:
        yield ",".join(ports)
    finally:
        for server in server_of.values():
            server.stop(None)

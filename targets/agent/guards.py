"""What keeps a zone's data where the plan says, in what a bundle carries to a device."""

from __future__ import annotations

import json
from typing import Any

from hybridspec.target.api import Emission, Guard
from hybridspec.target.proof import at, listed

_RELEASE = "release.json"
_FLOWS = "runtime/flows.json"
_EGRESS = "runtime/egress.json"


def _read(part: Emission, path: str) -> Any:
    """A document of the bundle, None if there is none."""
    return json.loads(part.files[path]) if path in part.files else None


def _manifest(part: Emission) -> str:
    """The manifest, which the channel's signature covers, is the class's and lists every file."""
    said = _read(part, _RELEASE)
    if at(said, "device_class") != part.name:
        return f"`{_RELEASE}` is not of `{part.name}`"
    listing = {at(one, "path") for one in listed(at(said, "files"))}
    extra = sorted(set(part.files) - listing - {_RELEASE})
    return f"`{extra[0]}` is not in the manifest" if extra else ""


def _stages(part: Emission) -> str:
    said = _read(part, _FLOWS)
    flows = at(_read(part, _RELEASE), "flows")
    named = sorted(str(at(flow, "name")) for flow in listed(at(said, "flows")))
    if at(said, "deviceClass") != part.name or named != sorted(listed(flows)):
        return f"`{_FLOWS}` is not what `{part.name}` runs"
    return ""


def _silent(part: Emission) -> str:
    off = at(_read(part, _FLOWS), "environment", "ORT_DISABLE_TELEMETRY") == "1"
    return "" if off else "the runtime would report to its vendor"


def _egress(part: Emission) -> str:
    said = _read(part, _EGRESS)
    closed = at(said, "deviceClass") == part.name and at(said, "default") == "deny"
    hosts = [host for one in listed(at(said, "allow")) for host in listed(at(one, "hosts"))]
    return "" if closed and "*" not in hosts and all(hosts) else f"`{_EGRESS}` lets anything out"


_HERE = "https://theupdateframework.github.io/specification/latest/"

GUARDS = (
    Guard(
        id="bundle-of-class",
        title="a device installs nothing but the signed bundle of its class, which lists its files",
        facets=("store", "ciphertext", "model", "process"), assets=("model", "store", "stage"),
        source=_HERE, missing=_manifest,
    ),
    Guard(
        id="stages-of-class",
        title="the signed bundle says which stages a device of the class runs",
        facets=("process",), assets=("stage", "store"),
        source=_HERE, missing=_stages,
    ),
    Guard(
        id="ort-telemetry-off",
        title="the runtime is started with its reports to the vendor switched off",
        facets=("logs",), assets=("account",),
        source="https://github.com/microsoft/onnxruntime/pull/27379", missing=_silent,
    ),
    Guard(
        id="egress-list",
        title="the signed bundle lists the hosts that a device may reach; the agent does not act "
        "on the list, a firewall of the site has to",
        facets=("transit", "logs"), assets=("account", "stage", "store", "model"),
        source=_HERE, missing=_egress, enforced=False,
    ),
)  # fmt: skip

UNGUARDED = {
    "transit": "the agent does not act on the list of hosts in runtime/egress.json: a firewall of "
    "the site has to",
    "logs": "the agent does not act on the list of hosts in runtime/egress.json: a firewall of "
    "the site has to",
    "keys": "the agent keeps no key of the zone",
    "backup": "nothing emitted keeps others from copying a device's disk",
    "support": "nothing emitted says who services a device",
    "control_plane": "nothing emitted says from where devices are managed",
    "operator": "whose law binds the operator is no setting",
    "key_admin": "the agent keeps no key of the zone",
}

"""ReleaseSlice to an import manifest of Azure Device Update, version 5, with the files it names.

Shape: `azure-deviceupdate-import-manifest-5.0.json` of SchemaStore. Digests are Base64 there, the
whole payload of an update is at most 2 GB, and a step names a handler, never a command.
"""

from __future__ import annotations

import base64

from hybridspec.ir.release_slice import ReleaseFile, ReleaseSlice
from hybridspec.target.api import Emitted, Payload, Unsupported
from hybridspec.target.form import document, too_long

LIMIT = 2**31
_TITLE = "Azure Device Update"
_NAME = 64
_PART = 2**31 - 1
_HANDLER = "hybridspec/bundle:1"
"""What installs the bundle on a device: an extension of its agent, registered under this name."""


def emit(part: ReleaseSlice) -> Emitted:
    """The manifest, whose name begins the names of its files as the vendor's CLI wants it."""
    files = (part.bundle, part.manifest)
    refused = (
        *too_long(part, _TITLE, "a provider (the spec's name)", part.spec, _NAME),
        *too_long(part, _TITLE, "a name (the device class)", part.device_class, _NAME),
        *_too_large(part, sum(file.size for file in files)),
    )
    if refused:
        return refused
    name = f"{part.spec}.{part.device_class}.{_version(part)}.importmanifest.json"
    return (
        Payload(path=name, data=document(_manifest(part, files))),
        *(Payload(path=file.path, blob=file.sha256) for file in files),
    )


def _too_large(part: ReleaseSlice, size: int) -> Emitted:
    found = []
    if size > LIMIT:
        found.append(Unsupported(
            what=f"{_TITLE} takes at most {LIMIT} bytes for an update, and release {part.release} "
            f"of `{part.device_class}` has {size}",
            instead="optimise or cut the model, or let the devices fetch from the channel",
            origin=part.origin, promised=True,
        ))  # fmt: skip
    if max(part.counter, part.epoch) > _PART:
        found.append(Unsupported(
            what=f"{_TITLE} takes no version above {_PART}", origin=part.origin, promised=True,
            instead="begin the channel anew: a counter only grows",
        ))  # fmt: skip
    return tuple(found)


def _version(part: ReleaseSlice) -> str:
    """Epoch, then counter: what may never be undone comes first."""
    return f"{part.epoch}.{part.counter}"


def _manifest(part: ReleaseSlice, files: tuple[ReleaseFile, ...]) -> dict[str, object]:
    return {
        "updateId": {"provider": part.spec, "name": part.device_class, "version": _version(part)},
        "description": f"Release {part.release} of {part.device_class}",
        "compatibility": [{"manufacturer": part.spec, "model": part.device_class}],
        "instructions": {"steps": [{
            "type": "inline",
            "description": "Install, try, keep or revert",
            "handler": _HANDLER,
            "files": [file.path for file in files],
            "handlerProperties": {
                "installedCriteria": part.release,
                "deviceClass": part.device_class,
                "releaseCounter": part.counter,
                "securityEpoch": part.epoch,
            },
        }]},
        "files": [{
            "filename": file.path,
            "sizeInBytes": file.size,
            "hashes": {"sha256": base64.b64encode(bytes.fromhex(file.sha256)).decode()},
        } for file in files],
        "manifestVersion": "5.0",
        "createdDateTime": f"{part.as_of}T00:00:00Z",
    }  # fmt: skip

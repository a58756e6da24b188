"""ReleaseSlice to an OCI image layout: a layer per file, uncompressed, as CNCF ModelPack has it.

OCI image-spec 1.1 (https://github.com/opencontainers/image-spec) and modelpack/model-spec v1. Blobs
are the release's own files, named by the digests that its signed manifest lists.
"""

from __future__ import annotations

import hashlib

from hybridspec.ir.release_slice import ReleaseFile, ReleaseSlice
from hybridspec.target.api import Emitted, Payload, Unsupported
from hybridspec.target.form import document

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_MODEL = "application/vnd.cncf.model"
_PATH = "org.cncf.model.filepath"
_OURS = "dev.hybridspec.release"


def emit(part: ReleaseSlice) -> Emitted:
    """The layout, with the release's name as its only tag."""
    if not part.files:
        return (Unsupported(what="an artefact without files", instead="give the class a flow",
                            origin=part.origin, promised=True),)  # fmt: skip
    config = document(_config(part))
    manifest = document(_manifest(part, config))
    index = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [{
            **_descriptor(_MANIFEST, manifest),
            "artifactType": f"{_MODEL}.manifest.v1+json",
            "annotations": {"org.opencontainers.image.ref.name": part.release},
        }],
    }  # fmt: skip
    blobs = {file.sha256: file for file in part.files}
    return (
        Payload(path="oci-layout", data=document({"imageLayoutVersion": "1.0.0"})),
        Payload(path="index.json", data=document(index)),
        *(Payload(path=f"blobs/sha256/{_sha256(data)}", data=data) for data in (config, manifest)),
        *(Payload(path=f"blobs/sha256/{digest}", blob=digest) for digest in sorted(blobs)),
    )


def _manifest(part: ReleaseSlice, config: bytes) -> dict[str, object]:
    return {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "artifactType": f"{_MODEL}.manifest.v1+json",
        "config": _descriptor(f"{_MODEL}.config.v1+json", config),
        "layers": [_layer(part, file) for file in part.files],
        "annotations": {
            "org.opencontainers.image.created": _created(part),
            "org.opencontainers.image.title": f"{part.spec}/{part.device_class}",
            "org.opencontainers.image.version": part.release,
            f"{_OURS}.counter": str(part.counter),
            f"{_OURS}.device-class": part.device_class,
            f"{_OURS}.epoch": str(part.epoch),
            f"{_OURS}.manifest": f"sha256:{part.manifest.sha256}",
            f"{_OURS}.spec": part.spec,
        },
    }


def _layer(part: ReleaseSlice, file: ReleaseFile) -> dict[str, object]:
    return {
        "mediaType": f"{_MODEL}.{_kind(part, file.path)}.v1.raw",
        "digest": f"sha256:{file.sha256}",
        "size": file.size,
        "annotations": {_PATH: file.path},
    }


def _kind(part: ReleaseSlice, path: str) -> str:
    """What a file is to ModelPack: weights, data to judge them by, what runs them, or papers."""
    top = path.partition("/")[0]
    if path in {model.path for model in part.models}:
        return "weight"
    if top == "model":
        return "dataset" if path.endswith(".npz") else "weight.config"
    return "code" if top in ("runtime", "platform") and not path.endswith(".md") else "doc"


def _config(part: ReleaseSlice) -> dict[str, object]:
    precisions = {model.variant.partition("-")[0] for model in part.models}
    return {
        "descriptor": {
            "createdAt": _created(part),
            "authors": [part.owner],
            "name": f"{part.spec}-{part.device_class}",
            "title": f"{part.spec}: {part.device_class}",
            "version": part.release,
            "revision": str(part.counter),
        },
        "modelfs": {
            "type": "layers",
            "diffIds": [f"sha256:{file.sha256}" for file in part.files],
        },
        "config": {
            **({"format": "onnx"} if part.models else {}),
            **({"precision": min(precisions)} if len(precisions) == 1 else {}),
        },
    }


def _created(part: ReleaseSlice) -> str:
    """The day that the spec states: no clock is read."""
    return f"{part.as_of}T00:00:00Z"


def _descriptor(media: str, data: bytes) -> dict[str, object]:
    return {"mediaType": media, "digest": f"sha256:{_sha256(data)}", "size": len(data)}


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()

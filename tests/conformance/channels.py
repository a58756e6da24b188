"""A real channel on disk, small enough to attack: tiny models, real bundles, fixed keys."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from conftest import fixed_pems
from onnx import TensorProto, helper
from tuf.api.metadata import Metadata, MetaFile
from tuf.api.serialization.json import JSONSerializer

from hybridspec.agent.errors import Unhealthy
from hybridspec.agent.state import load
from hybridspec.agent.update import Config, Device, set_up
from hybridspec.bundle.keys import ROOTS, DevelopmentKeys, class_role
from hybridspec.bundle.manifest import (
    SCHEMA,
    FileRecord,
    Golden,
    ModelContract,
    ReleaseManifest,
    canonical_json,
    release_id,
)
from hybridspec.bundle.repository import ClassRelease, Publication, Validity, publish
from hybridspec.deliver.publish import read_metadata, write_publication
from hybridspec.deliver.write import pack
from hybridspec.ir.tree import FileTree

CAMERA, HUB = "camera", "hub"
VALIDITY = Validity(online=timedelta(days=10))
ONLINE = ("snapshot", "timestamp")
MODEL, INPUTS, OUTPUTS = "model/m/model.onnx", "model/m/in.npz", "model/m/out.npz"
ALL_FILES = (MODEL, INPUTS, OUTPUTS, "release.json")


def tiny_model(bias: float) -> bytes:
    """y = x + bias, as ONNX."""
    shape: list[str | int] = ["n", 2]
    graph = helper.make_graph(
        [helper.make_node("Add", ["x", "b"], ["y"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [helper.make_tensor("b", TensorProto.FLOAT, [2], [bias] * 2)],
    )
    opset = [helper.make_opsetid("", 17)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()


def arrays(**named: Any) -> bytes:
    """An `.npz` file."""
    stream = io.BytesIO()
    np.savez(stream, **named)
    return stream.getvalue()


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is in a bundle, before it is packed: a manifest and every other file."""

    manifest: ReleaseManifest
    files: Mapping[str, bytes]

    @property
    def tree(self) -> FileTree:
        """The bundle's files with its manifest."""
        return FileTree({**self.files, "release.json": canonical_json(self.manifest)})


def listed(files: Mapping[str, bytes]) -> tuple[FileRecord, ...]:
    """The manifest's records of some files."""
    return tuple(
        FileRecord(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        for path, data in sorted(files.items())
    )


def content(
    bias: float, device_class: str = CAMERA, *, computes: float | None = None,
    model: bytes | None = None, **contract: Any,
) -> Content:  # fmt: skip
    """A release whose golden outputs are `x + bias`; its model adds `computes` instead, if given.

    `contract` replaces fields of the health contract.
    """
    x = np.arange(8, dtype=np.float32).reshape(4, 2)
    files = {
        MODEL: model if model is not None else tiny_model(bias if computes is None else computes),
        INPUTS: arrays(x=x),
        OUTPUTS: arrays(output_000=x + np.float32(bias)),
    }
    promised = ModelContract(
        name="m", path=MODEL, variant="fp32", providers=("CPUExecutionProvider",), threads=1,
        golden=Golden(inputs=INPUTS, outputs=OUTPUTS, absolute=1e-6, relative=0.01),
        p95_ms=60_000.0, memory_bytes=2**31,
    )  # fmt: skip
    manifest = ReleaseManifest(
        schema=SCHEMA, spec="tiny", device_class=device_class, architecture="aarch64",
        spec_digest="0" * 64, plan_digest="0" * 64, zones=(), flows=(),
        models=(replace(promised, **contract),), files=listed(files),
    )  # fmt: skip
    return Content(manifest=manifest, files=files)


@dataclass(slots=True)
class Publisher:
    """The signing side: packs contents, publishes them, and forges what an attacker would."""

    folder: Path
    classes: tuple[str, ...] = (CAMERA,)
    keys: DevelopmentKeys = field(init=False)

    def __post_init__(self) -> None:
        self.keys = DevelopmentKeys(fixed_pems(CAMERA, HUB))

    @property
    def channel(self) -> Path:
        """The folder that devices read."""
        return self.folder / "channel"

    @property
    def root(self) -> bytes:
        """What a device is set up with."""
        return (self.channel / "metadata" / "1.root.json").read_bytes()

    def release(self, made: Content, **changes: Any) -> ClassRelease:
        """Pack a content; `changes` replace fields of the release."""
        manifest = canonical_json(made.manifest)
        name = release_id(manifest)
        bundle = self.folder / "packed" / made.manifest.device_class / name / "bundle.tar.zst"
        release = ClassRelease(
            device_class=made.manifest.device_class, release=name, manifest=manifest,
            bundle=bundle, digest=pack(made.tree, bundle),
            install_size=sum(record.size for record in made.manifest.files),
        )  # fmt: skip
        return replace(release, **changes)

    def next(
        self, *releases: ClassRelease, now: datetime | None = None, validity: Validity = VALIDITY
    ) -> Publication:
        """What would be published."""
        now = now or datetime.now(UTC)
        return publish(read_metadata(self.channel), releases, self.keys, now, validity)

    def publish(self, *releases: ClassRelease, **when: Any) -> Publication:
        """Publish releases that are already packed."""
        publication = self.next(*releases, **when)
        write_publication(self.channel, publication)
        return publication

    def offer(self, bias: float, **contract: Any) -> ClassRelease:
        """Pack and publish a tiny release for cameras."""
        release = self.release(content(bias, **contract))
        self.publish(release)
        return release

    def metadata(self, role: str) -> Metadata[Any]:
        """The newest metadata of a role."""
        return Metadata.from_bytes(read_metadata(self.channel)[role])

    def forge(
        self, role: str, change: Callable[[Any], None], *, by: tuple[str, ...] | None = None,
        version: int | None = None, online: bool = True,
    ) -> None:  # fmt: skip
        """Change the next version of a role and sign it with the keys `by`, by default its own.

        With `online`, snapshot and timestamp are signed anew, so that hashes and versions agree:
        an attacker who has stolen the two online keys.
        """
        metadata = self.metadata(role)
        metadata.signed.version = metadata.signed.version + 1 if version is None else version
        change(metadata.signed)
        signers = by if by is not None else (ROOTS if role == "root" else (role,))
        data = self._sign(role, metadata, signers)
        if online and role not in ("root", "timestamp"):
            meta = MetaFile.from_data(metadata.signed.version, data, ["sha256"])
            if role == "snapshot":
                self.forge("timestamp", lambda t: setattr(t, "snapshot_meta", meta))
            else:
                self.forge("snapshot", lambda s: s.meta.__setitem__(f"{role}.json", meta))

    def _sign(self, role: str, metadata: Metadata[Any], signers: tuple[str, ...]) -> bytes:
        metadata.signatures.clear()
        for name in signers:
            metadata.sign(self.keys.signer(name), append=True)
        data = metadata.to_bytes(JSONSerializer(compact=True))
        name = "timestamp" if role == "timestamp" else f"{metadata.signed.version}.{role}"
        (self.channel / "metadata" / f"{name}.json").write_bytes(data)
        return data

    def list_archive(self, release: ClassRelease, archive: bytes, **custom: Any) -> None:
        """Let the class's own, genuine key sign another archive for a release."""
        digest = hashlib.sha256(archive).hexdigest()
        path = f"{release.device_class}/{release.release}/bundle.tar.zst"
        name = f"{release.device_class}/{release.release}/{digest}.bundle.tar.zst"
        (self.channel / "targets" / name).write_bytes(archive)

        def change(signed: Any) -> None:
            signed.targets[path].length = len(archive)
            signed.targets[path].hashes = {"sha256": digest}
            for target in signed.targets.values():
                target.custom["hybridspec"].update(custom)

        self.forge(class_role(release.device_class), change)


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder in memory where there is one, for tests that do not need a disk to be waited for."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        yield otherwise
        return
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


def device(
    home: Path, channel: Path | str, root: bytes, device_class: str = CAMERA, name: str = "one"
) -> Device:
    """A device that was set up and has not run yet."""
    set_up(home, Config(device_id=name, device_class=device_class, channel=str(channel)), root)
    return Device.open(home)


def standing(home: Path) -> dict[str, Any]:
    """What must not move when an update is refused: floors, slots, `current` and its content."""
    state = load(home)
    link = home / "current"
    return {
        "active": state.active,
        "pending": state.pending,
        "floors": (state.counter_floor, state.epoch_floor),
        "running": state.slots.get(state.active),
        "quarantined": state.quarantined,
        "current": str(link.readlink()) if link.is_symlink() else None,
        "content": digests(home / "slots" / state.active) if state.active else {},
    }


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


def report(home: Path) -> dict[str, Any]:
    """What the device says of itself."""
    value: dict[str, Any] = json.loads((home / "report.json").read_bytes())
    return value


def restore(template: Path, home: Path) -> Path:
    """A home as it was in `template`, links included."""
    shutil.rmtree(home, ignore_errors=True)
    return shutil.copytree(template, home, symlinks=True)


def look(home: Path) -> str:
    """One look of a process that has just started; why it stopped."""
    return Device.open(home).cycle()


def runs(home: Path, release: ClassRelease, counter: int) -> None:
    """Assert that state, link, slot and report all say the same release."""
    state, told = load(home), report(home)
    installed = state.slots[state.active]
    assert (installed.release, installed.counter) == (release.release, counter)
    assert (told["state"], told["release"], told["releaseCounter"]) == (
        "COMMITTED", release.release, counter,
    )  # fmt: skip
    assert told["tarSha256"] == release.digest.tar_sha256
    assert told["slot"] == state.active
    assert (home / "current").readlink() == Path("slots") / state.active
    assert set(digests(home / "current")) == set(ALL_FILES)
    assert state.pending == ""


def empty(home: Path) -> None:
    """Assert that nothing runs, and that the device says so."""
    assert load(home).active == ""
    assert not (home / "current").is_symlink()
    told = report(home)
    assert (told["state"], told["release"], told["health"]) == ("EMPTY", None, {})


def offline(publisher: Publisher) -> Path:
    """Take the channel away; returns where it went."""
    return publisher.channel.rename(publisher.folder / "away")


def unhealthy(slot: Path) -> dict[str, Any]:
    """A trial that fails."""
    raise Unhealthy("too-slow", "on purpose")

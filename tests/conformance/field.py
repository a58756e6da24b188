"""What is attacked: a device, its channel, and what the attacker can do to either."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import zstandard
from conformance.channels import (
    CAMERA,
    Publisher,
    content,
)

from hybridspec.agent.fetch import Clock, Source
from hybridspec.agent.update import Device
from hybridspec.bundle.keys import class_role
from hybridspec.bundle.repository import ClassRelease

POINTER = f"{CAMERA}/current/manifest.json"


@dataclass(slots=True)
class Field:
    """A device that ran A and runs B of epoch 1, its channel, and what the attacker has kept."""

    publisher: Publisher
    home: Path
    b: ClassRelease
    old: Path
    clock: Clock = field(default_factory=Clock)
    fetcher: Source | None = None

    @property
    def metadata(self) -> Path:
        return self.publisher.channel / "metadata"

    def target(self, release: ClassRelease, name: str) -> Path:
        """A target file in the channel."""
        folder = self.publisher.channel / "targets" / release.device_class / release.release
        return next(folder.glob(f"*.{name}"))

    def next(self) -> ClassRelease:
        """Publish C, which the device would install."""
        c = self.publisher.release(content(3.0), security_epoch=1)
        self.publisher.publish(c)
        return c

    def class_metadata(self, change: Callable[[Any], object], **more: Any) -> None:
        """Change what the camera's role signs; snapshot and timestamp agree with it."""
        self.publisher.forge(class_role(CAMERA), change, **more)

    def custom(self, **changes: Any) -> None:
        """Let the camera's own key sign C with another block."""
        self.next()

        def change(signed: Any) -> None:
            for target in signed.targets.values():
                target.custom["hybridspec"].update(changes)

        self.class_metadata(change)

    def archive(self, members: list[tuple[tarfile.TarInfo, bytes]], grow: int = 0) -> None:
        """Let the camera's own key sign C with this archive in place of its own."""
        c, stream = self.next(), io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as archive:
            for info, data in members:
                archive.addfile(info, io.BytesIO(data))
        tar = stream.getvalue()
        packed = zstandard.compress(tar + bytes(grow))
        self.publisher.list_archive(
            c, packed, tar_sha256=hashlib.sha256(tar).hexdigest(), tar_size=len(tar)
        )


def look(on: Field) -> str:
    """One look of a process that has just started, by the field's clock; why it stopped."""
    return Device.open(on.home, on.clock, on.fetcher).cycle()

"""The slice of a release that a form turns into another platform's documents and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hybridspec.ir.governance import Cohort, Gates, Window


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFile:
    """A file of a release: its path in the bundle or its name in the channel, SHA-256 in hex."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseModel:
    """A model of a release, and the health it has to show: the contract stands in the manifest."""

    name: str
    path: str
    variant: str
    p95_ms: float
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseZone:
    """A zone of the class's devices, and the account that holds its store, as far as is known."""

    name: str
    provider: str
    partition: str
    region: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSigner:
    """A key of the class's role: `scheme` is `ed25519`, or `ecdsa` for P-256 with SHA-256.

    `sign` gives 64 bytes for the one and DER for the other.
    """

    keyid: str
    scheme: str
    sign: Callable[[bytes], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSlice:
    """A release of one device class, as it is published: what it is, and how it shall roll out.

    `release` is its name, `counter` and `epoch` are the channel's, `offered` is the share of the
    fleet, in percent, that the channel lets have it. `channel` is the address of the
    channel's folder or empty if nobody said it, `root` the version of the root that a device begins
    with, 0 if unknown. `manifest` and `bundle` are the channel's files, `files` what the bundle
    holds, `deltas` the names of targets that make the bundle from an older one. `devices` counts
    those of the class, and `threshold` the signatures that its role asks for. `origin` is where the
    spec has the class, `rollout_origin` where the rollout.
    """

    spec: str
    owner: str
    description: str
    as_of: str
    device_class: str
    architecture: str
    runtime: str
    max_offline: int
    devices: int
    release: str
    counter: int
    epoch: int
    offered: int
    channel: str
    root: int
    manifest: ReleaseFile
    bundle: ReleaseFile
    files: tuple[ReleaseFile, ...]
    deltas: tuple[str, ...]
    models: tuple[ReleaseModel, ...]
    zones: tuple[ReleaseZone, ...]
    cohorts: tuple[Cohort, ...]
    gates: Gates
    windows: tuple[Window, ...]
    revert_on: tuple[str, ...]
    signers: tuple[ReleaseSigner, ...] = ()
    threshold: int = 1
    origin: str
    rollout_origin: str

    def target(self, file: ReleaseFile) -> str:
        """The name of a file in the channel's signed metadata."""
        return f"{self.device_class}/{self.release}/{file.path}"

    def address(self, file: ReleaseFile) -> str:
        """Where the channel has a file: consistent snapshots put its digest before its name."""
        return (f"{self.channel}/targets/{self.device_class}/{self.release}/"
                f"{file.sha256}.{file.path}")  # fmt: skip

    def asks(self, feature: str) -> bool:
        """Whether the release asks a platform for a feature of a rollout."""
        return {
            "cohorts": len(self.cohorts) > 1,
            "soak": any(cohort.soak for cohort in self.cohorts[:-1]),
            "failures": bool(self.cohorts),
            "windows": bool(self.windows),
            "deltas": bool(self.deltas),
            "revert": bool(self.revert_on),
            "health": bool(self.models),
        }[feature]

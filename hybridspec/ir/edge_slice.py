"""The slice of a plan that an edge target emits: what a device class runs, and what it reaches."""

from __future__ import annotations

from dataclasses import dataclass

from hybridspec.ir.graph import Flow, Stage
from hybridspec.ir.runtime import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the devices of a class may send to or fetch from, on account of a zone.

    `purpose` is `channel`, `store` or `telemetry`; a host may begin with `*.`.
    """

    purpose: str
    zone: str
    hosts: tuple[str, ...]
    countries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSlice:
    """The part of a plan that one edge target turns into a class's runtime payload.

    `steps` build what the class's runtime loads, if that is not what the bundle carries.
    """

    spec: str
    device_class: str
    board: str
    architecture: str
    platform: str
    runtime: str
    models: tuple[tuple[str, str], ...]
    steps: tuple[Step, ...]
    threads: int
    stages: tuple[tuple[Flow, tuple[Stage, ...]], ...]
    destinations: tuple[Destination, ...] = ()

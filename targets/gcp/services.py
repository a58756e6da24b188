"""What of a plan the services of a region express: computing, drift and inspection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from hybridspec.ir.plan import CloudService, CloudSlice, TrainingJob, ZoneSlice
from hybridspec.target.api import Unsupported
from hybridspec.target.cloud import compact

DRIFT = ("eventarc", "workflows")
"""What starts a job that is not scheduled."""
_MIB = 2**20
_LEAST = 512
_BESIDE = 256
"""MiB that an instance has at least, and that the server takes beside its models."""
_SIZES = ((4096, 1), (8192, 2), (16384, 4), (32768, 8))
"""MiB up to which an instance may have with so many processors, as Cloud Run pairs them."""
_MACHINE = re.compile(r"[a-z0-9]+-standard-([2468])")
"""A machine of as many processors as an instance may have, with 4 GiB each."""


@dataclass(frozen=True, slots=True)
class Serving:
    """A service that is emitted."""

    asked: CloudService

    @property
    def flow(self) -> str:
        """The flow that it computes for."""
        return self.asked.flow

    @property
    def origin(self) -> str:
        """Where the spec asks for it."""
        return self.asked.origin

    def code(self, part: CloudSlice, zone: ZoneSlice) -> str:
        """Its name in the region, which takes 49 characters, and its account's, which takes 30."""
        return compact(part.spec, zone.zone, self.flow, limit=24)

    def context(self, part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
        """What the template says of it."""
        memory, kept = _memory(self.asked), _processors(self.asked)
        cpu = kept or next(cpu for most, cpu in _SIZES if memory <= most)
        return {
            "code": self.code(part, zone),
            "flow": self.flow,
            "image": self.asked.image,
            "port": self.asked.port,
            "cpu": str(cpu),
            "memory": f"{max(memory, kept * 4096)}Mi",
            "idle": not kept,
            "events": kept or 1,
            "timeout": f"{self.asked.timeout}s",
            "least": self.asked.least,
            "most": self.asked.most,
            "origin": self.origin,
        }


def _processors(service: CloudService) -> int:
    """Those of the machine that the plan pays by the hour; none if it pays by request."""
    found = _MACHINE.fullmatch(service.machine)
    return int(found[1]) if found else 0


def _memory(service: CloudService) -> int:
    return max(_LEAST, -(-service.memory // _MIB) + _BESIDE)


def serving(zone: ZoneSlice) -> list[Serving]:
    """The services of a zone that Cloud Run runs and an image is named for."""
    return [
        Serving(service)
        for service in zone.services
        if "run" in zone.offered
        and service.image
        and bool(service.machine) == bool(_processors(service))
        and _memory(service) <= _SIZES[-1][0]
    ]


def drifting(zone: ZoneSlice) -> list[TrainingJob]:
    """The jobs of a zone that drift starts as well."""
    return [job for job in zone.training if job.drift and set(DRIFT) <= set(zone.offered)]


def inspected(zone: ZoneSlice) -> bool:
    """Whether something looks for personal data in a zone: where a regime is about it."""
    return bool(zone.regimes) and "dlp" in zone.offered


def beyond(zone: ZoneSlice) -> Iterator[Unsupported]:
    """What the region has no service for, and what no instance of Cloud Run is."""
    yield from _lacking(zone)
    for service in zone.services if "run" in zone.offered else ():
        if not service.image:
            continue
        if service.machine:
            yield Unsupported(
                what=f"the plan pays {service.least} x `{service.machine}` by the hour for flow "
                f"`{service.flow}`, and "
                + (
                    "instances of Cloud Run of that size are kept, which cost what Cloud Run asks"
                    if _processors(service)
                    else "no instance of Cloud Run is of that size"
                ),
                instead="run its image on machines of your own, or leave that machine out of the "
                "catalogue",
                origin=service.origin,
            )
        if _memory(service) > _SIZES[-1][0]:
            yield Unsupported(
                what=f"the stages of flow `{service.flow}` take {_memory(service)} MiB, and an "
                f"instance of Cloud Run has {_SIZES[-1][0]} at most",
                instead="use smaller variants of the models, or let them run at the site",
                origin=service.origin,
            )


def _lacking(zone: ZoneSlice) -> Iterator[Unsupported]:
    """What is asked for and the catalogue knows no service for in the region."""
    asked = [
        *((f"flow `{s.flow}`", ("run",), s.origin) for s in zone.services if s.image),
        *((f"drift of `{j.model}`", DRIFT, j.origin) for j in zone.training if j.drift),
        *([(f"zone `{zone.zone}`, to look for personal data", ("dlp",), zone.origin)]
          if zone.regimes else []),
    ]  # fmt: skip
    for what, services, origin in asked:
        lacks = [f"`{name}`" for name in services if name not in zone.offered]
        if lacks:
            yield Unsupported(
                what=f"{what} takes {' and '.join(lacks)}, which the catalogue does not know in "
                f"{zone.region}",
                instead="choose a region that has it, or do without",
                origin=origin,
            )

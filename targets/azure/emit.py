"""CloudSlice to a Pulumi project: generic components, and literals in `__main__.py` alone."""

from __future__ import annotations

from hybridspec.ir.plan import CloudSlice, ZoneSlice
from hybridspec.target.api import Emitted, Unsupported
from hybridspec.target.cloud import (
    CONCERNS,
    compact,
    only_partition,
    project,
    refusals,
    short,
    zone_context,
)

_LATE = 3
"""Days by which Azure may end a blob late: a policy runs once a day and takes more than the days
it is given, and a deleted blob's last version waits for the next run."""
_LONGEST = 90 * 24
"""Hours after which Machine Learning ends any job."""
_RULES = 100
"""Rules that a storage account's lifecycle policy may have."""
_READERS = 19
"""Groups of readers that a hub of the standard tier may have beside the built-in one."""


def emit(part: CloudSlice) -> Emitted:
    """Every file of the project, and what Azure is not asked for because it cannot express it."""
    return (
        *project(part, [_zone(part, zone) for zone in part.zones], ("group", *CONCERNS)),
        *refusals(part, late=_LATE, store="Blob Storage", trainer="Machine Learning",
                  longest=_LONGEST),
        *(refusal for zone in part.zones for refusal in _too_many(zone)),
        *only_partition(part, "azure"),
    )  # fmt: skip


def _zone(part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
    return {
        **zone_context(part, zone, _LATE),
        "code": compact(part.spec, zone.zone, limit=14),
        "training": [
            {
                "label": short(job.model, 24),
                "image": job.image,
                "instance": _size(job.instance),
                "seconds": job.hours * 3600,
                "frequency": "Day" if job.every % 24 == 0 else "Hour",
                "interval": job.every // 24 if job.every % 24 == 0 else job.every,
                "origin": job.origin,
            }
            for job in zone.training
        ],
        "tags": {
            "managed-by": "hybridspec",
            "hybridspec:spec": part.spec,
            "hybridspec:zone": zone.zone,
            "hybridspec:spec-digest": part.spec_digest[:12],
            "hybridspec:regimes": " ".join(zone.regimes) or "none",
        },
    }


def _size(instance: str) -> str:
    """A machine's name as Azure spells it; the case of its letters does not matter there.

    >>> _size("standard-d4s-v3")
    'Standard_d4s_v3'
    """
    return instance.replace("-", "_").capitalize()


def _too_many(zone: ZoneSlice) -> list[Unsupported]:
    found = []
    if len(zone.stores) + 1 > _RULES:
        found.append(Unsupported(
            what=f"a storage account ends objects below at most {_RULES} prefixes, and zone "
            f"`{zone.zone}` has {len(zone.stores) + 1}",
            instead="give fewer stores a retention of their own",
            origin=zone.store_origin, promised=True,
        ))  # fmt: skip
    if len(zone.device_classes) > _READERS:
        found.append(Unsupported(
            what=f"an IoT Hub keeps at most {_READERS} groups of readers apart, and zone "
            f"`{zone.zone}` has {len(zone.device_classes)} device classes",
            instead="use fewer device classes in the zone",
            origin=zone.devices_origin,
        ))  # fmt: skip
    return found

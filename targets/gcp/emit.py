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
"""Days by which Cloud Storage may end an object late: its rules act within a day, on the object
and once more on its last version, which lives on for one more day."""
_LONGEST = 7 * 24
"""Hours after which Vertex AI ends a training job unless it is asked for more than is sure."""
_RULES = 100
"""Rules that a bucket's lifecycle may have; each prefix takes two, uploads one."""


def emit(part: CloudSlice) -> Emitted:
    """Every file of the project, and what Google Cloud cannot express."""
    return (
        *project(part, _zones(part), ("boundary", *CONCERNS)),
        *refusals(part, late=_LATE, store="Cloud Storage", trainer="Vertex AI", longest=_LONGEST),
        *(refusal for zone in part.zones for refusal in _too_many(zone)),
        *only_partition(part, "gcp"),
    )


def _zones(part: CloudSlice) -> list[dict[str, object]]:
    """What the template says of each zone; the first makes the policy that all of them share."""
    regions = sorted({zone.region for zone in part.zones})
    return [
        {**_zone(part, zone), "boundary": [] if number else regions}
        for number, zone in enumerate(part.zones)
    ]


def _zone(part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
    return {
        **zone_context(part, zone, _LATE),
        "code": compact(part.spec, zone.zone, limit=14),
        "protection": zone.key_protection.upper(),
        "accounts": {
            name: compact(part.spec, zone.zone, name, limit=30) for name in zone.device_classes
        },
        "training": [
            {
                "label": short(job.model, 24),
                "code": compact(part.spec, zone.zone, job.model, limit=24),
                "image": job.image,
                "instance": job.instance,
                "seconds": job.hours * 3600,
                "schedule": _schedule(job.every),
                "origin": job.origin,
            }
            for job in zone.training
        ],
        "labels": {
            "managed-by": "hybridspec",
            "spec": part.spec,
            "zone": zone.zone,
            "spec-digest": part.spec_digest[:12],
            "regimes": "_".join(zone.regimes) or "none",
        },
    }


def _schedule(hours: int) -> str:
    return f"every {hours} hours"


def _too_many(zone: ZoneSlice) -> list[Unsupported]:
    prefixes = len(zone.stores) + 1
    if 2 * prefixes < _RULES:
        return []
    return [
        Unsupported(
            what=f"a bucket ends objects below at most {(_RULES - 1) // 2} prefixes, and zone "
            f"`{zone.zone}` has {prefixes}",
            instead="give fewer stores a retention of their own",
            origin=zone.store_origin,
            promised=True,
        )
    ]

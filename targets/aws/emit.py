"""CloudSlice to a Pulumi project: generic components, and literals in `__main__.py` alone."""

from __future__ import annotations

from hybridspec.ir.plan import CloudSlice, ZoneSlice
from hybridspec.target.api import Emitted
from hybridspec.target.cloud import project, refusals, short, zone_context

_LATE = 3
"""Days by which S3 may end an object late: it rounds up to midnight twice, for the object and for
its deleted version, which lives on for one more day."""


def emit(part: CloudSlice) -> Emitted:
    """Every file of the project, and what AWS is not asked for because it cannot express it."""
    return (
        *project(part, [_zone(part, zone) for zone in part.zones]),
        *refusals(part, late=_LATE, store="S3", trainer="SageMaker", longest=28 * 24),
    )


def _zone(part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
    return {
        **zone_context(part, zone, _LATE),
        "partition": part.partition,
        "training": [
            {
                "model": job.model,
                "label": short(job.model, 24),
                "image": job.image,
                "instance": job.instance,
                "seconds": job.hours * 3600,
                "rate": _rate(job.every),
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


def _rate(hours: int) -> str:
    return "rate(1 hour)" if hours == 1 else f"rate({hours} hours)"

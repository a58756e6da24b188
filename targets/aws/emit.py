"""CloudSlice to a Pulumi project: generic components, and literals in `__main__.py` alone."""

from __future__ import annotations

import hashlib
import re

from hybridspec.ir.plan import CloudSlice, ZoneSlice
from hybridspec.target.api import Emitted, Payload, Unsupported

_CONCERNS = ("keys", "data", "registry", "devices", "training")
_LATE = 3
"""Days by which S3 may end an object late: it rounds up to midnight twice, for the object and for
its deleted version, which lives on for one more day."""


def emit(part: CloudSlice) -> Emitted:
    """Every file of the project, and what AWS is not asked for because it cannot express it."""
    shared = {
        "spec": part.spec,
        "spec_digest": part.spec_digest,
        "plan_digest": part.plan_digest,
    }
    zones = [_zone(part, zone) for zone in part.zones]
    training = any(zone.training for zone in part.zones)
    main = {**shared, "owner": part.owner, "zones": zones, "training": training}
    files = [
        Payload(path="Pulumi.yaml", template="Pulumi.yaml.j2", context=shared),
        Payload(path="requirements.txt", template="requirements.txt.j2", context=shared),
        Payload(path="__main__.py", template="main.py.j2", context=main),
    ]
    files += [
        Payload(path=f"{name}.py", template=f"{name}.py.j2", context=shared)
        for name in _CONCERNS
        if name != "training" or training
    ]
    return (*files, *_unsupported(part))


def _zone(part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
    return {
        "variable": "zone_" + zone.zone.replace("-", "_"),
        "label": short(zone.zone, 24),
        "name": zone.zone,
        "prefix": short(f"{part.spec}-{zone.zone}", 36),
        "region": zone.region,
        "partition": part.partition,
        "expiry": {p: max(1, d - _LATE) for p, d in _retained(zone).items() if d is not None},
        "classes": {name: short(name, 24) for name in zone.device_classes},
        "models": {name: short(name, 24) for name in zone.models},
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
        "origin": zone.origin,
        "store_origin": zone.store_origin,
        "devices_origin": zone.devices_origin,
    }


def _retained(zone: ZoneSlice) -> dict[str, int | None]:
    """Days that objects below a prefix may be kept; where prefixes overlap, S3 takes the fewest."""
    return {
        "data/": zone.retention_days,
        **{f"data/{store}/": days for store, days in zone.stores if days != zone.retention_days},
    }


def short(name: str, limit: int) -> str:
    """A name of at most `limit` characters that stays unique: cut, with a digest at the end.

    None has two hyphens in a row, so that `--` joins two of them unmistakably.

    >>> short("eu-plants", 24)
    'eu-plants'
    """
    if len(name) <= limit and "--" not in name:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    plain = re.sub("-+", "-", name)
    return f"{plain[: limit - 7].rstrip('-')}-{digest}"


def _rate(hours: int) -> str:
    return "rate(1 hour)" if hours == 1 else f"rate({hours} hours)"


def _unsupported(part: CloudSlice) -> list[Unsupported]:
    hosted = [
        Unsupported(
            what=f"the plan runs `{stage}` in {zone.region}, and no service is emitted for it",
            instead="deploy the stage there yourself, or let it run at the site: more or larger "
            "devices",
            origin=origin,
        )
        for zone in part.zones
        for stage, origin in zone.hosted
    ]
    long = [
        Unsupported(
            what=f"training `{job.model}` runs longer than a SageMaker job may (28 days)",
            instead="shorten `hours`, or split the training",
            origin=job.origin,
        )
        for zone in part.zones
        for job in zone.training
        if job.hours > 28 * 24
    ]
    late = [
        Unsupported(
            what=f"S3 may end an object {_LATE} days late, so none below `{prefix}` can be sure to "
            f"end within {days} {'day' if days == 1 else 'days'}",
            instead=f"write a retention of P{_LATE + 1}D or more, or store nothing in this cloud",
            origin=zone.store_origin,
            promised=True,
        )
        for zone in part.zones
        for prefix, days in _retained(zone).items()
        if days is not None and days <= _LATE
    ]
    return [*hosted, *long, *late]

"""CloudSlice to a Pulumi project: generic components, and literals in `__main__.py` alone."""

from __future__ import annotations

import hashlib

from hybridspec.ir.plan import CloudSlice, ZoneSlice
from hybridspec.target.api import Emitted, Payload, Unsupported

_CONCERNS = ("keys", "data", "registry", "devices", "training")


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
        "retention": zone.retention_days,
        "classes": [{"name": name, "label": short(name, 24)} for name in zone.device_classes],
        "models": [{"name": name, "label": short(name, 24)} for name in zone.models],
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


def short(name: str, limit: int) -> str:
    """A name of at most `limit` characters that stays unique: cut, with a digest at the end.

    >>> short("eu-plants", 24)
    'eu-plants'
    """
    if len(name) <= limit:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: limit - 7].rstrip('-')}-{digest}"


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
    return [*hosted, *long]

"""CloudSlice to a Pulumi project: generic components, and literals in `__main__.py` alone."""

from __future__ import annotations

from dataclasses import replace

from hybridspec.ir.plan import CloudSlice, Existing, TrainingJob, ZoneSlice
from hybridspec.target.api import Emitted
from hybridspec.target.cloud import (
    compact,
    only_partition,
    project,
    refusals,
    short,
    zone_context,
)

from .offline import RESIDENT
from .refuse import LATE, LONGEST, beyond, budget_start, early
from .service import machines, served, service_context

_MODULES = ("access", "channel", "data", "devices", "group", "keys", "logs", "registry", "store",
            "subscription")  # fmt: skip
_FOR_EVER = 365
"""Days for which a log line that nothing ends cannot be changed."""
_OLD = 90
"""Days after which what was overwritten in the update channel ends."""
_EXPORTS = (
    ("account", "data.account"),
    ("key", "key.key_uri"),
    ("key-admin-identity", "key.admin_client_id"),
    ("logs", "logs.account"),
    ("registry", "registry.login_server"),
    ("hub", "devices.hub"),
    ("channel", "channel.url"),
    ("channel-identity", "channel.reader_client_id"),
    ("publisher-identity", "channel.publisher_client_id"),
)
"""What an operator needs of each zone, and where the program has it."""
_UNIT = 10**6


def emit(part: CloudSlice) -> Emitted:
    """Every file of the project, and what Azure is not asked for because it cannot express it."""
    zones = [_zone(part, zone) for zone in part.zones]
    # What is there already is taken over, and the engine proves that it is what is written.
    made = replace(part, zones=tuple(replace(z, existing=Existing()) for z in part.zones))
    return (
        *_files(part, zones),
        *refusals(made, late=LATE, store="Blob Storage", trainer="Machine Learning",
                  longest=LONGEST, serves=True, adopts=True),
        *beyond(part),
        *only_partition(part, "azure"),
    )  # fmt: skip


def _files(part: CloudSlice, zones: list[dict[str, object]]) -> Emitted:
    serving = any(zone["services"] for zone in zones)
    training = any(zone.training for zone in part.zones)
    modules = (*_MODULES, *(("training", "drift") if training else ()),
               *(("serving",) if serving else ()))  # fmt: skip
    return project(part, zones, modules, {
        "serving": serving,
        "exports": _EXPORTS,
        "monthly": max(1, part.budget // _UNIT),
        "contact": part.contact,
        "budget_start": budget_start(part),
        # The log of a subscription tells of all its zones: it may lie in the only one.
        "activity": len(part.zones) == 1,
    })  # fmt: skip


def _zone(part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
    drifting = [short(job.model, 24) for job in early(zone)]
    return {
        **zone_context(part, zone, LATE),
        "code": compact(part.spec, zone.zone, limit=14),
        "training": [_job(job, drifting) for job in zone.training],
        "drift": drifting,
        "resident": zone.region in RESIDENT,
        "services": [service_context(service) for service in served(zone)],
        "machines": machines(zone),
        "log_days": None if zone.log_days is None else max(1, zone.log_days - LATE),
        "sealed_days": _FOR_EVER if zone.log_days is None else max(1, zone.log_days - LATE),
        "old_days": _OLD,
        "bucket": zone.existing.bucket,
        "key": zone.existing.key,
        "registry": zone.existing.registry,
        "key_origin": zone.existing.origin if zone.existing.key else zone.origin,
        "tags": {
            "managed-by": "hybridspec",
            "hybridspec:spec": part.spec,
            "hybridspec:zone": zone.zone,
            "hybridspec:regimes": " ".join(zone.regimes) or "none",
        },
    }


def _job(job: TrainingJob, drifting: list[str]) -> dict[str, object]:
    days = job.every % 24 == 0
    return {
        "label": short(job.model, 24),
        "image": job.image,
        "version": compact(job.image, limit=14),
        "instance": _size(job.instance),
        "seconds": job.hours * 3600,
        "frequency": "Day" if days else "Hour",
        "interval": job.every // 24 if days else job.every,
        "spot": job.spot,
        "drift": short(job.model, 24) in drifting,
        "origin": job.origin,
    }


def _size(instance: str) -> str:
    """A machine's name as Azure spells it; the case of its letters does not matter there.

    >>> _size("standard-d4s-v3")
    'Standard_d4s_v3'
    """
    return instance.replace("-", "_").capitalize()

"""CloudSlice to a Pulumi project: generic components, and literals in `__main__.py` alone."""

from __future__ import annotations

from hybridspec.ir.plan import CloudSlice, TrainingJob, ZoneSlice
from hybridspec.target.api import Emitted
from hybridspec.target.cloud import compact, only_partition, project, refusals, short, zone_context

from .limits import LATE, LONGEST, LONGEST_LOGS, limits
from .logs import entries
from .services import drifting, inspected, serving

_ALWAYS = ("boundary", "keys", "logs", "data", "registry", "channel", "dashboard", "devices")
_START = "aiplatform.customJobs.create"
_DRIFT = ("aiplatform.customJobs.list", "eventarc.events.receiveEvent",
          "logging.logEntries.create", "workflows.executions.create")  # fmt: skip
"""What starting a job takes, and what looking for one first takes besides; a workflow writes its
errors as its account."""
_APIS = (
    "artifactregistry", "cloudkms", "cloudresourcemanager", "containerscanning", "iam",
    "iamcredentials", "logging", "monitoring", "orgpolicy", "pubsub", "serviceusage", "storage",
    "sts",
)  # fmt: skip
_KEYED = ("artifactregistry", "logging", "pubsub")
"""Services that use the zone's key as an identity of their own, wherever a zone is."""
_MICRO = 10**6


def emit(part: CloudSlice) -> Emitted:
    """Every file of the project, and what Google Cloud cannot express."""
    zones = _zones(part)
    modules = (*_ALWAYS, *_optional(part))
    return (
        *project(part, zones, modules, {"modules": modules}),
        *refusals(part, late=LATE, store="Cloud Storage", trainer="Vertex AI", longest=LONGEST,
                  serves=True, adopts=True),
        *limits(part),
        *only_partition(part, "gcp"),
    )  # fmt: skip


def _optional(part: CloudSlice) -> tuple[str, ...]:
    """The modules of what not every zone has."""
    zones = part.zones
    there = {
        "alarms": bool(part.contact),
        "drift": any(map(drifting, zones)),
        "inference": any(map(serving, zones)),
        "inspection": any(map(inspected, zones)),
        "network": any(zone.training or serving(zone) for zone in zones),
        "telemetry": any(zone.device_classes for zone in zones),
        "training": any(zone.training for zone in zones),
    }
    return tuple(name for name, wanted in there.items() if wanted)


def _zones(part: CloudSlice) -> list[dict[str, object]]:
    """What the template says of each zone; the first makes what all of them share."""
    return [
        {
            **_zone(part, zone),
            "boundary": [] if number else [_boundary(part)],
            "alarms": [] if number or not part.contact else [_alarms(part, zone)],
        }
        for number, zone in enumerate(part.zones)
    ]


def _boundary(part: CloudSlice) -> dict[str, object]:
    keyed = {agent for zone in part.zones for agent in _agents(zone)}
    adopted = {zone.existing.key.split("/")[1] for zone in part.zones if zone.existing.key}
    return {
        "prefix": short(part.spec, 36),
        "regions": sorted({zone.region for zone in part.zones}),
        "services": sorted({*_APIS, *keyed, *_further(part)}),
        "encrypted": sorted({"storage", *keyed}),
        "key_projects": sorted(adopted),
    }


def _further(part: CloudSlice) -> set[str]:
    """Services of the project beside those that every zone needs or that use a key."""
    modules = _optional(part)
    named = {
        "alarms": ("essentialcontacts",),
        "drift": ("eventarc", "workflowexecutions"),
        "inspection": ("dlp",),
        "network": ("compute", "dns"),
        "training": ("cloudscheduler", "servicenetworking"),
    }
    budget = {"billingbudgets"} if setting(part, "billing-account") and part.contact else set()
    return {name for module in modules for name in named.get(module, ())} | budget


def _alarms(part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
    return {
        "contact": part.contact,
        "billing_account": setting(part, "billing-account"),
        "currency": part.currency,
        "budget": max(1, -(-part.budget // _MICRO)),
        "origin": zone.origin,
    }


def setting(part: CloudSlice, key: str) -> str:
    """What the stack's settings say of a key of this project's, empty if nothing."""
    return dict(part.config).get(key, "")


def _agents(zone: ZoneSlice) -> list[str]:
    """Services that use the zone's key as an identity of their own."""
    return sorted({
        *_KEYED,
        *(["aiplatform"] if zone.training else []),
        *(["workflows"] if drifting(zone) else []),
        *(["run"] if serving(zone) else []),
    })  # fmt: skip


def _zone(part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
    context = zone_context(part, zone, LATE)
    label, variable, prefix = (str(context[key]) for key in ("label", "variable", "prefix"))
    days = zone.log_days
    return {
        **context,
        "code": compact(part.spec, zone.zone, limit=14),
        "protection": zone.key_protection.upper(),
        "agents": _agents(zone),
        "existing": zone.existing,
        "log_days": LONGEST_LOGS if days is None else min(max(1, days), LONGEST_LOGS),
        "filter": entries(part, zone),
        "authority": setting(part, "device-ca"),
        "pools": {
            name: compact(part.spec, zone.zone, name, limit=30) for name in zone.device_classes
        },
        "inspection": [{"origin": zone.origin}] if inspected(zone) else [],
        "telemetry": [{"origin": zone.devices_origin}] if zone.device_classes else [],
        "training": [
            {
                **_job(part, zone, job),
                "name": f"{label}--{short(job.model, 24)}",
                "variable": f"{variable}_training_{number}",
                "drift": [f"{prefix}--drift--{short(job.model, 24)}"]
                if job in drifting(zone)
                else [],
            }
            for number, job in enumerate(zone.training)
        ],
        "network": _network(zone),
        "services": [
            {
                **service.context(part, zone),
                "name": f"{label}--{short(service.flow, 24)}",
                "variable": f"{variable}_service_{number}",
            }
            for number, service in enumerate(serving(zone))
        ],
        "served": {service.flow: service.code(part, zone) for service in serving(zone)},
        "labels": {
            "managed-by": "hybridspec",
            "spec": part.spec,
            "zone": zone.zone,
            "regimes": "_".join(zone.regimes) or "none",
        },
    }


def _network(zone: ZoneSlice) -> list[dict[str, object]]:
    """The network of what computes in a zone: its services, and what trains its models."""
    asked = [*(job.origin for job in zone.training), *(one.origin for one in serving(zone))]
    return [{"origin": origin, "trains": bool(zone.training)} for origin in asked[:1]]


def _job(part: CloudSlice, zone: ZoneSlice, job: TrainingJob) -> dict[str, object]:
    spot = {"strategy": "SPOT"} if job.spot else {}
    return {
        "label": short(job.model, 24),
        "code": compact(part.spec, zone.zone, job.model, limit=24),
        "image": job.image,
        "instance": job.instance,
        "scheduling": {"timeout": f"{job.hours * 3600}s", **spot},
        "schedule": f"every {job.every} hours",
        "permissions": sorted([_START, *(_DRIFT if job in drifting(zone) else ())]),
        "origin": job.origin,
    }

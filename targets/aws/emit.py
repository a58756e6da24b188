"""CloudSlice to a Pulumi project: generic components, and literals in `__main__.py` alone."""

from __future__ import annotations

from hybridspec.ir.plan import CloudService, CloudSlice, TrainingJob, ZoneSlice
from hybridspec.target.api import Emitted, Payload
from hybridspec.target.cloud import compact, expiry, project, refusals, short, zone_context

from .limits import LATE, key_arn, limits, log_days, logged_days, memory_mb, scanned, served
from .organization import opt_out, organization_policy
from .registration import registration

_CORE = (
    "audit", "boundary", "bucket", "channel", "data", "devices", "guard", "keys", "observability",
    "registry", "roles",
)  # fmt: skip
"""Modules that every project has; the others come with what they are about."""
_NETWORK = "10.64.0.0/24", ("10.64.0.0/25", "10.64.0.128/25")
"""Addresses of a zone's network: no zone's can be reached from another, so all have the same."""
_SPOT_DAYS = 7
"""How long what an interrupted training has reached is kept."""


def emit(part: CloudSlice) -> Emitted:
    """Every file of the project, and what AWS is not asked for because it cannot express it."""
    guards = _guards(part)
    zones = [_zone(part, zone, guards) for zone in part.zones]
    more = {
        "budget": _budget(part),
        "modules": (modules := _modules(part)),
        "kinds": any(zone.device_classes for zone in part.zones),
    }
    return (
        *project(part, zones, modules, more),
        Payload(path="organization-policy.json", data=organization_policy(part)),
        Payload(path="organization-opt-out.json", data=opt_out()),
        *(
            Payload(path=f"registration/{zone.zone}--{name}.json",
                    data=registration(_prefix(part, zone), short(name, 24)))
            for zone in part.zones for name in zone.device_classes
        ),
        *refusals(part, late=LATE, store="S3", trainer="SageMaker", longest=28 * 24, serves=True,
                  adopts=True),
        *limits(part),
    )  # fmt: skip


def _modules(part: CloudSlice) -> tuple[str, ...]:
    """The modules of a project, in the order of their names."""
    trains = any(zone.training for zone in part.zones)
    serves = any(map(served, part.zones))
    more = {
        "budget": _budget(part) is not None,
        "discovery": any(map(scanned, part.zones)),
        "inference": serves,
        "network": trains or serves,
        "training": trains,
    }
    return tuple(sorted((*_CORE, *(name for name, wanted in more.items() if wanted))))


def _guards(part: CloudSlice) -> dict[str, ZoneSlice]:
    """The zone that holds, by region, what an account has there once: the first one."""
    found: dict[str, ZoneSlice] = {}
    for zone in part.zones:
        found.setdefault(zone.region, zone)
    return found


def _budget(part: CloudSlice) -> dict[str, str] | None:
    """The monthly budget; none if the plan counts in no dollars."""
    if not part.budget or part.currency != "USD":
        return None
    return {
        "name": f"{part.spec}-{part.cloud}-{part.stack}",
        "limit": f"{part.budget // 10**6}",
        "contact": part.contact,
    }


def _prefix(part: CloudSlice, zone: ZoneSlice) -> str:
    return short(f"{part.spec}-{zone.zone}", 36)


def _zone(part: CloudSlice, zone: ZoneSlice, guards: dict[str, ZoneSlice]) -> dict[str, object]:
    prefix = _prefix(part, zone)
    guard = guards[zone.region]
    kept = logged_days(part, zone) if guard is zone else zone.log_days
    days = log_days(kept)
    shared = _shared(part, zone) if guard is zone else None
    return {
        **zone_context(part, zone, LATE),
        "expiry": {
            **expiry(zone, LATE),
            **({"checkpoints/": _SPOT_DAYS} if any(job.spot for job in zone.training) else {}),
        },
        "partition": part.partition,
        "domain": "amazonaws.com.cn" if part.partition == "aws-cn" else "amazonaws.com",
        "code": compact(part.spec, zone.zone, limit=40),
        "channel_prefix": _prefixes(part, zone)["channel"],
        "logs_prefix": _prefixes(part, zone)["logs"],
        "log_days": days,
        "log_expiry": {} if kept is None else {"": max(1, kept - LATE)},
        "contact": part.contact,
        "existing": zone.existing,
        "existing_key": key_arn(zone)[1],
        "log_groups": _log_groups(part, zone, prefix, shared),
        "trails": [f"{prefix}-audit", *([f"{prefix}-management"] if shared else [])],
        "rules": _rules(part, zone),
        "classes": {name: _class(part, zone, name) for name in zone.device_classes},
        "network": {"cidr": _NETWORK[0], "subnets": _NETWORK[1]}
        if zone.training or served(zone)
        else None,
        "training": [_job(part, zone, prefix, job) for job in zone.training],
        "services": [_service(part, zone, service) for service in served(zone)],
        "guard": shared,
        "guarded_by": "zone_" + guard.zone.replace("-", "_"),
        "scanned": scanned(zone),
        "tags": {
            "managed-by": "hybridspec",
            "hybridspec:spec": part.spec,
            "hybridspec:zone": zone.zone,
            "hybridspec:regimes": " ".join(zone.regimes) or "none",
        },
    }


def _shared(part: CloudSlice, zone: ZoneSlice) -> dict[str, object]:
    """What an account has once in a region, for whichever of the zones there needs it."""
    here = [one for one in part.zones if one.region == zone.region]
    return {
        "devices": any(one.device_classes for one in here),
        "images": "inspector2" in zone.offered,
        "others": sorted({name for one in here if one is not zone for name in _buckets(part, one)}),
        "scans": any(map(scanned, here)),
        "training": any(one.training for one in here),
    }


def _buckets(part: CloudSlice, zone: ZoneSlice) -> set[str]:
    """With what the names of a zone's buckets begin."""
    names = {"store": _prefix(part, zone), **_prefixes(part, zone)}
    made = {f"{name}-" for use, name in names.items() if use != "store" or not zone.existing.bucket}
    return made | ({zone.existing.bucket} - {""})


def _prefixes(part: CloudSlice, zone: ZoneSlice) -> dict[str, str]:
    """What the buckets of a zone beside its store are named after."""
    return {use: short(f"{part.spec}-{zone.zone}-{use}", 36) for use in ("channel", "logs")}


def _log_groups(
    part: CloudSlice, zone: ZoneSlice, prefix: str, shared: dict[str, object] | None
) -> list[str]:
    """The groups of logs under the zone's key, by name."""
    once = shared or {}
    return [
        f"/aws/events/{prefix}",
        *(f"/aws/sagemaker/Endpoints/{_service(part, zone, one)['code']}" for one in served(zone)),
        *(["/aws/sagemaker/TrainingJobs"] if once.get("training") else []),
        *([f"/hybridspec/{prefix}/flows"] if zone.training or served(zone) else []),
        *(["AWSIotLogsV2"] if once.get("devices") else []),
    ]


def _rules(part: CloudSlice, zone: ZoneSlice) -> list[str]:
    """The rules whose events the zone keeps, by name."""
    code = compact(part.spec, zone.zone, limit=40)
    jobs = [compact(part.spec, zone.zone, job.model, limit=40) for job in zone.training]
    return [f"{code}-key-change", f"{code}-findings", *(f"{job}-failed" for job in jobs)]


def _class(part: CloudSlice, zone: ZoneSlice, name: str) -> dict[str, object]:
    """A device class, with the stores and the services of its own flows."""
    flows = dict(zone.class_flows).get(name, ())
    return {
        "label": short(name, 24),
        "template": compact(part.spec, zone.zone, name, limit=36),
        "stores": [path for path, _ in zone.stores if path.partition("/")[0] in flows],
        "services": [_variable(one) for one in served(zone) if one.flow in flows],
    }


def _variable(service: CloudService) -> str:
    return "_" + service.flow.replace("-", "_")


def _job(part: CloudSlice, zone: ZoneSlice, prefix: str, job: TrainingJob) -> dict[str, object]:
    model = short(job.model, 24)
    return {
        "model": job.model,
        "label": model,
        "code": compact(part.spec, zone.zone, job.model, limit=40),
        "image": job.image,
        "instance": job.instance,
        "seconds": job.hours * 3600,
        "spot": job.spot,
        "rate": "rate(1 hour)" if job.every == 1 else f"rate({job.every} hours)",
        "drift": f"{prefix}/+/+/drift/{model}" if job.drift else "",
        "origin": job.origin,
    }


def _service(part: CloudSlice, zone: ZoneSlice, service: CloudService) -> dict[str, object]:
    bare = service.machine.removeprefix("ml.")
    return {
        "flow": service.flow,
        "variable": _variable(service),
        "label": short(service.flow, 24),
        "code": compact(part.spec, zone.zone, service.flow, limit=60),
        "image": service.image,
        "memory": memory_mb(service),
        "instance": f"ml.{bare}" if bare else "",
        "least": max(1, service.least),
        "most": max(1, service.least, service.most),
        "origin": service.origin,
    }

"""What Azure cannot express, or what its SDK cannot without a key in the program: HS0501."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hybridspec.ir.plan import CloudSlice, TrainingJob, ZoneSlice
from hybridspec.target.api import Unsupported

from .service import OFFERED, fits

LATE = 3
"""Days by which Azure may end a blob late: a policy runs once a day and takes more than the days
it is given, and a deleted blob's last version waits for the next run."""
LONGEST = 90 * 24
"""Hours after which Machine Learning ends any job."""
_RULES = 100
"""Rules that a storage account's lifecycle policy may have."""
_READERS = 19
"""Groups of readers that a hub of the standard tier may have beside the built-in one."""
_ROUTES = 10
"""Endpoints that a hub may write to beside the built-in one."""
_WORKFLOWS = "logic"
"""What the catalogue calls Logic Apps."""
_WAIT = 240
"""Seconds after which an environment's ingress gives a request up."""
_REPLICAS = 1000
"""Instances that a container app may have."""
_MONTH = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")
_WITHIN = r"/subscriptions/[\w-]+/resourceGroups/[\w.()-]+/providers/"
_IDENTIFIERS = {
    "bucket": (_WITHIN + r"Microsoft\.Storage/storageAccounts/[a-z0-9]{3,24}", "storage account"),
    "key": (_WITHIN + r"Microsoft\.KeyVault/vaults/[\w-]{3,24}/keys/[\w-]+", "key"),
    "registry": (
        _WITHIN + r"Microsoft\.ContainerRegistry/registries/[A-Za-z0-9]{5,50}", "registry"),
}  # fmt: skip
"""What the identifier of a resource that is there already looks like."""


def beyond(part: CloudSlice) -> tuple[Unsupported, ...]:
    """Everything that the slice asks for and that is not emitted."""
    return (
        *(
            refusal
            for zone in part.zones
            for found in (_counts, _drift, _logs, _adopted, _services, _devices, _content)
            for refusal in found(zone)
        ),
        *_foreign(part),
        *_activity(part),
        *_budget(part),
    )


def budget_start(part: CloudSlice) -> str:
    """The first day of the month in which the budget was made; empty if no stack says so."""
    said = dict(part.config).get("budget-start", "")
    return f"{said}-01" if _MONTH.fullmatch(said) else ""


def _budget(part: CloudSlice) -> Iterator[Unsupported]:
    """A budget begins in a month, which Azure takes once and no program may ask the clock for."""
    said = dict(part.config).get("budget-start", "")
    if not budget_start(part):
        yield Unsupported(
            what=f"`{said}` is no month that a budget begins in"
            if said
            else "a budget begins in the month in which it is made, and the stack names none: "
            "nobody is told of costs",
            instead="write the month of the first deployment in the stack's `config`, as "
            "`budget-start: 2026-11`",
            origin=part.zones[0].origin,
            note=not said,
        )


def _counts(zone: ZoneSlice) -> Iterator[Unsupported]:
    if len(zone.stores) + 1 > _RULES:
        yield Unsupported(
            what=f"a storage account ends objects below at most {_RULES} prefixes, and zone "
            f"`{zone.zone}` has {len(zone.stores) + 1}",
            instead="give fewer stores a retention of their own",
            origin=zone.store_origin, promised=True,
        )  # fmt: skip
    if len(zone.device_classes) > _READERS:
        yield Unsupported(
            what=f"an IoT Hub keeps at most {_READERS} groups of readers apart, and zone "
            f"`{zone.zone}` has {len(zone.device_classes)} device classes",
            instead="use fewer device classes in the zone",
            origin=zone.devices_origin,
        )


def early(zone: ZoneSlice) -> list[TrainingJob]:
    """The jobs that drift starts before their time: as many as Azure can tell apart."""
    return (
        [job for job in zone.training if job.drift][:_ROUTES] if _WORKFLOWS in zone.offered else []
    )


def _drift(zone: ZoneSlice) -> Iterator[Unsupported]:
    for job in zone.training:
        if job.drift and job not in early(zone):
            yield Unsupported(
                what=f"a drift of `{job.model}` starts no training: "
                + (f"an IoT Hub writes to at most {_ROUTES} places" if _WORKFLOWS in zone.offered
                   else f"{zone.region} has no Logic Apps"),
                instead="train it more often by schedule",
                origin=job.origin,
            )  # fmt: skip


def _logs(zone: ZoneSlice) -> Iterator[Unsupported]:
    if zone.log_days is not None and zone.log_days <= LATE:
        yield Unsupported(
            what=f"Blob Storage may end a log {LATE} days late, so none of zone `{zone.zone}` can "
            f"be sure to end within {zone.log_days} {'day' if zone.log_days == 1 else 'days'}",
            instead=f"keep logs for P{LATE + 1}D or more",
            origin=zone.origin, promised=True,
        )  # fmt: skip


def _adopted(zone: ZoneSlice) -> Iterator[Unsupported]:
    for what, (pattern, kind) in _IDENTIFIERS.items():
        name = getattr(zone.existing, what)
        if name and not re.fullmatch(pattern, name):
            yield Unsupported(
                what=f"`{name}` is not the identifier of a {kind}",
                instead="write what `az resource show --query id` prints of it, as "
                f"`/subscriptions/.../{pattern.rpartition('providers/')[2].partition('/')[0]}/...`"
                .replace("\\", ""),
                origin=zone.existing.origin, promised=True,
            )  # fmt: skip


def _foreign(part: CloudSlice) -> Iterator[Unsupported]:
    """What is there already, by an identifier of another subscription than the cloud's."""
    for zone in part.zones:
        for name in (zone.existing.bucket, zone.existing.key, zone.existing.registry):
            subscription = re.match(r"/subscriptions/([\w-]+)/", name)
            if subscription and part.account and subscription[1].lower() != part.account.lower():
                yield Unsupported(
                    what=f"`{name}` lies in subscription {subscription[1]}, and cloud "
                    f"`{part.cloud}` is {part.account}",
                    instead="adopt what is in the zone's own subscription",
                    origin=zone.existing.origin, promised=True,
                )  # fmt: skip


def _services(zone: ZoneSlice) -> Iterator[Unsupported]:
    for service in zone.services:
        if not service.image:
            continue
        if OFFERED not in zone.offered:
            yield Unsupported(
                what=f"the plan runs `{service.flow}` in {zone.region}, which has no Container "
                "Apps",
                instead="let the flow run at the site, or place the zone in another region",
                origin=service.origin, promised=True,
            )  # fmt: skip
        elif not fits(service):
            yield Unsupported(
                what=f"Container Apps has no container as large as `{service.flow}` needs in "
                f"{zone.region}",
                instead="let the flow run at the site, or use a smaller model",
                origin=service.origin, promised=True,
            )  # fmt: skip
        if service.timeout > _WAIT:
            yield Unsupported(
                what=f"Container Apps gives up a request after {_WAIT} s, and `{service.flow}` "
                f"may take {service.timeout} s",
                instead="let the flow run at the site",
                origin=service.origin,
            )
        if service.most > _REPLICAS:
            yield Unsupported(
                what=f"Container Apps runs at most {_REPLICAS} instances, and `{service.flow}` "
                f"needs {service.most}",
                instead="let some sites run the flow themselves",
                origin=service.origin, promised=True,
            )  # fmt: skip


def _devices(zone: ZoneSlice) -> Iterator[Unsupported]:
    if zone.device_classes:
        yield Unsupported(
            what=f"no provisioning service is emitted for the devices of zone `{zone.zone}`: the "
            "API version in Pulumi's SDK links it to the hub with a key of the hub alone, and the "
            "hub takes none",
            instead="register each by its certificate: `az iot hub device-identity create "
            "--auth-method x509_ca`",
            origin=zone.devices_origin,
            note=True,
        )


def _content(zone: ZoneSlice) -> Iterator[Unsupported]:
    yield Unsupported(
        what=f"nothing that is emitted looks into what zone `{zone.zone}` holds, for personal data "
        "in stores or for vulnerabilities in images: scans of Purview are not set up through "
        "Resource Manager, and where Defender opens what it reads nobody states",
        instead="let a tool of your own look inside the region",
        origin=zone.origin,
        note=True,
    )


def _activity(part: CloudSlice) -> Iterator[Unsupported]:
    if len(part.zones) > 1:
        yield Unsupported(
            what="the activity log of a subscription tells of all its zones, so it is kept in "
            "none of them, and after 90 days nowhere",
            instead="give each zone an account in `clouds`, of a subscription of its own",
            origin=part.zones[0].origin,
            note=True,
        )

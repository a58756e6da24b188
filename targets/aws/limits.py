"""What AWS cannot express of a slice, or not as it was asked: refusals, and sizes that are met."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hybridspec.ir.plan import CloudService, CloudSlice, ZoneSlice
from hybridspec.target.api import Unsupported
from hybridspec.target.cloud import retained

LATE = 3
"""Days by which S3 may end an object late: it rounds up to midnight twice, for the object and for
its deleted version, which lives on for one more day."""
PORT = 8080
"""Where SageMaker looks for the server of a container, and nowhere else."""
_KEPT = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557,
         2922, 3288, 3653)  # fmt: skip
"""Days after which CloudWatch can end a line of a log, which it may do three days late."""
_LOWEST = LATE + 1
"""Days that a log has to be kept at least, so that ending it three days late is in time."""
_GIB, _OVERHEAD = 2**30, 512 * 2**20
"""What a server takes in memory beside its models, generously."""
_SERVERLESS_GIB, _SERVERLESS_AT_ONCE, _SECONDS = 6, 200, 60
_KEY = re.compile(
    r"(?:arn:([\w-]+):kms:([\w-]+):(\d{12}):key/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
_BUCKET = re.compile(r"(?!.*(?:--|-s3alias$|\.mrap$))[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
"""Names of buckets: aliases of access points, and what may lie in a zone or in many regions, have
other endings."""
_REPOSITORY = re.compile(r"(?!.*\.dkr\.)[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
"""Names of repositories, without the host of a registry."""


def log_days(kept: int | None) -> int:
    """Days that CloudWatch keeps a line; 0 keeps it for ever."""
    if kept is None:
        return 0
    return max((days for days in _KEPT if days + LATE <= kept), default=1)


def logged_days(part: CloudSlice, zone: ZoneSlice) -> int | None:
    """Days of what is logged of every zone in a zone's region: those of whose logs end first."""
    here = (one.log_days for one in part.zones if one.region == zone.region)
    return min((days for days in here if days is not None), default=None)


def scanned(zone: ZoneSlice) -> bool:
    """Whether the zone's store is searched for personal data: a law binds it, and Macie is here."""
    return bool(zone.regimes) and "macie2" in zone.offered


def served(zone: ZoneSlice) -> tuple[CloudService, ...]:
    """The services that an endpoint is emitted for; `limits` has a reason for each other."""
    return tuple(one for one in zone.services if one.image and not _unserved(one))


def memory_mb(service: CloudService) -> int:
    """Memory of an endpoint without servers: whole GiB that hold its models and its server."""
    return 1024 * max(1, -(-(service.memory + _OVERHEAD) // _GIB))


def key_arn(zone: ZoneSlice) -> tuple[str, str]:
    """The key that a zone adopts: its region, empty where that is the zone's, and its id."""
    found = _KEY.fullmatch(zone.existing.key)
    return (found[2] or "", found[4]) if found else ("", "")


def limits(part: CloudSlice) -> Iterator[Unsupported]:
    """What is not emitted as it was asked, zone by zone."""
    for zone in part.zones:
        yield from _adopted(part, zone)
        yield from _bucket(zone)
        yield from _registry(zone)
        yield from _endpoints(zone)
        yield from _watched(zone)
    yield from _shared(part)
    yield from _budget(part)


def _shared(part: CloudSlice) -> Iterator[Unsupported]:
    """What an account has once in a region tells of every zone there."""
    holders: dict[str, ZoneSlice] = {}
    for zone in part.zones:
        holder = holders.setdefault(zone.region, zone)
        if holder is not zone:
            yield Unsupported(
                what=f"zone `{zone.zone}` shares its account and {zone.region} with "
                f"`{holder.zone}`: logs of its training and devices, findings that name no bucket "
                f"of its, and the trail of what is done to its resources are kept with "
                f"`{holder.zone}`, under that one's key",
                instead="give each zone a cloud with an `account` of its own",
                origin=zone.origin,
            )


def _bucket(zone: ZoneSlice) -> Iterator[Unsupported]:
    name = zone.existing.bucket
    if not name:
        return
    if not _BUCKET.fullmatch(name):
        yield Unsupported(
            what=f"`{name}` is not the plain name of a bucket",
            instead="write the name alone; what begins with `arn:`, and aliases of access points, "
            "may lead to another account or region",
            origin=zone.existing.origin,
            promised=True,
        )
    if any(days is not None for days in retained(zone).values()):
        yield Unsupported(
            what=f"the rules that end objects are the bucket's own, so nothing emitted ends what "
            f"lies in `{name}` within the retention of zone `{zone.zone}`",
            instead="let the stack make the bucket, and adopt the key and the registry alone",
            origin=zone.existing.origin,
            promised=True,
        )


def _registry(zone: ZoneSlice) -> Iterator[Unsupported]:
    name = zone.existing.registry
    if name and not _REPOSITORY.fullmatch(name):
        yield Unsupported(
            what=f"`{name}` is not the plain name of a repository",
            instead="write the name alone: the stack looks for it in the zone's region and account",
            origin=zone.existing.origin,
            promised=True,
        )


def _foreign(part: CloudSlice, zone: ZoneSlice) -> str:
    """Why a key's written name is of another partition or account; empty if it is not."""
    found = _KEY.fullmatch(zone.existing.key)
    if found is None or not found[1]:
        return ""
    if found[1] != part.partition:
        return f"partition `{found[1]}`, not in `{part.partition}`"
    if found[3] != part.account:
        return f"account {found[3]}, and cloud `{part.cloud}` names {part.account or 'none'}"
    return ""


def _adopted(part: CloudSlice, zone: ZoneSlice) -> Iterator[Unsupported]:
    if not zone.existing.key:
        return
    if foreign := _foreign(part, zone):
        yield Unsupported(
            what=f"`{zone.existing.key}` lies in {foreign}",
            instead=f"write the id of a key of the zone's own account alone, or its account as "
            f"`clouds.{part.cloud}.account`",
            origin=zone.existing.origin,
            promised=True,
        )
    region, identity = key_arn(zone)
    if not identity or region not in ("", zone.region):
        yield Unsupported(
            what=f"`{zone.existing.key}` names no key of {zone.region} alone by its identifier",
            instead=f"write the key's id, or `arn:aws:kms:{zone.region}:<account>:key/<id>`; "
            "aliases can be moved, and keys of several regions leave the zone's",
            origin=zone.existing.origin,
            promised=True,
        )
        return
    yield Unsupported(
        what=f"the policy of key `{identity}` stays its owner's, and logs, trail and alarms of "
        f"zone `{zone.zone}` need it",
        instead=f"let logs.{zone.region}.amazonaws.com, cloudtrail.amazonaws.com and "
        "cloudwatch.amazonaws.com use it, as `keys.py` does for a key that it makes",
        origin=zone.existing.origin,
    )


def _endpoints(zone: ZoneSlice) -> Iterator[Unsupported]:
    for service in zone.services:
        if not service.image:
            continue
        if why := _unserved(service):
            yield Unsupported(what=f"the service of `{service.flow}` {why}",
                              instead="change it, or deploy the service there yourself",
                              origin=service.origin)  # fmt: skip
        elif service.machine and not service.machine.startswith("ml."):
            yield Unsupported(
                what=f"SageMaker serves `{service.flow}` on ml.{service.machine}, whose price is "
                f"another than that of {service.machine}, which the plan counts",
                instead="compare the two prices, or add the former to the catalogue",
                origin=service.origin,
            )


def _unserved(service: CloudService) -> str:
    """Why no endpoint of SageMaker can be this service; empty if one can."""
    if service.port != PORT:
        return f"listens on port {service.port}, and SageMaker asks {PORT} alone"
    if service.timeout > _SECONDS:
        return f"may take {service.timeout} s for an answer, and SageMaker waits for {_SECONDS} s"
    if service.machine:
        return ""
    if memory_mb(service) > 1024 * _SERVERLESS_GIB:
        return (f"needs {memory_mb(service) // 1024} GiB, and what runs without servers has "
                f"{_SERVERLESS_GIB} GiB at most")  # fmt: skip
    if service.most > _SERVERLESS_AT_ONCE:
        return (f"answers {service.most} requests at once, and what runs without servers "
                f"{_SERVERLESS_AT_ONCE} at most")  # fmt: skip
    return ""


def _watched(zone: ZoneSlice) -> Iterator[Unsupported]:
    if zone.regimes and "macie2" not in zone.offered:
        yield Unsupported(
            what=f"{zone.region} has no Macie, so nothing searches the store of zone "
            f"`{zone.zone}` for personal data where none is expected",
            instead="place the zone in a region that has it, or search the store yourself",
            origin=zone.origin,
        )
    if "inspector2" not in zone.offered:
        yield Unsupported(
            what=f"{zone.region} has no Inspector, so an image of zone `{zone.zone}` is searched "
            "for known faults when it is pushed, and not again when new ones are known",
            instead="place the zone in a region that has it, or push images again in time",
            origin=zone.origin,
        )
    if zone.log_days is not None and zone.log_days < _LOWEST:
        yield Unsupported(
            what=f"CloudWatch ends a line of a log after a day, and up to {LATE} days late, so "
            f"none can be sure to end within {zone.log_days}",
            instead=f"keep logs for P{_LOWEST}D or more",
            origin=zone.origin,
            promised=True,
        )


def _budget(part: CloudSlice) -> Iterator[Unsupported]:
    if part.budget and part.currency != "USD":
        yield Unsupported(
            what=f"AWS counts budgets in USD, and the plan in {part.currency}: none is emitted",
            instead="set a budget in the account by hand",
            origin=part.zones[0].origin,
        )

"""What Google Cloud cannot express of a plan, or only an organisation can set."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hybridspec.ir.plan import CloudSlice, ZoneSlice
from hybridspec.target.api import Unsupported
from hybridspec.target.cloud import retained

from .services import beyond

LATE = 3
"""Days by which Cloud Storage may end an object late: its rules act within a day, on the object
and once more on its last version, which lives on for one more day."""
LONGEST = 7 * 24
"""Hours after which Vertex AI ends a training job unless it is asked for more than is sure."""
LONGEST_LOGS = 3650
"""Days that a log bucket keeps an entry at most."""
_PLAIN = {
    "bucket": re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"),
    "registry": re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"),
}
"""Names of what is there already: a place or a project in them would be another one's."""
_RULES = 100
"""Rules that a bucket's lifecycle may have; each prefix takes two, uploads one."""
_KEY = re.compile(r"projects/[^/]+/locations/([^/]+)/keyRings/[^/]+/cryptoKeys/[^/]+")


def limits(part: CloudSlice) -> tuple[Unsupported, ...]:
    """Every refusal that no other cloud has."""
    return (
        *_of_organisations(part),
        *_of_projects(part),
        *_of_settings(part),
        *_of_keys(part),
        *(refusal for zone in part.zones for refusal in _of_zone(zone)),
    )


def _of_zone(zone: ZoneSlice) -> Iterator[Unsupported]:
    prefixes = len(zone.stores) + 1
    if 2 * prefixes >= _RULES:
        yield Unsupported(
            what=f"a bucket ends objects below at most {(_RULES - 1) // 2} prefixes, and zone "
            f"`{zone.zone}` has {prefixes}",
            instead="give fewer stores a retention of their own",
            origin=zone.store_origin,
            promised=True,
        )
    if zone.log_days is None or zone.log_days > LONGEST_LOGS:
        yield Unsupported(
            what=f"a log bucket keeps entries for {LONGEST_LOGS} days at most, and zone "
            f"`{zone.zone}` ends them later or never",
            instead="state how long they are needed as `observability.logs.retention`",
            origin=zone.origin,
            note=True,
        )
    yield from _adopted(zone)
    yield from beyond(zone)


def _adopted(zone: ZoneSlice) -> Iterator[Unsupported]:
    """A key is named with its place, which has to be the zone's; a bucket ends what it likes."""
    if zone.existing.bucket and any(days is not None for days in retained(zone).values()):
        yield Unsupported(
            what=f"the rules that end objects are the bucket's own, so nothing emitted ends what "
            f"lies in `{zone.existing.bucket}` within the retention of zone `{zone.zone}`",
            instead="let the stack make the bucket, and adopt the key and the registry alone",
            origin=zone.existing.origin,
            promised=True,
        )
    for kind, pattern in _PLAIN.items():
        name = getattr(zone.existing, kind)
        if name and not pattern.fullmatch(name):
            yield Unsupported(
                what=f"`{name}` is not the plain name of a {kind}",
                instead="write the name alone, without a project, a place or an address",
                origin=zone.existing.origin,
                promised=True,
            )
    key = zone.existing.key
    found = _KEY.fullmatch(key)
    if key and (found is None or found[1] != zone.region):
        yield Unsupported(
            what=f"`{key}` is no key in {zone.region}",
            instead=f"name it as `projects/…/locations/{zone.region}/keyRings/…/cryptoKeys/…`",
            origin=zone.existing.origin,
            promised=True,
        )


def _of_keys(part: CloudSlice) -> Iterator[Unsupported]:
    """A key of another project is taken as it is named: others decide over it."""
    for zone in part.zones:
        project = zone.existing.key.split("/")[1] if _KEY.fullmatch(zone.existing.key) else ""
        if project and project != part.account:
            yield Unsupported(
                what=f"the key of zone `{zone.zone}` is that of `{project}`: who administers "
                f"project `{project}` decides who decrypts what the zone holds",
                instead="adopt a key of the zone's own project, or let the stack make one",
                origin=zone.existing.origin,
                note=True,
            )


def _of_organisations(part: CloudSlice) -> Iterator[Unsupported]:
    yield Unsupported(
        what="no project decides where its log bucket `_Required` lies, which keeps for 400 days "
        "what administrators do, and none has Security Command Center, Assured Workloads or a "
        "service perimeter of its own: those are the organisation's",
        instead="ask its administrators to set the default location of logs before the project "
        "is made, and for the others where the regimes of a zone call for them",
        origin=part.zones[0].origin,
        note=True,
    )


def _of_projects(part: CloudSlice) -> Iterator[Unsupported]:
    if len(part.zones) < 2:
        return
    trained = sum(bool(zone.training) for zone in part.zones)
    jobs = " and those of training jobs, which name none," if trained > 1 else ""
    yield Unsupported(
        what=f"{len(part.zones)} zones share a project, so that log entries that name nothing of "
        f"a zone{jobs} are kept by none of them",
        instead="give each zone a cloud with an `account` of its own",
        origin=part.zones[1].origin,
        note=True,
    )


def _of_settings(part: CloudSlice) -> Iterator[Unsupported]:
    """What only the account knows, and the stack's settings can say."""
    said = dict(part.config)
    first = part.zones[0]
    if not said.get("device-ca") and any(zone.device_classes for zone in part.zones):
        yield Unsupported(
            what="devices prove themselves by certificates, and the stack names no authority "
            "that signs them: they cannot connect",
            instead="write its certificate as PEM in the stack's `config`, as `device-ca`",
            origin=first.devices_origin,
            note=True,
        )
    if not part.contact:
        yield Unsupported(
            what="nobody is told of alarms or of costs: the owner is no address",
            instead="write an e-mail address as `metadata.owner`",
            origin=first.origin,
            note=True,
        )
    elif not said.get("billing-account"):
        yield Unsupported(
            what="a budget belongs to a billing account, and the stack names none",
            instead="write its identifier in the stack's `config`, as `billing-account`",
            origin=first.origin,
            note=True,
        )

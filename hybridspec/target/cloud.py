"""What every cloud's emitter does alike: short names, retentions by prefix, and refusals."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from hybridspec.ir.plan import CloudSlice, ZoneSlice
from hybridspec.target.api import Emitted, Payload, Unsupported

CONCERNS = ("keys", "data", "registry", "devices", "training")
"""One module of an emitted project each; `training` only where a model is trained."""
UNSETTABLE = {
    "transit": "devices reach the region over the Internet: without a network of one's own "
    "between them, no private endpoint can fix the route",
    "operator": "whose law binds the operator is no setting",
    "stage": "nothing is emitted for a stage that computes in the region",
}
"""Why no cloud's project can enforce a claim about these, by facet, or for a `stage`."""


def project(
    part: CloudSlice,
    zones: list[dict[str, object]],
    modules: tuple[str, ...] = CONCERNS,
    more: Mapping[str, object] | None = None,
) -> Emitted:
    """The files of a project: generic modules, and a `__main__.py` that holds every literal.

    `more` is what that one needs beside what every cloud's does.
    """
    shared = {
        "spec": part.spec,
        "spec_digest": part.spec_digest,
        "plan_digest": part.plan_digest,
    }
    training = any(zone.training for zone in part.zones)
    own = Payload(
        path=f"Pulumi.{part.stack}.yaml",
        template="stack.yaml.j2",
        context={**shared, "config": [(_key(part, key), value) for key, value in part.config]},
    )
    main = {**shared, "account": part.account, "zones": zones, "training": training,
            **(more or {})}  # fmt: skip
    return (
        Payload(
            path="Pulumi.yaml",
            template="Pulumi.yaml.j2",
            context={
                **shared,
                "project": project_name(part.spec, part.cloud),
                "backend": part.backend,
            },
        ),
        *([own] if part.config else []),
        Payload(path="requirements.txt", template="requirements.txt.j2", context=shared),
        Payload(path="__main__.py", template="main.py.j2", context=main),
        *(
            Payload(path=f"{name}.py", template=f"{name}.py.j2", context=shared)
            for name in modules
            if name != "training" or training
        ),
    )


def _key(part: CloudSlice, key: str) -> str:
    """A setting's key as the engine reads it: one without a namespace is the project's."""
    return key if ":" in key else f"{project_name(part.spec, part.cloud)}:{key}"


def project_name(spec: str, cloud: str) -> str:
    """What a cloud's project is called: stacks of one name in one backend are told apart by it."""
    return f"{spec}-{cloud}"


def zone_context(part: CloudSlice, zone: ZoneSlice, late: int) -> dict[str, object]:
    """What a template says of a zone, whatever the cloud; `late` as in `expiry`."""
    return {
        "variable": "zone_" + zone.zone.replace("-", "_"),
        "label": label(zone.zone),
        "name": zone.zone,
        "prefix": short(f"{part.spec}-{zone.zone}", 36),
        "region": zone.region,
        "expiry": expiry(zone, late),
        "classes": {name: short(name, 24) for name in zone.device_classes},
        "models": {name: short(name, 24) for name in zone.models},
        "origin": zone.origin,
        "store_origin": zone.store_origin,
        "devices_origin": zone.devices_origin,
    }


def label(zone: str) -> str:
    """What a zone's provider is called in an emitted program; each of its resources has it."""
    return short(zone, 24)


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


def compact(*names: str, limit: int) -> str:
    """A unique name of letters and digits, for names that take no hyphen.

    >>> compact("watch", "eu-plants", limit=14)
    'watcheup2d9e9a'
    """
    whole = "\0".join(names)
    plain = re.sub("[^a-z0-9]", "", whole)
    return plain[: limit - 6] + hashlib.sha256(whole.encode()).hexdigest()[:6]


def retained(zone: ZoneSlice) -> dict[str, int | None]:
    """Days that objects below a prefix may be kept; where prefixes overlap, the fewest count."""
    return {
        "data/": zone.retention_days,
        **{f"data/{store}/": days for store, days in zone.stores if days != zone.retention_days},
    }


def expiry(zone: ZoneSlice, late: int) -> dict[str, int]:
    """Days to configure by prefix, for a service that may end an object `late` days late."""
    return {p: max(1, d - late) for p, d in retained(zone).items() if d is not None}


def only_partition(part: CloudSlice, name: str) -> tuple[Unsupported, ...]:
    """A refusal unless the slice lies in the one partition whose addresses a target knows."""
    if part.partition == name:
        return ()
    return tuple(
        Unsupported(
            what=f"region `{zone.region}` lies in partition `{part.partition}`, whose addresses "
            f"are others than those of `{name}`",
            instead="use a region of another partition",
            origin=zone.origin,
            promised=True,
        )
        for zone in part.zones
    )


def refusals(
    part: CloudSlice,
    *,
    late: int,
    store: str,
    trainer: str,
    longest: int,
    serves: bool = False,
    adopts: bool = False,
) -> tuple[Unsupported, ...]:
    """What no cloud's emitter expresses, or not this one: its store's name and what it is late by,
    its training service's name and the longest hours of a job there; `serves` if it emits services
    for the stages that compute there, `adopts` if it refers to what a zone has there already."""
    return tuple(
        refusal
        for zone in part.zones
        for refusal in (
            *_hosted(zone, serves=serves),
            *_adopted(zone, adopts=adopts),
            *_long(zone, trainer, longest),
            *_late(zone, store, late),
            *_early(zone, store, late),
        )
    )


def _hosted(zone: ZoneSlice, *, serves: bool) -> list[Unsupported]:
    """The stages in the cloud that nothing is emitted for: no image is named, or not here yet."""
    return [
        Unsupported(
            what=f"the plan runs `{service.flow}/{stage}` in {zone.region}, and no service is "
            "emitted for it",
            instead=f"name the image that does, as `flows.{service.flow}.service: "
            "{image: serve/it:1}`, or let it run at the site: more or larger devices"
            if serves
            else "deploy the stage there yourself, or let it run at the site: more or larger "
            "devices",
            origin=origin,
        )
        for service in zone.services
        for stage, origin in service.stages
        if not serves or not service.image
    ]


def _adopted(zone: ZoneSlice, *, adopts: bool) -> list[Unsupported]:
    """What is there already: nothing emitted proves where it lies, or it would be made again."""
    named = (zone.existing.bucket, zone.existing.key, zone.existing.registry)
    return [
        Unsupported(
            what=f"`{name}` is there already, and nothing that is emitted proves that it lies in "
            f"{zone.region}"
            if adopts
            else f"`{name}` is there already, and this cloud's project makes all that it needs",
            instead="look at it there, or let the stack make one"
            if adopts
            else "leave it out of `existing`, or place the zone in another cloud",
            origin=zone.existing.origin,
            promised=not adopts,
        )
        for name in named
        if name
    ]


def _long(zone: ZoneSlice, trainer: str, longest: int) -> list[Unsupported]:
    return [
        Unsupported(
            what=f"training `{job.model}` runs longer than a {trainer} job may "
            f"({longest // 24} days)",
            instead="shorten `hours`, or split the training",
            origin=job.origin,
        )
        for job in zone.training
        if job.hours > longest
    ]


def _late(zone: ZoneSlice, store: str, late: int) -> list[Unsupported]:
    return [
        Unsupported(
            what=f"{store} may end an object {late} days late, so none below `{prefix}` can be "
            f"sure to end within {days} {'day' if days == 1 else 'days'}",
            instead=f"write a retention of P{late + 1}D or more, or store nothing in this cloud",
            origin=zone.store_origin,
            promised=True,
        )
        for prefix, days in retained(zone).items()
        if days is not None and days <= late
    ]


def _early(zone: ZoneSlice, store: str, late: int) -> list[Unsupported]:
    return [
        Unsupported(
            what=f"{store} may end an object {late} days late, so it has to begin ending those "
            f"below `{prefix}` after {days - late} of {days} days, and the zone keeps each for "
            f"{zone.least_days} at least",
            instead=f"allow P{zone.least_days + late}D or more, or ask for P{days - late}D at "
            "least",
            origin=zone.store_origin,
            promised=True,
        )
        for prefix, days in retained(zone).items()
        if days is not None and late < days < zone.least_days + late
    ]

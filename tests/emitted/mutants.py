"""Faults put into what a program would create: as if it had been emitted or edited so."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache

from hybridspec.deliver.enforcement import unproven
from hybridspec.deliver.evaluate import Evaluation, Resource
from hybridspec.deliver.outside_plan import outside_plan
from hybridspec.ir.plan import CloudSlice
from hybridspec.load.catalog import load_catalogs
from hybridspec.target.api import At, Registration
from hybridspec.target.cloud import label
from hybridspec.target.registry import targets


@dataclass(frozen=True)
class Mutant:
    """A text in the inputs of the resources of a type replaced, as JSON, in zone `zone`.

    An `old` text that is empty takes the resources away; `guards` have to be missed, and the
    reason that something lies outside the plan has to hold `outside`.
    """

    kind: str
    old: str
    new: str
    guards: frozenset[str]
    outside: str
    zone: str


def mutant(
    kind: str, old: str, new: str, *guards: str, outside: str = "", zone: str = "eu-plants"
) -> Mutant:
    """A fault, and who sees it."""
    return Mutant(kind, old, new, frozenset(guards), outside, zone)


def homes(made: CloudSlice) -> dict[str, str]:
    """The regions of the zones by label."""
    return {label(zone.zone): zone.region for zone in made.zones}


def adopted(made: CloudSlice) -> dict[str, set[str]]:
    """What the zones have there already, by label."""
    return {
        label(zone.zone): {zone.existing.bucket, zone.existing.key, zone.existing.registry} - {""}
        for zone in made.zones
    }


@cache
def _regions(provider: str) -> frozenset[str]:
    return frozenset(load_catalogs()[0][provider].regions)


def judged(made: CloudSlice, found: Evaluation) -> tuple[set[str], list[str]]:
    """Guards that are not there, and why resources lie outside the plan."""
    target, there = targets()[made.provider], adopted(made)
    images = {label(zone.zone): zone.existing.registry for zone in made.zones}
    lacks = {guard for _, guard, _ in
             unproven(target, found, homes(made), there, (made.contact,), images)}  # fmt: skip
    allowed = set(homes(made).values())
    outside = outside_plan(found, allowed, _regions(made.provider), homes(made), there)
    return lacks, [why for _, why in outside]


def mutated(made: CloudSlice, found: Evaluation, fault: Mutant) -> tuple[set[str], list[str]]:
    """What is seen of a fault."""
    resources = []
    hit = 0
    for resource in found.resources:
        if not resource.type.endswith(fault.kind) or resource.owner != fault.zone:
            resources.append(resource)
            continue
        text = json.dumps(dict(resource.inputs))
        if fault.old not in text:
            resources.append(resource)
            continue
        hit += 1
        if fault.old:
            resources.append(_placed(made, resource, text.replace(fault.old, fault.new)))
    assert hit, f"no {fault.kind} of {fault.zone} has {fault.old}"
    return judged(made, replace(found, resources=tuple(resources)))


def added(
    made: CloudSlice, found: Evaluation, kind: str, inputs: dict[str, object]
) -> tuple[set[str], list[str]]:
    """What is seen of a resource that nobody asked for, in the first zone."""
    zone = label(made.zones[0].zone)
    like = next(r for r in found.resources if r.custom and r.owner == zone)
    more = replace(like, urn="urn:more", type=kind, name=f"{zone}-more", outputs={})
    more = _placed(made, more, json.dumps(inputs))
    return judged(made, replace(found, resources=(*found.resources, more)))


def _placed(made: CloudSlice, resource: Resource, text: str) -> Resource:
    """The resource with other inputs, where they put it."""
    inputs, sdk = json.loads(text), targets()[made.provider].sdk
    assert sdk is not None
    where = sdk.where(Registration(type=resource.type, name=resource.name,
                                   region=resource.provider, inputs=inputs))  # fmt: skip
    regions = where.regions if isinstance(where, At) else resource.regions
    return replace(resource, inputs=inputs, regions=regions)

"""The last tripwire: resources of an evaluated program that lie, or point, outside the plan."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from hybridspec.deliver.evaluate import Evaluation, Resource, sdks
from hybridspec.deliver.zone_walls import crossing, decoded, handles, public, stray
from hybridspec.target.api import Beside, Registration

_ELSEWHERE = re.compile(
    r"(?<!min)(?<!max)replica|multi_?region|cross_?region|geo_?redundan|global_?(table|cluster)",
    re.I,
)
_REDIRECTS = re.compile(r"endpoint|proxy|environment|metadatahost", re.I)
"""Inputs of a provider by which it would speak to others than the public cloud itself."""
_PLACES = ("region", "regions", "location", "locations")
"""Endings of inputs whose value is a region, and nothing else."""


def outside_plan(
    evaluation: Evaluation,
    allowed: Collection[str],
    known: Collection[str],
    homes: Mapping[str, str] | None = None,
    adopted: Mapping[str, Collection[str]] | None = None,
) -> tuple[tuple[Resource, str], ...]:
    """Resources outside the planned regions, with the reason.

    `allowed` are the plan's regions, `known` the provider's region names that are looked for in
    every text. A resource whose place nothing fixes counts as outside, and so does one beside the
    region of its zone's provider, and a region that nobody knows where a region must stand:
    unknown is never allowed. `homes` are the regions of the zones by label: with them, a resource
    belongs to one of these zones and lies in its region, and names no other zone's resource, nor
    a store that is none of its zone. `adopted` is what zones have there already, by label: nothing
    that is emitted says where it lies, so what belongs to it counts as being at home.
    """
    patterns = [re.compile(sdk.region_pattern) for sdk in sdks().values() if sdk.region_pattern]
    names = "|".join(sorted(map(re.escape, set(known) - set(allowed))))
    if names:
        patterns.append(re.compile(rf"(?<![\w-])({names})(?:-?[a-z])?(?![\w-])"))
    found: list[tuple[Resource, str]] = []
    referred = handles(evaluation.resources, adopted)
    for resource in evaluation.resources:
        if not resource.custom or resource.type == "pulumi:pulumi:Stack":
            continue
        named = sorted(set(_regions(resource.inputs, patterns)) - set(allowed))
        lies = _lies(resource, homes or {}, adopted or {})
        if not lies or not resource.provider:
            found.append((resource, "it has no fixed region"))
        elif not lies | {resource.provider} <= set(allowed) or lies != {resource.provider}:
            where = " and ".join(sorted(lies))
            found.append((resource, f"it lies in {where}; its provider works in "
                                    f"{resource.provider}"))  # fmt: skip
        elif named:
            found.append((resource, f"its inputs name {', '.join(named)}"))
        elif _ELSEWHERE.search(resource.type) or _replicates(resource.inputs):
            found.append((resource, "it replicates, which no plan asks for"))
        elif opened := public(resource.inputs):
            found.append((resource, f"it is open to everybody: {opened}"))
        elif homes is not None and (why := _beyond_zone(resource, homes, referred)):
            found.append((resource, why))
    return tuple(found)


def _lies(
    resource: Resource, homes: Mapping[str, str], adopted: Mapping[str, Collection[str]]
) -> set[str]:
    """Where a resource is; what lies with something that its zone has there already is at home."""
    names = adopted.get(resource.owner, ())
    if resource.regions or not names or resource.owner not in homes:
        return set(resource.regions)
    sdk = sdks().get(resource.type.partition(":")[0])
    made = Registration(type=resource.type, name=resource.name, region=resource.provider,
                        inputs=resource.inputs)  # fmt: skip
    where = sdk.where(made) if sdk is not None else None
    beside = isinstance(where, Beside) and where.other in names
    return {homes[resource.owner]} if beside else set()


def _beyond_zone(
    resource: Resource, homes: Mapping[str, str], referred: Mapping[str, frozenset[str]]
) -> str:
    """How a resource leaves its zone; empty if it does not."""
    if resource.type.startswith("pulumi:providers:"):
        home = homes.get(resource.name)
        if told := sorted(
            k for k, v in resource.inputs.items() if _REDIRECTS.search(k) and v != "public"
        ):
            return f"its `{told[0]}` sends requests elsewhere"
    else:
        home = homes.get(resource.owner)
    if home is None:
        return "it belongs to no zone of the plan"
    if resource.provider != home:
        return f"its zone lies in {home}; its provider works in {resource.provider}"
    if zone := crossing(resource, referred):
        return f"it refers to a resource of zone `{zone}`"
    if name := stray(resource, referred):
        return f"it names `{name}`, which is no store of its zone"
    return ""


def _regions(value: Any, patterns: list[re.Pattern[str]], key: str = "") -> Iterator[str]:
    """Every region that an input names: where one must stand, or anywhere in a text."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _regions(item, patterns, name)
    elif isinstance(value, list):
        for item in value:
            yield from _regions(item, patterns, key)
    elif isinstance(value, str):
        if key.lower().endswith(_PLACES) and value:
            yield value
        for text in (value, decoded(value)):
            for pattern in patterns:
                yield from pattern.findall(text)


def _replicates(value: Any) -> bool:
    if isinstance(value, dict):
        return any(
            (_ELSEWHERE.search(key) and item) or _replicates(item) for key, item in value.items()
        )
    return isinstance(value, list) and any(map(_replicates, value))

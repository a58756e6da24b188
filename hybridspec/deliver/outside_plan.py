"""The last tripwire: resources of an evaluated program that lie, or point, outside the plan."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

from hybridspec.deliver.evaluate import Evaluation, Resource

_ARN_REGION = re.compile(r"\barn:[\w-]+:[\w-]+:([\w*-]+):")
_ELSEWHERE = re.compile(r"replica|multi_?region|cross_?region|global_?(table|cluster)", re.I)


def outside_plan(
    evaluation: Evaluation, allowed: Collection[str], known: Collection[str]
) -> tuple[tuple[Resource, str], ...]:
    """Resources outside the planned regions, with the reason.

    `allowed` are the plan's regions, `known` the provider's region names that are looked for in
    every text. A resource without a provider that fixes its region counts as outside, and so does
    a region that nobody knows where a region must stand: unknown is never allowed.
    """
    names = "|".join(sorted(map(re.escape, set(known) - set(allowed))))
    foreign = re.compile(rf"(?<![\w-])({names})[a-z]?(?![\w-])") if names else None
    found: list[tuple[Resource, str]] = []
    for resource in evaluation.resources:
        if not resource.custom or resource.type == "pulumi:pulumi:Stack":
            continue
        named = sorted(set(_regions(resource.inputs, foreign)) - set(allowed))
        if resource.provider not in allowed:
            where = resource.provider or "no fixed region"
            found.append((resource, f"its provider works in {where}"))
        elif named:
            found.append((resource, f"its inputs name {', '.join(named)}"))
        elif _ELSEWHERE.search(resource.type) or _replicates(resource.inputs):
            found.append((resource, "it replicates, which no plan asks for"))
    return tuple(found)


def _regions(value: Any, foreign: re.Pattern[str] | None, key: str = "") -> Iterator[str]:
    """Every region that an input names: where one must stand, in an ARN, or anywhere in a text."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _regions(item, foreign, name)
    elif isinstance(value, list):
        for item in value:
            yield from _regions(item, foreign, key)
    elif isinstance(value, str):
        if key.lower().endswith("region") and value:
            yield value
        yield from _ARN_REGION.findall(value)
        if foreign is not None:
            yield from (match.group(1) for match in foreign.finditer(value))


def _replicates(value: Any) -> bool:
    if isinstance(value, dict):
        return any(
            (_ELSEWHERE.search(key) and item) or _replicates(item) for key, item in value.items()
        )
    return isinstance(value, list) and any(map(_replicates, value))

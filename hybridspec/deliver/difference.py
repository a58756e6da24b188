"""What differs between two states of a stack, resource by resource and property by property.

It is what is asked of the engine that is compared. What the engine finds in the cloud, and what
a resource that is made anew changes in others, only the engine can say.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from hybridspec.deliver.snapshot import Snapshot

OPERATIONS = ("create", "update", "replace", "delete", "same")
_SECRET = re.compile(r"(?i)password|secret(?!s?name)|connectionstring|privatekey|sharedkey|token$")
_MASKED = "[secret]"
_KEYS = ("id", "Sid", "sid", "name")
"""What tells the members of a list apart, where each has one."""


def changes(before: Snapshot, after: Snapshot) -> list[dict[str, Any]]:
    """One entry per resource, in order of clouds and URNs: `op`, what changes, and who asked.

    A store or key that is deleted or made anew is at `stake`.
    """
    return [
        _change(cloud, urn, before.get(cloud, {}).get(urn), after.get(cloud, {}).get(urn))
        for cloud in sorted({*before, *after})
        for urn in sorted({*before.get(cloud, {}), *after.get(cloud, {})})
    ]


def summary(found: list[dict[str, Any]]) -> dict[str, int]:
    """How many resources each operation has."""
    counts = Counter(change["op"] for change in found)
    return {op: counts[op] for op in OPERATIONS}


def _change(
    cloud: str, urn: str, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> dict[str, Any]:
    one = after or before or {}
    properties = _properties(before, after) if before and after else []
    if not before or not after:
        op = "create" if after else "delete"
    elif any(changed["replaces"] for changed in properties):
        op = "replace"
    else:
        op = "update" if properties else "same"
    kept = bool(one["keeps"] or (before or {}).get("keeps"))
    freed = any(p["path"] == "protect" and p["after"] is False for p in properties)
    return {
        "op": op, "cloud": cloud, "type": one["type"], "name": one["name"], "urn": urn,
        "origin": one["origin"], "stake": kept and (op in ("replace", "delete") or freed),
        "protected": bool((before or {}).get("protect")), "properties": properties,
    }  # fmt: skip


def _properties(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What changes of a resource that is there before and after."""
    anew = {*before["replaces"], *after["replaces"]}
    found = [
        {
            "path": path,
            "before": _shown(path, old),
            "after": _shown(path, new),
            "replaces": re.split(r"[.\[]", path, maxsplit=1)[0] in anew,
        }
        for path, old, new in _different(before["inputs"], after["inputs"], "")
    ]
    if before["region"] != after["region"] and not any(p["path"] == "region" for p in found):
        found.append({"path": "region of the provider", "before": before["region"],
                      "after": after["region"], "replaces": True})  # fmt: skip
    if before["protect"] != after["protect"]:
        found.append({"path": "protect", "before": before["protect"], "after": after["protect"],
                      "replaces": False})  # fmt: skip
    return found


def _shown(path: str, value: Any) -> Any:
    """A value as it may be printed: what is called a secret is none of the reader's business."""
    if value is None or not _SECRET.search(re.sub(r"[_.\[\]-]", "", path)):
        return _masked(value)
    return _MASKED


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shown(key, item) for key, item in value.items()}
    return [_masked(item) for item in value] if isinstance(value, list) else value


def _different(old: Any, new: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """The smallest parts in which two values differ; what is not there is None."""
    if old == new:
        return
    left, right = _opened(old), _opened(new)
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            inner = f"{path}.{key}" if path else key
            yield from _different(left.get(key), right.get(key), inner)
    elif isinstance(left, list) and isinstance(right, list):
        yield from _members(left, right, path)
    else:
        yield path, old, new


def _opened(value: Any) -> Any:
    """A document that is passed as text, such as a policy, as what it says."""
    if isinstance(value, str) and value[:1] in "{[":
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _members(old: list[Any], new: list[Any], path: str) -> Iterator[tuple[str, Any, Any]]:
    """Members of lists, by what tells them apart, else by their place."""
    key = next((k for k in _KEYS if _tells(k, old) and _tells(k, new)), None)
    if key is None:
        for index, (left, right) in enumerate(zip_longest(old, new)):
            yield from _different(left, right, f"{path}[{index}]")
        return
    left_by, right_by = ({member[key]: member for member in x} for x in (old, new))
    for name in [*left_by, *(n for n in right_by if n not in left_by)]:
        yield from _different(left_by.get(name), right_by.get(name), f"{path}[{name}]")


def _tells(key: str, members: list[Any]) -> bool:
    named = [member.get(key) for member in members if isinstance(member, dict)]
    plain = all(isinstance(name, str) for name in named)
    return bool(members) and len(named) == len(members) and plain and len(set(named)) == len(named)

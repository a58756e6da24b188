"""What proofs of guards have in common: every resource of a type, policies, references."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from hybridspec.target.api import Emission, Made


def each(part: Emission, kind: str, fault: Callable[[Made], str], *, least: int = 1) -> str:
    """What lacks: so many resources of a type, or one of them that has the fault."""
    found = part.of(kind)
    if len(found) < least:
        return f"there is no `{kind}`"
    return next((f"`{made.name}` {why}" for made in found if (why := fault(made))), "")


def every(
    part: Emission, kind: str, holds: Callable[[Made], bool], otherwise: str, *, least: int = 1
) -> str:
    """What lacks, as in `each`, where a resource that does not hold is faulty in the same way."""
    return each(part, kind, lambda made: "" if holds(made) else otherwise, least=least)


def uncopied(part: Emission, kind: str, copies: Collection[str]) -> str:
    """What lacks if there has to be a resource of a type, and none that would copy it."""
    return none(part, copies) or each(part, kind, lambda _: "")


def none(part: Emission, kinds: Collection[str]) -> str:
    """What lacks if there has to be no resource of these types."""
    return next((f"`{made.name}` is a `{made.type}`" for made in part.resources
                 if made.type in kinds), "")  # fmt: skip


def first(*faults: str) -> str:
    """The first that there is."""
    return next((fault for fault in faults if fault), "")


def at(value: Any, *path: str) -> Any:
    """What lies below keys of mappings, None if anything is missing on the way.

    >>> at({"a": {"b": 1}}, "a", "b"), at({"a": 1}, "a", "b")
    (1, None)
    """
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def statements(text: Any) -> list[dict[str, Any]]:
    """The statements of a policy document; none if it is not one."""
    try:
        said = json.loads(text).get("Statement", ()) if isinstance(text, str) else ()
    except (ValueError, AttributeError):
        return []
    found = [said] if isinstance(said, dict) else said
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def listed(value: Any) -> list[Any]:
    """A value, or the values of a list."""
    return list(value) if isinstance(value, list | tuple) else [] if value is None else [value]


def outputs(part: Emission, kind: str, key: str) -> set[str]:
    """What the resources of a type are referred to by."""
    return {made.outputs[key] for made in part.of(kind) if key in made.outputs}

"""Walls between the zones of one program: what a resource names is its own zone's, and closed."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from hybridspec.deliver.evaluation import Resource, sdks

_RUN = re.compile(r"[\w:/@.=?&*-]{6,2000}")
_EDGE = re.compile(r"[:/@.=?&]")
_EVERYBODY = ("allUsers", "allAuthenticatedUsers")
_OPEN = {
    "allowblobpublicaccess": (True,), "anonymouspullenabled": (True,),
    "publicaccess": ("Blob", "Container"), "acl": ("public-read", "public-read-write"),
    "publicaccessprevention": ("inherited", "unspecified"), "authorizationtype": ("NONE",),
}  # fmt: skip
"""Inputs that open a resource to everybody, by name in small letters, and what does it."""


def handles(
    resources: tuple[Resource, ...], adopted: Mapping[str, Collection[str]] | None = None
) -> Mapping[str, frozenset[str]]:
    """What resources are referred to by, with the zones whose resources are.

    A name that was given by the program may be any word: what the cloud answers is not. `adopted`
    is what each zone has there already, by label.
    """
    found: dict[str, set[str]] = {}
    for label, names in (adopted or {}).items():
        for name in names:
            found.setdefault(name, set()).add(label)
    for resource in resources:
        if not resource.custom or resource.type.startswith("pulumi:"):
            continue
        for key, value in resource.outputs.items():
            if key != "name" or value != resource.name:
                found.setdefault(value, set()).add(resource.owner)
    return {value: frozenset(owners) for value, owners in found.items() if len(value) >= 6}


def crossing(resource: Resource, known: Mapping[str, frozenset[str]]) -> str:
    """Another zone whose resource this one names; empty if there is none."""
    foreign = {
        owner
        for text in texts(resource.inputs)
        for part in parts(text)
        for owner in known.get(part, frozenset())
        if resource.owner not in known[part]
    }
    return min(foreign, default="")


def stray(resource: Resource, known: Mapping[str, frozenset[str]]) -> str:
    """The address of a store or registry that no resource of the zone has."""
    patterns = [re.compile(sdk.address_pattern) for sdk in sdks().values() if sdk.address_pattern]
    for text in texts(resource.inputs):
        for pattern in patterns:
            for name in pattern.findall(text):
                if resource.owner not in known.get(name, frozenset()):
                    return str(name)
    return ""


def public(value: Any, key: str = "") -> str:
    """What opens a resource to everybody, in words; empty if nothing does."""
    if isinstance(value, dict):
        if (value.get("Effect") == "Allow" and value.get("Principal") in ("*", {"AWS": "*"})
                and not _one_account(value.get("Condition"))):  # fmt: skip
            return "its policy allows everybody"
        return next((why for name, item in value.items() if (why := public(item, name))), "")
    if isinstance(value, list):
        return next((why for item in value if (why := public(item, key))), "")
    if value in _OPEN.get(key.lower(), ()):
        return f"`{key}` is {value}"
    if isinstance(value, str):
        if value in _EVERYBODY:
            return f"`{key}` is {value}"
        if value.startswith("{"):
            return public(_document(value))
    return ""


def _one_account(condition: Any) -> bool:
    """Whether a condition leaves the principals of an account, which others have to look at."""
    exact = condition.get("StringEquals") if isinstance(condition, dict) else None
    return isinstance(exact, dict) and isinstance(exact.get("aws:PrincipalAccount"), str)


def _document(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def texts(value: Any) -> Iterator[str]:
    """Every text of inputs."""
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
        yield from (key for key in value if isinstance(key, str))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value
        yield decoded(value)


def decoded(value: str) -> str:
    """What a text in base64 says, such as the body of a request that a schedule sends."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except ValueError:
        return ""


def parts(text: str) -> Iterator[str]:
    """Words, and runs of words with what joins them, that a handle may be."""
    for run in _RUN.findall(text):
        edges = [-1, *(found.start() for found in _EDGE.finditer(run)), len(run)][:64]
        for start, left in enumerate(edges):
            for right in edges[start + 1 :]:
                yield run[left + 1 : right]

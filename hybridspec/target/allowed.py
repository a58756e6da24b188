"""What an emitted program may hold: types of resources, and of each the arguments looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from hybridspec.target.api import Emission

Arguments: TypeAlias = "dict[str, Arguments]"


def arguments(text: str) -> Arguments:
    """Names of arguments, those within one in brackets behind it; `*` is whatever there is.

    >>> arguments("name template(timeout labels(*))")
    {'name': {}, 'template': {'timeout': {}, 'labels': {'*': {}}}}
    """
    stack: list[Arguments] = [{}]
    last = ""
    for word in re.findall(r"[()]|[^\s()]+", text):
        if word == "(":
            stack.append(stack[-1][last])
        elif word == ")":
            stack.pop()
        else:
            stack[-1][word] = {}
            last = word
    return stack[0]


def unknown(part: Emission, allowed: Mapping[str, Arguments]) -> str:
    """The first resource of a type, or argument, that nobody looked at: it may do anything."""
    providers = (
        made
        for made in part.program
        if made.type.startswith("pulumi:providers:") and made.name == part.name
    )
    for made in (*part.resources, *providers):
        if made.type not in allowed:
            return f"`{made.name}` is a `{made.type}`, which nobody looked at"
        if found := _beyond(made.inputs, allowed[made.type], ""):
            return f"`{made.name}` has `{found}`, which nobody looked at"
    return ""


def _beyond(value: Any, known: Arguments, path: str) -> str:
    if isinstance(value, list | tuple):
        return next((found for one in value if (found := _beyond(one, known, path))), "")
    if not isinstance(value, Mapping) or "*" in known:
        return ""
    for key, one in value.items():
        here = f"{path}.{key}" if path else str(key)
        found = here if key not in known else _beyond(one, known[key], here)
        if found:
            return found
    return ""


def texts(value: Any) -> Iterator[str]:
    """Every text that an input holds, names of its own arguments among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield str(key)
            yield from texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)

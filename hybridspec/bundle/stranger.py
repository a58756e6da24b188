"""Values out of JSON that strangers wrote: what is not there, or of another kind, is nothing."""

from __future__ import annotations

import json
from typing import Any


def parsed(data: bytes) -> Any:
    """The value of a document; None if it is none."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def at(value: Any, *keys: str) -> Any:
    """The value under keys; None where one is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: Any, *keys: str) -> str:
    """The text under keys; empty where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, str) else ""


def rows(value: Any, *keys: str) -> list[Any]:
    """The list under keys; empty where there is none."""
    found = at(value, *keys)
    return found if isinstance(found, list) else []

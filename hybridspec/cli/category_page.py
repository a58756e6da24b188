"""The categories of data that the shipped facts tell apart, for the page on the spec language."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import yaml

_HEAD = """\
## Categories of data

`data.*.category` is a path of your own; everything below `user` is personal data. What these rows
of the facts ask of a category, they ask of all below it, such as `user.contact.email` of `user`;
`hybridspec facts show ID` says what that is.

| category | rows of the facts |
| --- | --- |
"""
_ROOTS = ("system", "user")


def categories() -> str:
    """The section as Markdown."""
    found: dict[str, set[str]] = {}
    for path in sorted(files("hybridspec.law").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".yaml"):
            for category, row in _asked(yaml.safe_load(path.read_text(encoding="utf-8")), ""):
                found.setdefault(category, set()).add(row)
    return _HEAD + "\n".join(
        f"| `{category}` | {', '.join(f'`{row}`' for row in sorted(rows))} |"
        for category, rows in sorted(found.items())
    )


def _asked(value: Any, row: str) -> Iterator[tuple[str, str]]:
    """Every category that is named below, with the row that names it."""
    if isinstance(value, list):
        for item in value:
            yield from _asked(item, row)
    if not isinstance(value, dict):
        return
    row = next((str(value[key]) for key in ("id", "name") if key in value), row)
    for key, item in value.items():
        listed = item if key == "categories" and isinstance(item, list) else ()
        counted = item if isinstance(item, dict) and all(map(_is_category, item)) else ()
        yield from ((str(category), row) for category in (*listed, *counted))
        yield from _asked(item, row)


def _is_category(text: object) -> bool:
    return str(text).partition(".")[0] in _ROOTS

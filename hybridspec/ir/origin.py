"""Fields of the Graph that remember the user's line and take no part in comparison."""

from __future__ import annotations

from dataclasses import field

from hybridspec.base.source import Span


def spanned() -> Span:
    """A field that remembers the user's line and takes no part in comparison."""
    return field(compare=False, repr=False)  # type: ignore[no-any-return]


def maybe() -> Span | None:
    """The same for what may be left out, and then has no line."""
    return field(default=None, compare=False, repr=False)

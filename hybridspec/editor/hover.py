"""Hover: what a key is for, and what is known about the name under the cursor."""

from __future__ import annotations

from dataclasses import dataclass

from hybridspec.editor import language
from hybridspec.editor.cursor import Found, found
from hybridspec.editor.facts import facts
from hybridspec.editor.outline import outline
from hybridspec.editor.scope import REFERENCES, SECTIONS, Scope, kind_of


@dataclass(frozen=True, slots=True)
class Hover:
    """Markdown about the text between two offsets."""

    start: int
    end: int
    text: str


def hover(text: str, offset: int, scope: Scope) -> Hover | None:
    """What can be said about the key or value at `offset`."""
    here = found(text, offset)
    if here is None:
        return None
    said = [part for part in (_facts(here, scope), _words(here, text)) if part]
    if not said:
        return None
    return Hover(here.start, here.end, "\n\n".join(said))


def _words(here: Found, text: str) -> str:
    words = language.words(here.path, outline(text))
    if not words:
        return ""
    name = next((str(part) for part in reversed(here.path) if isinstance(part, str)), "")
    return f"**{name}**: {words}" if here.is_key else words


def _facts(here: Found, scope: Scope) -> str:
    flow = str(here.path[1]) if here.path[0] == "flows" and len(here.path) > 1 else ""
    if here.is_key:
        kind = kind_of(here.path[:-1], REFERENCES) or _defines(here)
    else:
        kind = kind_of(here.path, REFERENCES)
    return "" if kind is None else facts(kind, here.text, scope, flow)


def _defines(here: Found) -> str | None:
    """The kind of thing that a key gives its name to."""
    if len(here.path) == 2:
        return next((k for k, section in SECTIONS.items() if section == here.path[0]), None)
    if len(here.path) == 4 and here.path[0] == "flows" and here.path[2] == "stages":
        return "stage"
    return None

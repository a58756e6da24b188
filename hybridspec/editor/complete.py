"""Completion: keys that are missing, new things, and the values that may stand at a place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hybridspec.base.source import Path
from hybridspec.editor import language
from hybridspec.editor.cursor import Cursor, cursor
from hybridspec.editor.offers import Offer, values
from hybridspec.editor.scope import REFERENCES, Scope, kind_of
from hybridspec.editor.snippet import STAGES, WANTED_KEYS, Writer, new_name


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to choose; `insert` is a snippet where `filled` is true."""

    label: str
    insert: str
    detail: str
    words: str
    kind: str
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Completion:
    """What may replace the text between two offsets, the best first."""

    start: int
    end: int
    choices: tuple[Choice, ...]


def complete(text: str, offset: int, scope: Scope) -> Completion | None:
    """What may be written at `offset`."""
    here = cursor(text, offset)
    if here is None:
        return None
    found = tuple(_keys(here, scope) if here.is_key else _value(here, scope))
    return Completion(here.start, here.end, found)


def _keys(here: Cursor, scope: Scope) -> Iterator[Choice]:
    """For a word that is no value: keys, new things, items of a list, or a value after all."""
    written = set(here.beside.names())
    usual = (kind_of(here.path, WANTED_KEYS) or "").split()
    every = language.keys(here.path, here.root)
    for key in sorted(every, key=lambda key: not (key.required or key.name in usual)):
        if key.name not in written:
            writer = Writer(scope)
            body = writer.key((*here.path, key.name), key.part, flow=_one_line(here))
            need = "required" if key.required else "usual" if key.name in usual else "optional"
            yield _key(here, key.name, body, need, key.words)
    thing = language.names_things(here.path, here.root)
    if thing is not None:
        yield from _things(here, scope, written)
    alone = len(here.beside.entries) == 1 and not here.flow
    if alone and any(p.get("type") == "array" for p in language.parts(here.path, here.root)):
        yield from _items(here, scope)
    elif alone and not language.keys(here.path, here.root) and thing is None:
        yield from (_offer(offer, here.lead) for offer in values(here.path, scope))


def _one_line(here: Cursor) -> bool:
    return here.flow or any(isinstance(part, int) for part in here.path)


def _key(here: Cursor, name: str, body: str, detail: str, words: str) -> Choice:
    if here.has_colon:
        return Choice(name, here.lead + name, detail, words, "key")
    return Choice(name, here.lead + body, detail, words, "key", filled=True)


def _things(here: Cursor, scope: Scope, written: set[str]) -> Iterator[Choice]:
    thing = language.names_things(here.path, here.root) or {}
    if here.path[-1:] == ("stages",):
        for kind, (detail, form) in STAGES.items():
            writer = Writer(scope)
            name = kind if kind not in written else f"{kind}-2"
            body = f"{writer.stop(name)}: {writer.form((*here.path, name), form)}"
            yield _key(here, name, body, detail, language.words(here.path))
        return
    if kind_of(here.path, REFERENCES) is not None:
        for offer in values(here.path, scope):
            if offer.text not in written:
                value = Writer(scope).value((*here.path, offer.text), thing, flow=True, depth=0)
                yield _key(here, offer.text, f"{offer.text}:{value}", offer.detail, offer.words)
        return
    name = new_name(here.path, sorted(written))
    body = Writer(scope).thing(here.path, thing, flow=_one_line(here))
    where = str(here.path[-1]) if here.path else "spec"
    yield _key(here, name, body, f"new in {where}", language.words((*here.path, name)))


def _items(here: Cursor, scope: Scope) -> Iterator[Choice]:
    """`- item`, where a list has been begun with nothing in it."""
    for choice in _value_at((*here.path, 0), here, scope):
        yield Choice(choice.label, f"- {choice.insert}", choice.detail, choice.words,
                     choice.kind, choice.filled)  # fmt: skip


def _value(here: Cursor, scope: Scope) -> Iterator[Choice]:
    parts = language.parts(here.path, here.root)
    if any(part.get("type") == "array" for part in parts):
        for choice in _value_at((*here.path, 0), here, scope):
            yield Choice(choice.label, f"{here.lead}[{choice.insert}]", choice.detail,
                         choice.words, choice.kind, choice.filled)  # fmt: skip
        return
    chosen = [e.node.text for e in here.beside.entries] if here.beside.kind == "list" else []
    for choice in _value_at(here.path, here, scope):
        if choice.label not in chosen:
            yield Choice(choice.label, here.lead + choice.insert, choice.detail, choice.words,
                         choice.kind, choice.filled)  # fmt: skip


def _value_at(path: Path, here: Cursor, scope: Scope) -> Iterator[Choice]:
    offered = values(path, scope)
    yield from (_offer(offer, "") for offer in offered)
    for part in language.parts(path, here.root):
        if "properties" in part and not offered:
            body = Writer(scope).item(path, part)
            tags = [p["const"] for p in part["properties"].values() if "const" in p]
            label = str(tags[0]) if tags else f"new {part.get('title', 'item').lower()}"
            yield Choice(label, body, part.get("title", ""), part.get("description", ""), "key",
                         filled=True)  # fmt: skip


def _offer(offer: Offer, lead: str) -> Choice:
    return Choice(offer.text, lead + offer.text, offer.detail, offer.words,
                  "file" if offer.detail == "file" else "value")  # fmt: skip

"""A composed spec as canonical YAML: the same meaning gives the same text, and reads back the same.

Sections come in the order of the language, names in that of the alphabet, lists as written; text
that would mean something else without quotes has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from hybridspec.load.yaml import Plain, resolve_scalar
from hybridspec.spec.document import Spec

_BARE = re.compile(r"[A-Za-z0-9_./+]([A-Za-z0-9_./@%+ -]*[A-Za-z0-9_./@%+-])?")
_SAFE = re.compile(r"[\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_WIDTH = 100


def dump(value: Plain) -> str:
    """The text of a document."""
    return "".join(f"{line}\n" for line in _lines(ordered(value), 0))


def ordered(value: Plain) -> Plain:
    """The same value with its keys in order: a section's as the language has them."""
    return _ordered(value, Spec, {})


def _ordered(value: Plain, model: Any, known: dict[tuple[int, int], Plain]) -> Plain:
    """What many share, such as sites that are alike in a table, stays shared."""
    if not isinstance(value, (dict, list)):
        return value
    key = (id(value), id(model))
    if key not in known:
        kind, fields = _kind(model)
        if isinstance(value, list):
            item = get_args(kind)[-1] if get_origin(kind) is list else None
            known[key] = [_ordered(entry, item, known) for entry in value]
        elif fields:
            last = len(fields)
            names = sorted(value, key=lambda name: (fields.get(name, (last,))[0], name))
            known[key] = {n: _ordered(value[n], fields.get(n, (0, None))[1], known) for n in names}
        else:
            item = get_args(kind)[-1] if get_origin(kind) is dict else None
            known[key] = {name: _ordered(value[name], item, known) for name in sorted(value)}
    return known[key]


@cache
def _kind(annotation: Any) -> tuple[Any, dict[str, tuple[int, Any]]]:
    """What an annotation means, and, of a section, rank and annotation of each key."""
    kind = _bare(annotation)
    if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return kind, {}
    fields = enumerate(kind.model_fields.items())
    return kind, {info.alias or name: (rank, info.annotation) for rank, (name, info) in fields}


def _bare(annotation: Any) -> Any:
    """The annotation without `None` and `Annotated`; of several sections, none."""
    if hasattr(annotation, "__metadata__"):
        return _bare(get_args(annotation)[0])
    parts = [part for part in get_args(annotation) if part is not type(None)]
    optional = get_origin(annotation) not in (dict, list) and type(None) in get_args(annotation)
    return _bare(parts[0]) if optional and len(parts) == 1 else annotation


def _lines(value: Plain, depth: int) -> Iterator[str]:
    indent = "  " * depth
    if isinstance(value, dict) and value:
        for key, item in value.items():
            head, flat = f"{indent}{_text(key, key=True)}:", _flat(item, len(indent))
            if flat is not None:
                yield f"{head} {flat}"
            else:
                yield head
                yield from _lines(item, depth + 1)
    elif isinstance(value, list) and value:
        for item in value:
            flat = _flat(item, len(indent))
            if flat is not None:
                yield f"{indent}- {flat}"
                continue
            first, *rest = _lines(item, depth + 1)
            yield f"{indent}- {first.removeprefix(indent + '  ')}"
            yield from rest
    else:
        yield f"{indent}{_flat(value, 0)}"


def _flat(value: Plain, used: int) -> str | None:
    """The value on the line of its key; None if it needs lines of its own."""
    if isinstance(value, dict) and value:
        return None
    if isinstance(value, list) and value:
        if any(isinstance(item, (dict, list)) for item in value):
            return None
        text = f"[{', '.join(_scalar(item) for item in value)}]"
        return text if used + len(text) < _WIDTH else None
    return _scalar(value)


def _scalar(value: Plain) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        text = repr(value)
        return (
            text if "e" not in text or "." in text.partition("e")[0] else text.replace("e", ".0e")
        )
    return "{}" if isinstance(value, dict) else "[]" if isinstance(value, list) else str(value)


def _text(text: str, *, key: bool = False) -> str:
    """Text that reads back as itself; a value's `${` is no variable any more."""
    if not key:
        text = text.replace("${", "$${")
    if _BARE.fullmatch(text) and isinstance(resolve_scalar(text), str):
        return text
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if _SAFE.fullmatch(char) and char.isprintable():
        return char
    if ord(char) > 0xFFFF:
        return f"\\U{ord(char):08x}"
    return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"

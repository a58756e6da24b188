"""Values that a command line lays over a spec, each `key=value` with the flag as its place."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, get_origin

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import Sink
from hybridspec.base.errors import UsageError
from hybridspec.base.source import Origins, Path, SourceFile, Span
from hybridspec.load import shape
from hybridspec.load.yaml import Document, Plain, parse
from hybridspec.spec.document import Spec

FLAG = "--what-if"
"""The flag that gives settings, and the file that their faults stand in."""
MAX_SETTINGS = 100
_FREE = ("catalog",)
"""Sections in which a name that the spec does not have yet means a row of the catalogue."""


def with_settings(document: Document, written: Sequence[str]) -> Document:
    """The document as it would be with every setting made; the one that it came from stays.

    Raises:
        UsageError: a setting cannot be read, or no spec has its key.
    """
    if len(written) > MAX_SETTINGS:
        raise UsageError(f"more than {MAX_SETTINGS} values are set at once",
                         help="write them into an overlay, and name its stack")  # fmt: skip
    for text in written:
        document = _with(document, text)
    return document


def _with(document: Document, text: str) -> Document:
    dotted, mark, value = text.partition("=")
    parts = dotted.strip().split(".")
    if not mark or not all(parts) or len(text) > 2_000:
        raise UsageError(f"`{text[:60]}` is no key with a value",
                         help="write `sites.lyon.energy_price=0.30 USD`; `key=` alone leaves the "
                         "key out")  # fmt: skip
    path = _path(document.value, parts)
    file = SourceFile(shown=FLAG, name=FLAG, text=text)
    start = len(dotted) + 2
    here = Span(file, 1, start, 1, max(start + 1, len(text) + 1))
    key = Span(file, 1, 1, 1, len(dotted) + 1)
    if not value.strip():
        return replace(document, value=_without(document.value, path, dotted))
    return replace(
        document, value=_put(document.value, path, _value(value, dotted)),
        origins=_placed(document.origins, path, key, here),
    )  # fmt: skip


def _placed(origins: Origins, path: Path, key: Span, value: Span) -> Origins:
    """What stood at or above the new value and was not written before stands in the flag."""
    new = {path[:n] for n in range(1, len(path) + 1) if path[:n] not in origins.values} | {path}
    ends = {at: end for at, end in origins.ends.items() if at[: len(path)] != path}
    return Origins(
        ChainMap(dict.fromkeys(new, value), dict(origins.values)),
        ChainMap(dict.fromkeys(new, key), dict(origins.keys)), ends,
    )  # fmt: skip


def _value(text: str, dotted: str) -> Plain:
    """What YAML reads in the text."""
    sink = Sink()
    read = parse(SourceFile(shown=FLAG, name=FLAG, text=text.strip()), sink)
    if read is None:
        why = sink.findings[0].message if sink.findings else "it is empty"
        raise UsageError(f"the value of `{dotted[:60]}` cannot be read: {why}",
                         help="write it as in the spec, such as `50ms` or `[DE, FR]`")  # fmt: skip
    return read.value


def _path(value: Plain, parts: Sequence[str]) -> Path:
    """The parts as a path of the document: numbers where it has lists, keys that a spec has."""
    kind: Any = Spec
    path: Path = ()
    for at, part in enumerate(parts):
        last, inner = at == len(parts) - 1, shape.bare(kind)
        if len(forms := shape.members(inner)) > 1:
            inner = shape.bare(shape.suited(forms, value))
        if shape.is_section(inner):
            info = shape.field(inner, part)
            if info is None:
                raise _unknown(part, path, shape.keys(inner))
            kind = shape.full_type(info)
        elif get_origin(inner) is list:
            items = value if isinstance(value, list) else []
            if not (part.isascii() and part.isdecimal() and int(part[:9]) < len(items)):
                raise _unknown(part, path, [str(n) for n in range(len(items))])
            path, value, kind = (*path, int(part)), items[int(part)], shape.item(kind)
            continue
        elif get_origin(inner) is dict:
            names = value if isinstance(value, dict) else {}
            kind = shape.item(kind)
            scalar = last and not shape.is_section(shape.bare(kind))
            if part not in names and not scalar and path[:1] not in {(free,) for free in _FREE}:
                raise _unknown(part, path, names)
        else:
            raise UsageError(f"`{'.'.join(map(str, path))}` holds one value, and no `{part[:60]}`",
                             help=f"write `{'.'.join(map(str, path))}=…`")  # fmt: skip
        path, value = (*path, part), value.get(part) if isinstance(value, dict) else None
    return path


def _unknown(part: str, path: Path, known: Collection[str]) -> UsageError:
    where = f"`{'.'.join(map(str, path))}`" if path else "the spec"
    meant = closest(part, known)
    listed = ", ".join(f"`{name}`" for name in sorted(known)[:12]) or "nothing"
    return UsageError(f"{where} has no `{part[:60]}`",
                      help=f"did you mean `{meant}`?" if meant else f"it has {listed}")  # fmt: skip


def _put(under: Plain, path: Path, value: Plain) -> Plain:
    """A copy of `under` with `value` at `path`."""
    if not path:
        return value
    head, rest = path[0], path[1:]
    if isinstance(under, list) and isinstance(head, int):
        return [_put(item, rest, value) if n == head else item for n, item in enumerate(under)]
    held = under if isinstance(under, dict) else {}
    return {**held, str(head): _put(held.get(str(head)), rest, value)}


def _without(under: Plain, path: Path, dotted: str) -> Plain:
    """A copy of `under` with nothing at `path`."""
    head, rest = path[0], path[1:]
    if isinstance(under, list) and isinstance(head, int):
        if not rest:
            return [item for n, item in enumerate(under) if n != head]
        return [_without(x, rest, dotted) if n == head else x for n, x in enumerate(under)]
    if not isinstance(under, dict) or head not in under:
        raise UsageError(f"`{dotted[:60]}` is not in the spec, so that it cannot be left out",
                         help="give it a value, or drop the flag")  # fmt: skip
    if not rest:
        return {key: item for key, item in under.items() if key != head}
    return {key: _without(item, rest, dotted) if key == head else item
            for key, item in under.items()}  # fmt: skip

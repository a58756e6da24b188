"""Edits of a YAML text that keep its layout: values replaced, keys renamed, added and removed."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from hybridspec.base.diagnostic import Edit
from hybridspec.base.source import Origins, Path, Span, offset, position

Edits = tuple[Edit, ...]

_PLAIN = re.compile(r"[A-Za-z0-9_./@][A-Za-z0-9_./@%+-]*(:[A-Za-z0-9_./@%+-]+)*( [A-Z]{3})?")
_MEANS_ELSE = re.compile(
    r"null|Null|NULL|true|True|TRUE|false|False|FALSE|[-+.]?[0-9][0-9.eE+-]*|0[ox][0-9a-fA-F]+"
)


def plain(value: object) -> str:
    """A value as YAML on one line, fit for the inside of brackets too.

    >>> plain({"a": [1, "x y", "5", "40ms"], "b": None})
    '{a: [1, "x y", "5", 40ms], b: null}'
    """
    if isinstance(value, dict):
        return "{" + ", ".join(f"{plain(key)}: {plain(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(plain(item) for item in value) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if not isinstance(value, str):
        return str(value)
    day = re.fullmatch(r"\d{4}-\d{2}-\d{2}", value)
    if day or (_PLAIN.fullmatch(value) and not _MEANS_ELSE.fullmatch(value)):
        return value
    return json.dumps(value, ensure_ascii=False)


def written(span: Span) -> str:
    """What the user wrote between the ends of `span`."""
    text = span.file.text
    start = offset(text, span.line, span.column)
    return text[start : offset(text, span.end_line, span.end_column)]


def put(span: Span, value: object) -> Edits:
    """Write `value` over what `span` covers, which may be nothing at all after a colon."""
    text = plain(value)
    empty = (span.line, span.column) == (span.end_line, span.end_column)
    return (Edit(span=span, text=f" {text}" if empty else text),)


def number_behind(key: Span) -> Span | None:
    """The whole number that stands behind a key on its line; None if something else does.

    >>> from hybridspec.base.source import SourceFile
    >>> file = SourceFile(shown="s.yaml", name="s.yaml", text="devices: {box: 12, hub: *n}")
    >>> found = number_behind(Span(file, 1, 11, 1, 14))
    >>> written(found), number_behind(Span(file, 1, 20, 1, 23))
    ('12', None)
    """
    found = re.compile(r"[\"']?[ ]*:[ ]+([0-9]+)(?![^\s,}#])").match(
        key.file.line(key.end_line), key.end_column - 1
    )
    if found is None:
        return None
    start, end = found.span(1)
    return key._replace(line=key.end_line, column=start + 1, end_column=end + 1)


def rename(key: Span, name: str) -> Edits:
    """Write another key."""
    return (Edit(span=key, text=plain(name)),)


def add_key(origins: Origins, path: Path, key: str, value: object) -> Edits:
    """Write one more key into the mapping at `path`; none where its layout forbids it."""
    span = origins.values.get(path)
    if span is None:
        return ()
    return _first(span, origins.whole(*path), f"{plain(key)}: {plain(value)}")


def add_item(origins: Origins, path: Path, value: object) -> Edits:
    """Write one more item into the list at `path`, as the last one if it is in brackets."""
    span = origins.values.get(path)
    if span is None:
        return ()
    if written(span._replace(end_line=span.line, end_column=span.column + 1)) != "[":
        return _first(span, origins.whole(*path), f"- {plain(value)}")
    end = origins.whole(*path)
    inside = written(end)[1:-1].strip()
    here = span._replace(line=end.end_line, column=end.end_column - 1,
                   end_line=end.end_line, end_column=end.end_column - 1)  # fmt: skip
    return (Edit(span=here, text=f", {plain(value)}" if inside else plain(value)),)


def _first(span: Span, whole: Span, text: str) -> Edits:
    """Write `text` in front of the first entry of a collection."""
    begin = written(span._replace(end_line=span.line, end_column=span.column + 1))
    if begin in ("{", "["):
        empty = not written(whole)[1:-1].strip()
        after = span._replace(column=span.column + 1, end_line=span.line,
                        end_column=span.column + 1)  # fmt: skip
        return (Edit(span=after, text=text if empty else f"{text}, "),)
    line = span.file.line(span.line)
    before = line[: span.column - 1]
    if begin in ("&", "*", "!", "") or before.strip(" -"):
        return ()
    here = span._replace(end_line=span.line, end_column=span.column)
    return (Edit(span=here, text=f"{text}\n{' ' * (span.column - 1)}"),)


def without(entry: Span, value: Span, parent: Span) -> Edits:
    """Remove an entry that begins at `entry` and ends with `value` from the mapping or list."""
    text = entry.file.text
    start = offset(text, entry.line, entry.column)
    end = max(offset(text, value.end_line, value.end_column), start)
    opening = offset(text, parent.line, parent.column)
    if text[opening : opening + 1] in ("{", "["):
        return _cut(entry, *_with_comma(text, start, end))
    line = text.rfind("\n", 0, start) + 1
    before = text[line:start]
    if before.strip() not in ("", "-") or (before.strip() == "-" and not _is_item(text, opening)):
        return ()
    stop = text.find("\n", end)
    if text[end - 1 : end] == "\n":
        stop = end - 1
    rest = text[end : stop if stop >= 0 else len(text)].strip()
    if rest and not rest.startswith("#"):
        return ()
    if start == opening and not _follows(text, stop, start - line):
        return ()
    return _cut(entry, line, stop + 1 if stop >= 0 else len(text))


def removed(origins: Origins, path: Path) -> Edits:
    """Remove the key or the item at `path`."""
    entry = origins.values.get(path) if isinstance(path[-1], int) else origins.keys.get(path)
    if entry is None:
        return ()
    return without(entry, origins.whole(*path), origins.value(*path[:-1]))


def _is_item(text: str, opening: int) -> bool:
    return text[opening : opening + 1] == "-"


def _follows(text: str, stop: int, indent: int) -> bool:
    """Whether a sibling of the entry that is removed stands behind it: none may stay empty."""
    for line in text[stop + 1 :].splitlines() if stop >= 0 else []:
        if line.strip() and not line.lstrip().startswith("#"):
            return len(line) - len(line.lstrip(" -")) == indent
    return False


def _with_comma(text: str, start: int, end: int) -> tuple[int, int]:
    """The range with the comma behind it, else the one before it."""
    behind = re.compile(r"\s*,[ \t]*").match(text, end)
    if behind:
        return start, behind.end()
    before = re.search(r",\s*$", text[max(0, start - 400) : start])
    return (start - len(before[0]) if before else start), end


def _cut(near: Span, start: int, end: int) -> Edits:
    text = near.file.text
    (line, column), (end_line, end_column) = position(text, start), position(text, end)
    span = near._replace(line=line, column=column, end_line=end_line, end_column=end_column)
    return (Edit(span=span, text=""),)


def apply(text: str, changes: Sequence[Edits]) -> tuple[str, int]:
    """`text` with every group of edits that overlaps no earlier one, and how many those are."""
    taken: list[tuple[int, int, str]] = []
    made = 0
    for group in changes:
        ranges = [(offset(text, e.span.line, e.span.column),
                   offset(text, e.span.end_line, e.span.end_column), e.text)
                  for e in group]  # fmt: skip
        if not ranges or any(_clash(one, other) for one in ranges for other in taken):
            continue
        taken += ranges
        made += 1
    for start, end, new in sorted(taken, key=lambda one: one[:2], reverse=True):
        text = text[:start] + new + text[end:]
    return text, made


def _clash(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    """Two ranges share a character, or one writes inside the other."""
    if one[:2] == other[:2] and one[0] == one[1]:
        return False
    return (one[0] < other[1] and other[0] < one[1]) or one[:2] == other[:2]

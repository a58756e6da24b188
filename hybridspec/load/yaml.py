"""YAML text to a tree of nodes that know their place, under limits a hostile file cannot pass.

Scalars follow the YAML 1.2 core schema (https://yaml.org/spec/1.2.2/#103-core-schema), so the
country `NO` is text. Tags, merge keys and several documents in one file are refused.
"""

from __future__ import annotations

import gc
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import yaml

from hybridspec.base.diagnostic import Diagnostic, Edit, Label, Sink
from hybridspec.base.edit import without
from hybridspec.base.source import Origins, Path, SourceFile, Span, position

MAX_DEPTH = 64
MAX_NODES = 100_000
"""Read and refused in two seconds; 12,000 sites need as many, and more of them are a table."""

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"

_LOADER = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMERIC = frozenset("+-.0123456789")
"""What a number begins with."""
_INT = re.compile(r"[-+]?[0-9]{1,30}|0o[0-7]{1,30}|0x[0-9a-fA-F]{1,30}")
_FORBIDDEN = "[^\\t\\n\\r\\x20-\\x7e\\x85\\xa0-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]"
"""What https://yaml.org/spec/1.2.2/#51-character-set leaves out."""
_new = tuple.__new__
"""Makes a `Span` in less time than calling it does; a spec has a hundred thousand."""
_BREAK = re.compile("\r\n|[\r\n]")
_UNTABBED = 2_000
"""Lines of a file with tabs that are repaired at once."""
_FLOAT = re.compile(r"[-+]?(\.[0-9]{1,30}|[0-9]{1,30}(\.[0-9]{0,30})?)([eE][-+]?[0-9]{1,3})?")


class Template(str):
    """Text with a `${`, which names variables; `plain` if it was written without quotes."""

    __slots__ = ("plain",)
    plain: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: plain values, where each of them stands, and how many there are.

    `templated` tells that some of its text is a `Template`.
    """

    value: Plain
    origins: Origins
    nodes: int = 0
    templated: bool = False


class _Refused(Exception):
    """Parsing cannot go on; the finding says why."""

    def __init__(self, finding: Diagnostic) -> None:
        super().__init__(finding.message)
        self.finding = finding


def parse(source: SourceFile, sink: Sink, limit: int = MAX_NODES) -> Document | None:
    """Parse `source`, at most `limit` values; faults go to `sink`. None if no document came out."""
    collecting = gc.isenabled()
    gc.disable()  # nothing of what is built is garbage, and looking for some takes a third
    try:
        events = iter(_LOADER(source.text).get_event, None)
        return _Builder(source, sink, events, limit=limit).document()
    except _Refused as refused:
        sink.add(refused.finding)
    except yaml.reader.ReaderError:
        sink.add(_unreadable_character(source))
    except yaml.MarkedYAMLError as fault:
        sink.add(_syntax(source, fault))
    except RecursionError:
        sink.add(_finding("HS0105", "the nesting is too deep to read", _point(source, 1, 1),
                          "flatten the document"))  # fmt: skip
    finally:
        if collecting:
            gc.enable()
    return None


@dataclass(slots=True)
class _Builder:
    """Turns parser events into plain values, counting what aliases expand to."""

    source: SourceFile
    sink: Sink
    events: Iterator[yaml.Event]
    values: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    ends: dict[Path, tuple[int, int]] = field(default_factory=dict)
    last: tuple[int, int] = (1, 1)
    anchors: dict[str, tuple[Plain, int]] = field(default_factory=dict)
    nodes: int = 0
    limit: int = MAX_NODES
    templated: bool = False

    def document(self) -> Document | None:
        documents = 0
        value: Plain = None
        while not isinstance(event := next(self.events), yaml.StreamEndEvent):
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise _Refused(_finding(
                        "HS0107", "a second YAML document starts here", self._span(event),
                        "keep one document per file: remove this `---` and what follows",
                    ))  # fmt: skip
                value = self._node(next(self.events), (), 0)
        if value is None:
            return None
        origins = Origins(self.values, self.keys, self.ends)
        return Document(value, origins, self.nodes, self.templated)

    def _span(self, event: yaml.Event) -> Span:
        start, end = event.start_mark, event.end_mark
        if start is None or end is None:
            raise AssertionError("the parser gave an event without a place")
        return _new(Span, (self.source, start.line + 1, start.column + 1,
                           end.line + 1, end.column + 1))  # fmt: skip

    def _node(self, event: yaml.Event, path: Path, depth: int) -> Plain:
        span = self._span(event)
        self.last = span[3:]
        self.nodes += 1
        if self.nodes > self.limit or depth > MAX_DEPTH:
            raise self._expands(span)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path, span)
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise _tagged(tag, span)
        before = self.nodes
        self.values[path] = span
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(path, depth)
        else:
            value = self._mapping(path, depth)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self.anchors[anchor] = (value, self.nodes - before + 1)
        return value

    def _alias(self, event: yaml.AliasEvent, path: Path, span: Span) -> Plain:
        """The anchored value; whatever lies inside it is reported at the alias."""
        name = event.anchor or ""
        if name not in self.anchors:
            raise _Refused(_finding(
                "HS0103", f"the anchor `{_clip(name)}` is not complete before this line", span,
                f"define it first with `&{_clip(name)}`, or write the value here",
            ))  # fmt: skip
        value, nodes = self.anchors[name]
        self.nodes += nodes
        if self.nodes > self.limit:
            raise self._expands(span)
        self.values[path] = span
        return value

    @staticmethod
    def _expands(span: Span) -> _Refused:
        return _Refused(_finding(
            "HS0105",
            f"the document expands beyond {MAX_NODES:,} values or {MAX_DEPTH} levels here",
            span, "write the values out instead of nesting anchors; many sites go into a CSV "
            "that `site_tables` names",
        ))  # fmt: skip

    def _sequence(self, path: Path, depth: int) -> Plain:
        items: list[Plain] = []
        while not isinstance(item := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(item, (*path, len(items)), depth + 1))
        self._end(path, item)
        return items

    def _end(self, path: Path, event: yaml.Event) -> None:
        """A bracket ends a collection, else its last value: the parser's own mark lies beyond."""
        start, end = event.start_mark, event.end_mark
        if start is not None and end is not None and start.index != end.index:
            self.last = (end.line + 1, end.column + 1)
        self.ends[path] = self.last

    def _scalar(self, event: yaml.ScalarEvent) -> Plain:
        text = str(event.value)
        if "${" not in text:
            return resolve_scalar(text) if event.implicit[0] else text
        self.templated = True
        template = Template(text)
        template.plain = bool(event.implicit[0])
        return template

    def _mapping(self, path: Path, depth: int) -> Plain:
        found: dict[str, Plain] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            span = self._span(event)
            key = self._key(event, span)
            here = (*path, key)
            if key in found:
                again = (*here, "\0again")
                value = self._node(next(self.events), again, depth + 1)
                if self.sink.is_full:
                    self.sink.omit(1)
                else:
                    same = value == found[key]
                    self.sink.add(self._twice(key, span, path, again, same=same))
                continue
            self.keys[here] = span
            found[key] = self._node(next(self.events), here, depth + 1)
        self._end(path, event)
        return found

    def _twice(self, key: str, span: Span, path: Path, again: Path, *, same: bool) -> Diagnostic:
        """The second of two equal keys; if their values are equal too, it can go."""
        end = Origins(self.values, self.keys, self.ends).whole(*again)
        return Diagnostic(
            code="HS0104", message=f"`{_clip(key)}` is written twice", span=span,
            help="remove this one, it says the same" if same
            else "keep one of the two, or rename one",
            notes=(Label(span=self.keys[(*path, key)], message="first written here"),),
            fixes=without(span, end, self.values[path]), certain=same,
        )  # fmt: skip

    def _key(self, event: yaml.Event, span: Span) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _Refused(_finding("HS0107", "a key has to be plain text", span,
                                    "write a name followed by a colon"))  # fmt: skip
        if event.tag is not None:
            raise _tagged(event.tag, span)
        if event.value == "<<" and event.implicit[0]:
            raise _Refused(_finding("HS0107", "merge keys (`<<`) are not part of YAML 1.2", span,
                                    "write the keys out here"))  # fmt: skip
        if event.anchor is not None:
            self.anchors[event.anchor] = (str(event.value), 1)
        return str(event.value)


def _tagged(tag: str, span: Span) -> _Refused:
    return _Refused(_finding("HS0107", f"tag `{_clip(tag)}` is not allowed", span,
                             "remove the tag; the spec knows each type"))  # fmt: skip


def resolve_scalar(text: str) -> Plain:
    """What text without quotes means under the core schema."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:
        return text
    if _INT.fullmatch(text):
        base = {"0o": 8, "0x": 16}.get(text[:2], 10)
        return int(text[2:] if base != 10 else text, base)
    if _FLOAT.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    return text


def _finding(code: str, message: str, span: Span, help: str) -> Diagnostic:
    return Diagnostic(code=code, message=message, span=span, help=help)


def _point(source: SourceFile, line: int, column: int) -> Span:
    return Span(file=source, line=line, column=column, end_line=line, end_column=column + 1)


def _clip(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _syntax(source: SourceFile, fault: yaml.MarkedYAMLError) -> Diagnostic:
    marks = [mark for mark in (fault.problem_mark, fault.context_mark) if mark is not None]
    spans = [_point(source, mark.line + 1, mark.column + 1) for mark in marks]
    # What is never closed is found at the end of the file, but belongs to where it was opened.
    span = next((s for s in spans if source.line(s.line).strip()), _end(source))
    line = source.line(span.line)
    indent = line[: len(line) - len(line.lstrip())]
    if "\t" in indent:
        column = indent.index("\t") + 1
        return replace(
            _finding("HS0103", "a tab is used for indentation",
                     _point(source, span.line, column),
                     "replace the tab by two spaces; YAML forbids tabs here"),
            fixes=_untabbed(source),
        )  # fmt: skip
    if "${" in line and "'${" not in line and '"${' not in line:
        return _finding("HS0103", "a `${` inside braces or brackets needs quotes", span,
                        'write `"${name}"`, or one key a line without braces')  # fmt: skip
    problem = (fault.problem or "this is not valid YAML").strip()
    context = f" {fault.context.strip()}" if fault.context else ""
    return _finding("HS0103", f"{problem}{context}", span,
                    "check the indentation, and that every key ends in a colon and a space, "
                    "and that quotes and brackets are closed")  # fmt: skip


def _untabbed(source: SourceFile) -> tuple[Edit, ...]:
    """Two spaces for every tab that a line begins with."""
    edits = []
    for number, line in enumerate(_BREAK.split(source.text)[:_UNTABBED], 1):
        indent = line[: len(line) - len(line.lstrip(" \t"))]
        if "\t" in indent:
            span = Span(file=source, line=number, column=1, end_line=number,
                        end_column=len(indent) + 1)  # fmt: skip
            edits.append(Edit(span=span, text=indent.replace("\t", "  ")))
    return tuple(edits)


def _end(source: SourceFile) -> Span:
    """The last character that is not white space."""
    text = source.text.rstrip()
    return _point(source, *position(text, max(0, len(text) - 1)))


def _unreadable_character(source: SourceFile) -> Diagnostic:
    found = re.search(_FORBIDDEN, source.text)
    line, column = position(source.text, found.start()) if found else (1, 1)
    return _finding("HS0103", "a control character is not allowed in YAML",
                    _point(source, line, column), "remove the character")  # fmt: skip

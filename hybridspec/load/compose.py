"""From the spec's files to one document: what it includes beneath it, a stack's overlay above."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.errors import StackNotFound
from hybridspec.base.source import SourceFile, Span
from hybridspec.base.units import format_bytes
from hybridspec.load import file
from hybridspec.load.bind import bind
from hybridspec.load.merge import Layers
from hybridspec.load.upgrade import current
from hybridspec.load.yaml import MAX_NODES, Document, parse
from hybridspec.spec.composition import MAX_FILES, Composition
from hybridspec.spec.quantity import NAME_PATTERN

LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """One document, and every file it was put together from, in order of reading."""

    document: Document
    files: tuple[tuple[Path, SourceFile], ...]


def overlay_path(spec: Path, stack: str) -> Path:
    """Where the overlay of a stack is kept: `hybridspec.prod.yaml` beside `hybridspec.yaml`."""
    return spec.with_name(f"{spec.stem}.{stack}{spec.suffix}")


def compose(path: Path, stack: str, sink: Sink) -> Composed | None:
    """Put the spec at `path` together as `stack` wants it; faults go to `sink`.

    Raises:
        StackNotFound: neither the spec nor a file beside it knows the stack.
    """
    composer = _Composer(path.parent, sink)
    source = file.read_source(path)
    if isinstance(source, Diagnostic):
        sink.add(source)
        return None
    composer.files[path.resolve()] = (path, source)
    root = composer.parsed(source)
    if root is None:
        if not sink.has_errors:
            sink.add(_empty(source))
        return None
    layers = Layers(sink)
    for document in composer.with_included(path.resolve(), root, set()):
        layers.lay(document)
    if sink.has_errors and composer.incomplete:
        return None
    overlay = _overlay(path, stack, layers.value)
    if overlay is not None and not composer.lay_overlay(overlay, layers):
        return None
    return Composed(document=layers.document(), files=tuple(composer.files.values()))


@dataclass(slots=True)
class _Composer:
    """Reads files under one budget of number, size and values."""

    folder: Path
    sink: Sink
    files: dict[Path, tuple[Path, SourceFile]] = field(default_factory=dict)
    nodes: int = 0
    incomplete: bool = False
    _open: list[Path] = field(default_factory=list)

    def parsed(self, source: SourceFile) -> Document | None:
        """The document of a file, in the current version of the language; no text is None."""
        document = parse(source, self.sink, MAX_NODES - self.nodes)
        if document is None:
            return None
        self.nodes += document.nodes
        upgraded = current(document, self.sink)
        if upgraded is None:
            self.incomplete = True
        return upgraded

    def with_included(self, path: Path, document: Document, seen: set[Path]) -> Iterator[Document]:
        """What a document includes, each file once and the least first; then the document."""
        self._open.append(path)
        for name, span in self._names(document):
            inner = self._included(name, span)
            if inner is None:
                self.incomplete = True
            elif inner not in seen:
                seen.add(inner)
                yield from self._contents(inner, seen)
        self._open.pop()
        yield _without_include(document)

    def lay_overlay(self, path: Path, layers: Layers) -> bool:
        """Lay the overlay and what it includes over the spec; False if it cannot be read."""
        source = file.read_source(path)
        if isinstance(source, Diagnostic):
            self.sink.add(source)
            return False
        self.files[path.resolve()] = (path, source)
        own = Layers(self.sink)
        for document in self._contents(path.resolve(), set()):
            own.lay(document)
        if own.value is not None:
            layers.lay(own.document(), removing=True)
        return not self.incomplete

    def _contents(self, path: Path, seen: set[Path]) -> Iterator[Document]:
        source = self.files[path][1]
        document = self.parsed(source)
        if document is None:
            self.incomplete |= self.sink.has_errors
        elif isinstance(document.value, dict):
            yield from self.with_included(path, document, seen)
        else:
            self.incomplete = True
            self._refuse(document.origins.value(), "HS0203",
                         "an included file needs a mapping of keys",
                         "write sections of the spec, such as `devices:`")  # fmt: skip

    def _names(self, document: Document) -> Iterator[tuple[str, Span]]:
        """The files that a document includes; a list of another shape is a finding."""
        value, origins = document.value, document.origins
        if not isinstance(value, dict) or value.get("include") is None:
            return
        wanted = value["include"]
        if bind(Document({"include": wanted}, origins), Composition, self.sink) is None:
            self.incomplete = True
            return
        for index, name in enumerate(wanted if isinstance(wanted, list) else ()):
            yield str(name), origins.value("include", index)

    def _included(self, name: str, span: Span) -> Path | None:
        """The file meant by an entry, read; None and a finding if it cannot be used."""
        if "${" in name:
            return self._refuse(
                span, "HS0115", "an include may not use variables",
                "write the name of the file; the overlay of a stack may include other files",
            )  # fmt: skip
        path = file.inside(self.folder, name)
        if isinstance(path, str):
            return self._refuse(
                span, "HS0109", f"`{name[:60]}` cannot be included: {path}",
                "name a file in the folder of the spec or below, relative to that folder",
            )  # fmt: skip
        if path in self._open:
            ring = [*self._open[self._open.index(path) :], path]
            shown = " -> ".join(f"`{part.name[:60]}`" for part in ring[:8])
            return self._refuse(
                span, "HS0110", f"the files {shown} include each other",
                "remove this entry; all files of a spec are laid over one another in any case",
            )  # fmt: skip
        if path in self.files:
            return path
        if len(self.files) >= MAX_FILES:
            return self._refuse(span, "HS0111", f"a spec is put together from at most {MAX_FILES} "
                                "files", "merge some of the files")  # fmt: skip
        return self._read(path, name, span)

    def _read(self, path: Path, name: str, span: Span) -> Path | None:
        source = file.read_source(self.folder / name)
        if isinstance(source, Diagnostic):
            if source.span is None:
                why = source.message.rpartition(": ")[2]
                return self._refuse(
                    span, "HS0109", f"`{name[:60]}` cannot be included: {why}",
                    "check the name; it is relative to the folder of the spec",
                )  # fmt: skip
            self.sink.add(source)
            return None
        total = sum(len(read.text) for _, read in self.files.values()) + len(source.text)
        if total > file.MAX_SPEC:
            return self._refuse(
                span, "HS0111", f"with `{name[:60]}`, the files of the spec are larger than "
                f"{format_bytes(file.MAX_SPEC)}", "move many sites into `site_tables`, or split "
                "the system into several specs")  # fmt: skip
        self.files[path] = (self.folder / name, replace(source, name=_relative(name)))
        return path

    def _refuse(self, span: Span, code: str, message: str, help: str) -> Path | None:
        """A finding, and no path."""
        self.sink.add(Diagnostic(code=code, message=message, span=span, help=help))
        return None


def _relative(name: str) -> str:
    """The name as every report shows it, with its folder."""
    return Path(name).as_posix()


def _without_include(document: Document) -> Document:
    value = document.value
    if not isinstance(value, dict) or "include" not in value:
        return document
    return replace(document, value={k: v for k, v in value.items() if k != "include"})


def _overlay(spec: Path, stack: str, value: object) -> Path | None:
    """The overlay file of a stack, if it has one."""
    declared = value.get("stacks") if isinstance(value, dict) else None
    names = sorted(declared) if isinstance(declared, dict) else []
    if re.fullmatch(NAME_PATTERN, stack):
        path = overlay_path(spec, stack)
        if path.is_symlink() or path.exists():
            return path
        if stack == LOCAL or stack in names:
            return None
    beside = (found.name.split(".") for found in spec.parent.glob(f"*.*{spec.suffix}"))
    overlays = (parts[1] for parts in beside if len(parts) == 3 and parts[0] == spec.stem)
    known = sorted({LOCAL, *map(str, names), *overlays})
    meant = closest(stack, known)
    raise StackNotFound(
        f"there is no stack `{stack[:60]}`: `stacks` does not declare it, and there is no "
        f"`{spec.stem}.{stack[:60]}{spec.suffix}` beside the spec",
        help=f"did you mean `{meant}`?" if meant
        else f"choose from {', '.join(f'`{name[:60]}`' for name in known[:12])}",
    )  # fmt: skip


def _empty(source: SourceFile) -> Diagnostic:
    return Diagnostic(
        code="HS0106", message=f"{source.shown} holds no spec", help="start one with "
        "`hybridspec init`, or begin with `apiVersion: hybridspec.dev/v1`",
        span=Span(file=source, line=1, column=1, end_line=1, end_column=2),
    )  # fmt: skip

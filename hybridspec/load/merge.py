"""Laying one document over another: mappings merge, everything else is replaced, spans follow."""

from __future__ import annotations

from dataclasses import dataclass, field

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins, Path, Span
from hybridspec.load.yaml import Document, Plain


@dataclass(slots=True)
class Layers:
    """A document that grows by laying others over it; what is laid down is never changed."""

    sink: Sink
    value: Plain = None
    values: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    ends: dict[Path, tuple[int, int]] = field(default_factory=dict)
    nodes: int = 0
    templated: bool = False

    def lay(self, over: Document, *, removing: bool = False) -> None:
        """Lay `over` on top; with `removing`, its nulls take away what lies beneath."""
        self.nodes += over.nodes
        self.templated |= over.templated
        if self.value is None:
            self.values, self.keys = dict(over.origins.values), dict(over.origins.keys)
            self.ends = dict(over.origins.ends)
            self.value = over.value
            return
        kept: set[Path] = set()
        self.value = self._merge(self.value, over, over.value, (), removing, kept)
        self.values.update((p, s) for p, s in over.origins.values.items() if p not in kept)
        self.keys.update((p, s) for p, s in over.origins.keys.items() if p not in kept)
        self.ends.update((p, e) for p, e in over.origins.ends.items() if p not in kept)

    def document(self) -> Document:
        """What came out."""
        origins = Origins(self.values, self.keys, self.ends)
        return Document(self.value, origins, self.nodes, self.templated)

    def _merge(
        self, under: Plain, over: Document, top: Plain, path: Path, removing: bool,
        kept: set[Path],
    ) -> Plain:  # fmt: skip
        """`top` over `under`; paths whose place stays the one beneath are put into `kept`."""
        if not isinstance(under, dict) or not isinstance(top, dict):
            self._forget(under, path)
            return top
        kept.add(path)
        result = dict(under)
        for key, item in top.items():
            here = (*path, key)
            if removing and item is None:
                kept.add(here)
                self._remove(result, key, here, over)
            elif key in result:
                result[key] = self._merge(result[key], over, item, here, removing, kept)
            else:
                result[key] = item
        return result

    def _remove(self, result: dict[str, Plain], key: str, path: Path, over: Document) -> None:
        if key in result:
            self._forget(result.pop(key), path)
            return
        if self.sink.is_full:
            self.sink.omit(1)
            return
        meant = closest(key, result)
        self.sink.add(Diagnostic(
            code="HS0112", message=f"`{key[:60]}` is removed here, but nothing beneath has it",
            span=over.origins.key(*path),
            help=f"did you mean `{meant}`?" if meant else "delete this line",
        ))  # fmt: skip

    def _forget(self, value: Plain, path: Path) -> None:
        """Nothing at or below `path` stands where it did; an alias has no places inside."""
        self.keys.pop(path, None)
        self.ends.pop(path, None)
        if self.values.pop(path, None) is None:
            return
        if isinstance(value, dict):
            for key, item in value.items():
                self._forget(item, (*path, key))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self._forget(item, (*path, index))

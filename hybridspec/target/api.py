"""What a target is: facts, a pure emitter, and what it says about what it cannot express."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hybridspec.ir.plan import CloudSlice, EdgeSlice

Context: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One file to write: a template of the target with its context, or finished bytes.

    Templates hold loops and names only. Values reach emitted Python through the `literal`
    filter, never as source text.
    """

    path: str
    template: str | None = None
    context: Context | None = None
    data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """Something the slice asks that the target cannot express; becomes finding HS0501.

    `origin` is `file:line` of the request. What the spec `promised` to others, such as a
    retention, stops the build; the rest is a warning.
    """

    what: str
    instead: str
    origin: str
    promised: bool = False


Emitted: TypeAlias = tuple[Payload | Unsupported, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A cloud or an edge platform; `package` holds `catalog.yaml` and `templates/`."""

    name: str
    package: str
    summary: str
    emit_cloud: Callable[[CloudSlice], Emitted] | None = None
    emit_edge: Callable[[EdgeSlice], Emitted] | None = None

    @property
    def kind(self) -> str:
        """`cloud` or `edge`."""
        return "cloud" if self.emit_cloud else "edge"

"""What is written when a key or a new thing is chosen: its required parts, with places to fill.

A place to fill is a tab stop of the snippet syntax that editors share: `${1:text}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hybridspec.base.source import Path
from hybridspec.editor import language
from hybridspec.editor.offers import shown, values
from hybridspec.editor.scope import REFERENCES, Scope, kind_of
from hybridspec.schemas import Schema, expand

Form = Mapping[str, str | None]
"""Keys of a new thing; a value, or None for the best there is at that path."""

_NEW_NAME = {
    "clouds": "my-cloud", "data": "readings", "devices": "gateway", "flows": "watch",
    "models": "my-model", "policies": "my-policy", "site_tables": "my-sites", "sites": "first-site",
    "stacks": "prod", "stages": "my-stage", "variables": "my_variable", "zones": "home",
}  # fmt: skip

_FIRST = {"percent": "100", "max_failures": "5%"}

_WANTED: dict[Path, tuple[str, ...]] = {
    (): ("sites",),
    ("devices", "*"): ("board", "max_offline", "uplink"),
    ("flows", "*"): ("data", "stages"),
    ("models", "*"): ("source", "evaluation", "floor", "allowed_drop"),
    ("variables", "*"): ("env", "default"),
}
"""Keys that a newcomer needs although the language can do without."""

STAGES: dict[str, tuple[str, Form]] = {
    "judge": ("stage that runs a model", {"model": None, "inputs": None, "size": "64B"}),
    "alert": ("sink that acts at the site", {"sink": "alert", "inputs": None}),
    "clean": ("stage that transforms", {"transform": None, "inputs": None}),
    "summary": ("stage that summarises", {"transform": "aggregate", "inputs": None,
                                          "every": "P1D", "size": "16KiB"}),
    "history": ("sink that stores", {"sink": "store", "inputs": None}),
}  # fmt: skip
"""The kinds of stages, as a newcomer thinks of them."""


@dataclass(slots=True)
class Writer:
    """Writes one snippet; counts its tab stops."""

    scope: Scope
    stops: int = 0
    fed_by: str = ""
    taken: dict[Path, str] = field(default_factory=dict)

    def stop(self, text: str) -> str:
        """A place to fill, with what stands there until then."""
        self.stops += 1
        escaped = text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")
        return f"${{{self.stops}:{escaped}}}"

    def key(self, path: Path, part: Schema, *, flow: bool, depth: int = 0) -> str:
        """A key with its value, after which the cursor may go on."""
        return f"{path[-1]}:{self.value(path, part, flow=flow, depth=depth)}"

    def value(self, path: Path, part: Schema, *, flow: bool, depth: int) -> str:
        """A value with what comes before it: a space, or lines that are indented further."""
        for plain in expand(language.spec_schema(), part):
            if plain.get("type") == "object" or "properties" in plain:
                return self._mapping(path, plain, flow=flow, depth=depth)
            if plain.get("type") == "array":
                return self._list(path, plain, flow=flow, depth=depth)
            break
        return " " + self.scalar(path, part)

    def scalar(self, path: Path, part: Schema) -> str:
        """The likeliest value as a place to fill; what cannot be otherwise, as it is."""
        if kind_of(path, REFERENCES) == "input" and self.fed_by:
            return self.stop(self.fed_by)
        plain = language.alternatives(part)
        if len(plain) == 1 and "const" in plain[0]:
            return shown(plain[0]["const"])
        if path[-1] in _FIRST:
            return self.stop(_FIRST[str(path[-1])])
        offered = [o for o in values(path, self.scope) if o.text]
        # A choice is made by the user; an example of the very key is better than any other.
        if offered:
            return self.stop(offered[0].text)
        return self.stop(_plain(path, plain[0] if plain else {}))

    def thing(self, path: Path, part: Schema, *, flow: bool, depth: int = 0) -> str:
        """A new thing in a mapping of names: its name and its needed parts."""
        if path[-1:] == ("stages",):
            return self._new_stages(path, depth=depth)
        taken = self.scope.names(*map(str, path))
        reference = kind_of(path, REFERENCES)
        name = new_name(path, taken)
        if reference is not None:
            offered = [o.text for o in values(path, self.scope) if o.detail == reference]
            name = next((o for o in offered if o not in taken), _NEW_NAME[f"{reference}s"])
        if path == ("clouds",):
            providers = values(("clouds", "*", "provider"), self.scope)
            name = providers[0].text if providers and providers[0].text not in taken else name
        here = self.stop(name)
        return f"{here}:{self.value((*path, name), part, flow=flow, depth=depth)}"

    def form(self, path: Path, form: Form) -> str:
        """A mapping on one line, from a form."""
        known = {key.name: key for key in language.keys(path)}
        written = [
            f"{key}:{self.value((*path, key), known[key].part, flow=True, depth=0)}"
            if value is None
            else f"{key}: {value if key in ('sink', 'transform') else self.stop(value)}"
            for key, value in form.items()
            if key in known
        ]
        return "{" + ", ".join(written) + "}"

    def _new_stages(self, path: Path, *, depth: int) -> str:
        """The first stages of a flow: a model if there is one, and an alert behind it."""
        lines = []
        kinds = ["judge", "alert"] if self.scope.names("models") else ["alert"]
        for kind in kinds:
            lines.append(f"{kind}: {self.form((*path, kind), STAGES[kind][1])}")
            self.fed_by = kind
        self.fed_by = ""
        return f"\n{_indent(depth)}".join(lines)

    def _mapping(self, path: Path, part: Schema, *, flow: bool, depth: int) -> str:
        inner = part.get("patternProperties") or {}
        other = part.get("additionalProperties")
        named = next(iter(inner.values()), other if isinstance(other, dict) else None)
        if named is not None:
            plain = next(iter(expand(language.spec_schema(), named)), {})
            if flow or plain.get("type") != "object":
                return " {" + self.thing(path, named, flow=True) + "}"
            return f"\n{_indent(depth + 1)}" + self.thing(path, named, flow=False, depth=depth + 1)
        wanted = kind_of(path, WANTED_KEYS)
        names = wanted.split() if wanted else list(part.get("required", []))
        keys = {n: part["properties"][n] for n in names if n in part.get("properties", {})}
        if not keys:
            return " {}" if flow else f"\n{_indent(depth + 1)}" + self.stop("")
        if path[:1] == ("flows",) and len(path) == 2:
            self._enter_flow(path)
        simple = all(_is_plain(inner) for inner in keys.values())
        if flow or (simple and len(keys) <= 3 and len(path) > 2):
            return " {" + ", ".join(
                self.key((*path, n), p, flow=True) for n, p in keys.items()
            ) + "}"  # fmt: skip
        return "".join(
            f"\n{_indent(depth + 1)}" + self.key((*path, n), p, flow=False, depth=depth + 1)
            for n, p in keys.items()
        )

    def _enter_flow(self, path: Path) -> None:
        """A new flow's first stage is fed by the data asset that the flow is about to name."""
        offered = values((*path, "data"), self.scope)
        self.fed_by = offered[0].text if offered else ""

    def _list(self, path: Path, part: Schema, *, flow: bool, depth: int) -> str:
        inner = part.get("items", {})
        plain = next(iter(expand(language.spec_schema(), inner)), {})
        if plain.get("type") == "object" and not flow:
            return f"\n{_indent(depth + 1)}- " + self.item((*path, 0), inner)
        if plain.get("type") == "object":
            return " [" + self.item((*path, 0), inner) + "]"
        return " [" + self.scalar((*path, 0), inner) + "]"

    def item(self, path: Path, part: Schema) -> str:
        """An item of a list, on one line."""
        return self.value(path, part, flow=True, depth=0).strip()


WANTED_KEYS = {where: " ".join(keys) for where, keys in _WANTED.items()}


def new_name(path: Path, taken: list[str]) -> str:
    """A name for a new thing that is not taken yet."""
    base = _NEW_NAME.get(str(path[-1]), "my-name")
    name, number = base, 2
    while name in taken:
        name, number = f"{base}-{number}", number + 1
    return name


def _is_plain(part: Schema) -> bool:
    kinds = {s.get("type", "string") for s in expand(language.spec_schema(), part)}
    return not kinds & {"object", "array"}


def _indent(depth: int) -> str:
    return "  " * depth


def _plain(path: Path, part: dict[str, Any]) -> str:
    kind = part.get("type")
    if kind in ("integer", "number"):
        return str(part.get("minimum", 1))
    if path[-1:] == ("name",):
        return "fleet" if "cohorts" in path else "my-system"
    return "a-name" if "pattern" in part else "text"

"""What the SDK's classes take, as data: read in the process that has imported them already.

Names and which of them are required come from `inspect.signature` of a resource's `Args` class,
types and enumerations from `typing.get_type_hints`, names on the wire from the SDK's getters, and
the values that only a docstring lists from there, where it lists them in one sentence.
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Any

Kind = Any
"""`any`, `str`, `bool`, `int`, `float`, or one of `{"list": Kind}`, `{"map": Kind}`,
`{"object": name}`, `{"enum": [value]}` and `{"union": [Kind]}`."""

_PLAIN = {str: "str", bool: "bool", int: "int", float: "float"}
_LISTED = re.compile(
    r"(?:Possible values are|Possible values|Valid values are|Valid values):"
    r" ((?:`[\w./:-]+`(?:, and |, or |, | and | or )?)+)\.(?![^\n]*also valid)"
)
"""A closed list of values; one that goes on in another sentence or in brackets is none."""


def signatures(classes: Iterable[type]) -> dict[str, Any]:
    """The `resources` by token, and the `objects` that they are made of by name.

    Each is a mapping of argument to its `kind` and whether it is `required`.
    """
    reader = _Reader()
    resources = {}
    for made in classes:
        token = getattr(made, "pulumi_type", "")
        home = vars(sys.modules[made.__module__])
        # Where an argument of another class has the name, this one is told apart by `Init`.
        arguments = home.get(f"{made.__name__}InitArgs") or home.get(f"{made.__name__}Args")
        if token and inspect.isclass(arguments):
            resources[token] = reader.arguments(arguments)
    return {"resources": resources, "objects": reader.objects}


class _Reader:
    """Follows the types of arguments down to plain ones; each class is read once."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[str, Any]] = {}

    def arguments(self, made: type) -> dict[str, Any]:
        """Wire name to what an argument of a class is."""
        import pulumi

        initial = vars(made)["__init__"]
        given = vars(sys.modules[made.__module__])
        hints = typing.get_type_hints(initial, given, {"Output": pulumi.Output, "T": Any})
        wire = {
            name: getattr(prop.fget, "_pulumi_name", name)
            for name, prop in vars(made).items()
            if isinstance(prop, property)
        }
        return {
            wire.get(name, name): {
                "kind": _narrowed(self.kind(hints.get(name, Any)), inspect.getdoc(vars(made)[name])
                                  if name in wire else None),
                "required": parameter.default is inspect.Parameter.empty,
            }
            for name, parameter in list(inspect.signature(initial).parameters.items())[1:]
        }  # fmt: skip

    def kind(self, hint: Any) -> Kind:
        """What a value of a hint looks like on the wire."""
        if hint in _PLAIN:
            return _PLAIN[hint]
        origin, parts = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, types.UnionType):
            return self._union(parts)
        if inspect.isclass(origin) and issubclass(origin, Mapping):
            return {"map": self.kind(parts[1])}
        if inspect.isclass(origin) and issubclass(origin, Sequence):
            return {"list": self.kind(parts[0])}
        if not inspect.isclass(hint):
            return "any"
        if issubclass(hint, Enum):
            return {"enum": [member.value for member in hint]}
        return self._object(hint) if hasattr(hint, "_pulumi_input_type") else "any"

    def _union(self, parts: tuple[Any, ...]) -> Kind:
        """One of several; an enumeration beside plain text is what the text has to be."""
        import pulumi

        wrapped = (typing.get_origin(part) or part for part in parts)
        waits = [inspect.isclass(w) and (w is pulumi.Output or w.__name__ == "Awaitable")
                 for w in wrapped]  # fmt: skip
        kinds: list[Kind] = []
        for part, waiting in zip(parts, waits, strict=True):
            kind = "any" if waiting or part is type(None) else self.kind(part)
            if not (waiting or part is type(None)) and kind not in kinds:
                kinds.append(kind)
        if any(isinstance(kind, dict) and "enum" in kind for kind in kinds):
            kinds = [kind for kind in kinds if kind != "str"]
        return kinds[0] if len(kinds) == 1 else {"union": kinds} if kinds else "any"

    def _object(self, made: type) -> Kind:
        name = f"{made.__module__}.{made.__qualname__}"
        if name not in self.objects:
            self.objects[name] = {}
            self.objects[name] = self.arguments(made)
        return {"object": name}


def _narrowed(kind: Kind, text: str | None) -> Kind:
    """A text of which the documentation lists every value."""
    found = _LISTED.search(" ".join((text or "").split())) if kind == "str" else None
    return {"enum": re.findall(r"`([^`]+)`", found[1])} if found else kind

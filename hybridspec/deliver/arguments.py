"""Arguments of registered resources against the signatures of the SDK's classes.

A provider would refuse most of these only when it is asked to create the resource, after others
have been; the SDK itself lets them through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hybridspec.base.closest import closest

_MASKED = "[secret]"
_TYPES: Mapping[str, tuple[type, ...]] = {
    "str": (str,), "bool": (bool,), "int": (int,), "float": (int, float),
}  # fmt: skip
_LONG: Mapping[type, str] = {dict: "a mapping", list: "a list", object: "a long value"}
_WORDS = {"str": "a text", "bool": "true or false", "int": "a whole number", "float": "a number"}


def faults(token: str, inputs: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    """What a resource is given that its class does not take, or lacks: one sentence each.

    `known` is what `signatures` read; a type that no class of the SDK makes is a fault.
    """
    signature = known["resources"].get(token)
    if signature is None:
        yield "no class of the SDK makes this type"
        return
    provider = token.startswith("pulumi:providers:")
    given = {k: _spoken(v) for k, v in inputs.items()} if provider else inputs
    yield from _object(given, signature, known["objects"], "", texts=provider)


def _spoken(value: Any) -> Any:
    """What a provider is given, which it gets as text: JSON where that is no text itself."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _object(
    given: Mapping[str, Any], signature: Mapping[str, Any], objects: Mapping[str, Any], path: str,
    *, texts: bool = False,
) -> Iterator[str]:  # fmt: skip
    for name, value in given.items():
        if name not in signature:
            like = closest(name, signature)
            yield f"unknown argument `{path}{name}`" + (f"; did you mean `{like}`?" if like else "")
        elif not (texts and signature[name]["kind"] == "str"):
            yield from _value(value, signature[name]["kind"], objects, path + name)
    for name, argument in signature.items():
        if argument["required"] and given.get(name) is None:
            yield f"argument `{path}{name}` is missing"


def _value(value: Any, kind: Any, objects: Mapping[str, Any], path: str) -> Iterator[str]:
    """What is wrong with one value, down to its innermost parts."""
    if value is None or value == _MASKED or kind == "any":
        return
    if isinstance(kind, str):
        if not _is(value, _TYPES[kind]):
            yield f"argument `{path}` is {_named(value)}, not {_WORDS[kind]}"
    elif "enum" in kind:
        yield from _listed(value, kind["enum"], path)
    elif "union" in kind:
        ways = [list(_value(value, one, objects, path)) for one in kind["union"]]
        if all(ways):
            yield min(ways, key=len)[0]
    elif "list" in kind:
        if not isinstance(value, list):
            yield f"argument `{path}` is {_named(value)}, not a list"
            return
        for index, item in enumerate(value):
            yield from _value(item, kind["list"], objects, f"{path}[{index}]")
    else:
        yield from _mapping(value, kind, objects, path)


def _listed(value: Any, values: list[Any], path: str) -> Iterator[str]:
    if value not in values or isinstance(value, bool):
        like = closest(value, map(str, values)) if isinstance(value, str) else None
        hint = f"; did you mean `{like}`?" if like else ""
        yield f"argument `{path}` is {_named(value)}, which is none of its values{hint}"


def _mapping(
    value: Any, kind: Mapping[str, Any], objects: Mapping[str, Any], path: str
) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"argument `{path}` is {_named(value)}, not a mapping"
    elif "map" in kind:
        for key, item in value.items():
            yield from _value(item, kind["map"], objects, f"{path}.{key}")
    else:
        yield from _object(value, objects[kind["object"]], objects, f"{path}.")


def _is(value: Any, types: tuple[type, ...]) -> bool:
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _named(value: Any) -> str:
    """A value in a sentence: short ones as they are."""
    said = json.dumps(value, ensure_ascii=False)
    if isinstance(value, dict | list) or len(said) > 60:
        return _LONG[next(kind for kind in _LONG if isinstance(value, kind))]
    return f"`{said}`"

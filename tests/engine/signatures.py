"""What an SDK's signatures say of a resource: its class by token, and faults of its inputs."""

from __future__ import annotations

import ast
import functools
import importlib
import importlib.util
import inspect
import json
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from typing import Any

from pulumi import _types as sdk_types

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends in a preview where a value is not known yet."""


@functools.cache
def _modules(package: str) -> dict[str, tuple[str, str]]:
    """Token to module and class, from the table that the SDK registers itself with; not run."""
    spec = importlib.util.find_spec(package)
    assert spec is not None, package
    assert spec.origin is not None, package
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    tables = [
        word.value.value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "attr", "") == "register"
        for word in call.keywords
        if word.arg == "resource_modules" and isinstance(word.value, ast.Constant)
    ]
    return {
        token: (row["fqn"], name)
        for table in tables
        for row in json.loads(str(table))
        for token, name in row["classes"].items()
    }


def packages(provider: str) -> str:
    """The Python package of a provider."""
    return f"pulumi_{provider.replace('-', '_')}"


@functools.cache
def _arguments(provider: str, token: str) -> type | None:
    """The `Args` class of a resource; None if the SDK has no such resource."""
    row = _modules(packages(provider)).get(token)
    if row is None:
        return None
    module, name = row
    resource = getattr(importlib.import_module(module), name)
    home = importlib.import_module(resource.__module__)
    # `Args` is another's where an argument of the same name has a type of its own.
    found = getattr(home, f"{name}InitArgs", None) or getattr(home, f"{name}Args")
    return typing.cast("type", found)


@functools.cache
def outputs_of(provider: str, token: str) -> frozenset[str]:
    """The names of what a resource answers."""
    module, name = _modules(packages(provider))[token]
    return frozenset(sdk_types.resource_types(getattr(importlib.import_module(module), name)))


def faults(provider: str, token: str, inputs: Mapping[str, Any]) -> Iterator[str]:
    """Everything about a resource's inputs that its SDK would not accept."""
    arguments = _arguments(provider, token)
    if arguments is None:
        yield f"{packages(provider)} has no resource {token}"
        return
    yield from _object(arguments, inputs, token)


def _object(cls: type, value: Mapping[str, Any], at: str) -> Iterator[str]:
    types, names = _shape(cls)
    for key in sorted(set(value) - set(types)):
        yield f"{at}: there is no `{key}`"
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]
    for name, parameter in signature.parameters.items():
        if parameter.kind is not parameter.KEYWORD_ONLY or parameter.default is not parameter.empty:
            continue
        if names.get(name, name) not in value:
            yield f"{at}: `{names.get(name, name)}` is missing"
    for key in sorted(set(value) & set(types)):
        yield from _value(types[key], value[key], f"{at}.{key}")


@functools.cache
def _shape(cls: type) -> tuple[dict[str, Any], dict[str, str]]:
    return sdk_types.input_type_types(cls), sdk_types.input_type_py_to_pulumi_names(cls)


def _value(kind: Any, value: Any, at: str) -> Iterator[str]:
    """Faults of one value; what a type does not say is no fault."""
    if value in (UNKNOWN, None):
        return
    choices = [c for c in _choices(kind) if c is not Any]
    fitting = [list(_inside(choice, value, at)) for choice in choices if _fits(choice, value)]
    if not choices or fitting:
        yield from min(fitting, key=len, default=[])  # of several shapes, the one that was meant
        return
    wanted = " or ".join(sorted(getattr(c, "__name__", str(c)) for c in choices))
    yield f"{at}: {type(value).__name__} in place of {wanted}: {str(value)[:60]!r}"


def _choices(kind: Any) -> list[Any]:
    """The types that a hint allows, without what wraps promises of values."""
    origin = typing.get_origin(kind)
    if origin is not None and sdk_types._is_union_type(kind):
        return [one for part in typing.get_args(kind) for one in _choices(part)]
    name = str(kind)
    if kind is type(None) or "Awaitable" in name.split("[")[0] or "Output" in name.split("[")[0]:
        return []
    return [kind]


def _fits(kind: Any, value: Any) -> bool:
    origin = typing.get_origin(kind) or kind
    if not isinstance(origin, type):
        return True
    if issubclass(origin, Enum):
        return value in [member.value for member in origin]
    if origin is bool:
        return isinstance(value, bool)
    if origin in (int, float):
        whole = isinstance(value, int) or origin is float or float(value).is_integer()
        return isinstance(value, int | float) and not isinstance(value, bool) and whole
    if origin is str:
        return isinstance(value, str)
    if sdk_types.is_input_type(origin) or issubclass(origin, dict | Mapping):
        return isinstance(value, Mapping)
    if origin in (list, tuple) or "Sequence" in origin.__name__:
        return isinstance(value, list)
    return True


def _inside(kind: Any, value: Any, at: str) -> Iterator[str]:
    if isinstance(kind, type) and sdk_types.is_input_type(kind):
        yield from _object(kind, value, at)
    elif isinstance(value, list) and typing.get_args(kind):
        for index, item in enumerate(value):
            yield from _value(typing.get_args(kind)[0], item, f"{at}[{index}]")
    elif isinstance(value, Mapping) and len(typing.get_args(kind)) == 2:
        for key, item in value.items():
            yield from _value(typing.get_args(kind)[1], item, f"{at}.{key}")

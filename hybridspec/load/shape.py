"""What the spec's models say about one place: its section, its field, its type, its choices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError
from pydantic.fields import FieldInfo

from hybridspec.base.source import Path
from hybridspec.load.yaml import Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in a document, and what belongs there.

    `section` is the mapping of keys that the last part of `path` stands in, `info` the field that
    it is or lies in, `kind` its type with every condition. `union` is the path at which the models
    leave a choice of forms, and `member` the form that this place is part of.
    """

    path: Path
    section: type[BaseModel] | None = None
    info: FieldInfo | None = None
    kind: Any = None
    at_key: bool = False
    union: Path | None = None
    member: Any = None

    @property
    def is_field(self) -> bool:
        """Whether it is the field itself, and not something inside its list or mapping."""
        return self.section is not None

    def fits(self, value: object) -> bool:
        """Whether `value` could stand here."""
        if self.at_key or self.kind is None:
            return False
        try:
            _adapter(self.kind).validate_python(value)
        except (ValidationError, ArithmeticError):
            return False
        return True


def locate(root: type[BaseModel], location: Path) -> Place:
    """The place that a location of pydantic's means; names of union members are no part of it."""
    kind: Any = root
    found = Place(path=(), section=root, kind=root)
    section: type[BaseModel] | None = root
    path: Path = ()
    info, union, member = None, None, None
    names: Any = None
    for part in location:
        inner = bare(kind)
        if part == "[key]" and names is not None:
            return replace(found, kind=names, at_key=True)
        names = get_args(inner)[0] if get_origin(inner) is dict else None
        if len(choices := members(inner)) > 1:
            union, member = path, _member(choices, part)
            kind = member
            continue
        if is_section(inner):
            section, info = inner, field(inner, part)
            kind = full_type(info) if info is not None else None
        elif get_origin(inner) in (dict, list, tuple):
            section, kind = None, get_args(inner)[-1]
        else:
            continue  # the name of a validator
        path = (*path, part)
        found = Place(path=path, section=section, info=info, kind=kind, union=union, member=member)
    return replace(found, union=union, member=member)


def place_of(root: type[BaseModel], path: Path, value: Plain) -> Place:
    """The place at a path of the document; of several forms, the one that `value` has."""
    kind: Any = root
    section: type[BaseModel] | None = root
    info: FieldInfo | None = None
    for part in path:
        inner = bare(kind)
        if len(choices := members(inner)) > 1:
            inner = bare(suited(choices, value))
        if is_section(inner):
            section, info = inner, field(inner, part)
            kind = full_type(info) if info is not None else None
        else:
            arguments = get_args(inner)
            section, kind = None, arguments[-1] if arguments else None
        value = _inside(value, part)
    return Place(path=path, section=section, info=info, kind=kind)


def _inside(value: Plain, part: str | int) -> Plain:
    if isinstance(value, dict) and isinstance(part, str):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and part < len(value):
        return value[part]
    return None


def suited(choices: list[Any], value: Plain) -> Any:
    """The form that a value was probably meant to have: by its shape, then by its keys."""
    wanted = [c for c in choices if _shape(bare(c)) == _shape_of(value)] or choices
    if isinstance(value, dict):
        written = set(value)
        return max(wanted, key=lambda c: _likeness(bare(c), value, written))
    return wanted[0]


def _likeness(inner: Any, value: dict[str, Plain], written: set[str]) -> tuple[bool, int]:
    if not is_section(inner):
        return (False, 0)
    tagged = any(
        value.get(name) in get_args(info.annotation)
        for name, info in inner.model_fields.items() if get_origin(info.annotation) is Literal
    )  # fmt: skip
    return (tagged, len(written & set(keys(inner))))


def _shape(inner: Any) -> str:
    if is_section(inner) or get_origin(inner) is dict:
        return "mapping"
    return "list" if get_origin(inner) is list else "scalar"


def _shape_of(value: Plain) -> str:
    return "mapping" if isinstance(value, dict) else "list" if isinstance(value, list) else "scalar"


def _member(choices: list[Any], label: str | int) -> Any:
    """The member of a union that pydantic's label names: a model, its tag, or a plain type."""
    text = str(label)
    for choice in choices:
        inner = bare(choice)
        if is_section(inner):
            tags = [
                tag
                for info in inner.model_fields.values()
                if get_origin(info.annotation) is Literal
                for tag in get_args(info.annotation)
            ]
            if text == inner.__name__ or text in tags:
                return choice
    plain = [c for c in choices if not is_section(bare(c))]
    for choice in plain:
        origin = get_origin(bare(choice)) or bare(choice)
        if text.startswith(getattr(origin, "__name__", "?").lower()):
            return choice
    return plain[0] if plain else choices[0]


def is_section(kind: Any) -> bool:
    """Whether a type is a mapping of known keys."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def bare(kind: Any) -> Any:
    """A type without its conditions and without `None`."""
    while True:
        if hasattr(kind, "__metadata__"):
            kind = get_args(kind)[0]
        elif get_origin(kind) in (Union, UnionType):
            parts = members(kind)
            if len(parts) != 1:
                return kind
            kind = parts[0]
        else:
            return kind


def members(kind: Any) -> list[Any]:
    """The forms that a type leaves a choice of; `None` is none."""
    if get_origin(kind) not in (Union, UnionType):
        return [kind]
    return [part for part in get_args(kind) if part is not type(None)]


def field(section: type[BaseModel], key: str | int) -> FieldInfo | None:
    """The field behind a key as users write it."""
    return next((info for name, info in section.model_fields.items() if key == _key(name, info)),
                None)  # fmt: skip


def _key(name: str, info: FieldInfo) -> str:
    return info.alias or name


def keys(section: type[BaseModel] | None) -> list[str]:
    """All keys of a section, sorted."""
    if section is None:
        return []
    return sorted(_key(name, info) for name, info in section.model_fields.items())


def required(section: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    """The keys that a section cannot do without, in their order."""
    for name, info in section.model_fields.items():
        if info.is_required():
            yield _key(name, info), info


def full_type(info: FieldInfo) -> Any:
    """The type of a field with every condition on it."""
    if not info.metadata:
        return info.annotation
    return Annotated[(info.annotation, *info.metadata)]


def choices(kind: Any) -> list[str]:
    """What a value of this type may be, where the type lists it."""
    inner = bare(kind)
    if get_origin(inner) is list:
        inner = bare(get_args(inner)[0])
    if len(forms := members(inner)) > 1:
        return [choice for form in forms for choice in choices(form)]
    return [str(value) for value in get_args(inner)] if get_origin(inner) is Literal else []


def one_of(values: list[str]) -> Any:
    """The type of a value that has to be one of these."""
    return Literal[tuple(values)]


def item(kind: Any) -> Any:
    """The type of what a list or a mapping of names holds."""
    arguments = get_args(bare(kind))
    return arguments[-1] if arguments else None


def _adapter(kind: Any) -> TypeAdapter[Any]:
    try:
        return _made(kind)
    except TypeError:  # a condition that cannot be a key of the cache
        return _made.__wrapped__(kind)


@lru_cache(maxsize=512)
def _made(kind: Any) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(kind, config=ConfigDict(strict=True, arbitrary_types_allowed=True))
    except PydanticUserError:  # a model has a configuration of its own
        return TypeAdapter(kind)

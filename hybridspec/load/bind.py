"""Plain values to a pydantic model; each fault becomes a finding at the user's line."""

from __future__ import annotations

from difflib import get_close_matches
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Path
from hybridspec.load.yaml import Document

Model = TypeVar("Model", bound=BaseModel)

_KINDS = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping of names",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "none_required": "nothing",
}


def bind(document: Document, model: type[Model], sink: Sink) -> Model | None:
    """Build `model` from the document, or put every fault into `sink` and return None."""
    try:
        return model.model_validate(document.value)
    except ValidationError as fault:
        errors = fault.errors(include_url=False, include_context=True)
        findings = [_finding(error, document, model) for error in errors]
        misspelt = {f.help for f in findings if f.code == "HS0201"}
        sink.extend(
            finding
            for finding, error in zip(findings, errors, strict=True)
            if error["type"] != "missing" or _did_you_mean(str(error["loc"][-1])) not in misspelt
        )
        return None


def _finding(error: ErrorDetails, document: Document, root: type[BaseModel]) -> Diagnostic:
    at_key = bool(error["loc"]) and error["loc"][-1] == "[key]"
    path: Path = tuple(part for part in error["loc"] if part != "[key]")
    owner, info, annotation = _describe(root, path)
    name = str(path[-1]) if path else "the spec"
    kind, origins = error["type"], document.origins
    if kind == "extra_forbidden":
        return Diagnostic(
            code="HS0201", message=f"`{_clip(name)}` is not a key of {_place(path[:-1])}",
            span=origins.key(*path), help=_closest(name, _keys(owner)),
        )  # fmt: skip
    if kind == "missing":
        return Diagnostic(
            code="HS0202", message=f"{_place(path[:-1])} has no `{name}`",
            span=origins.key(*path[:-1]),
            help=f"add `{name}: {_example(info, annotation)}`" + _purpose(info),
        )  # fmt: skip
    code, message, help = _fault(error, name, info, _example(info, annotation), at_key=at_key)
    span = origins.key(*path) if at_key or error["input"] is None else origins.value(*path)
    return Diagnostic(code=code, message=message, span=span, help=help)


def _fault(
    error: ErrorDetails, name: str, info: FieldInfo | None, example: str, *, at_key: bool
) -> tuple[str, str, str]:
    """Code, sentence and way out for a value that is present but wrong."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    written = _clip(str(value))
    if kind == "unit":
        return ("HS0204", f"`{name}` needs a quantity with a unit, not `{written}`",
                f"write it like `{context['example']}`{_purpose(info)}")  # fmt: skip
    if kind in ("literal_error", "enum"):
        choices = _choices(info) or str(context.get("expected", "")).replace("'", "").split(", ")
        if name == "apiVersion":
            return ("HS0208", f"this release cannot read apiVersion `{written}`",
                    f"write `apiVersion: {choices[0]}`")  # fmt: skip
        return ("HS0206", f"`{written}` is not a choice for `{name}`", _closest(written, choices))
    if kind == "string_pattern_mismatch" and (at_key or name in ("name", "zone")):
        return ("HS0207", f"`{written}` is not a usable name",
                "use lower-case letters, digits and hyphens, start with a letter, end without "
                f"a hyphen, at most 40 characters{_suggest_name(written)}")  # fmt: skip
    if kind == "string_pattern_mismatch":
        return ("HS0203", f"`{written}` is not a usable `{name}`",
                f"write it like `{example}`{_purpose(info)}")  # fmt: skip
    if kind in _KINDS:
        if value is None:
            return ("HS0203", f"`{name}` is empty; it needs {_KINDS[kind]}",
                    f"fill it, for example `{example}`{_purpose(info)}")  # fmt: skip
        return ("HS0203", f"`{name}` needs {_KINDS[kind]}, not `{written}`",
                f"write it like `{example}`{_purpose(info)}")  # fmt: skip
    if kind.startswith("date"):
        return ("HS0203", f"`{name}` needs a date, not `{written}`", "write it like `2026-11-01`")
    return _range_fault(kind, name, written, context, info, example)


def _range_fault(
    kind: str,
    name: str,
    written: str,
    context: dict[str, Any],
    info: FieldInfo | None,
    example: str,
) -> tuple[str, str, str]:
    if kind in ("greater_than_equal", "greater_than"):
        least = context.get("ge", context.get("gt"))
        word = "at least" if kind == "greater_than_equal" else "more than"
        return ("HS0205", f"`{name}` is `{written}`, but has to be {word} {least}",
                f"write {word} {least}{_purpose(info)}")  # fmt: skip
    if kind in ("less_than_equal", "less_than"):
        most = context.get("le", context.get("lt"))
        return ("HS0205", f"`{name}` is `{written}`, but has to be at most {most}",
                f"write at most {most}{_purpose(info)}")  # fmt: skip
    if kind in ("too_short", "string_too_short"):
        return ("HS0205", f"`{name}` is empty", f"write it like `{example}`{_purpose(info)}")
    if kind in ("too_long", "string_too_long"):
        return ("HS0205", f"`{name}` has more than {context['max_length']} entries or characters",
                "shorten it, or split the system into several specs")  # fmt: skip
    if kind == "share_range":
        return ("HS0205", f"`{name}` is `{written}`, but a share lies between 0 and 1",
                "write it like `0.95` or `95%`")  # fmt: skip
    return ("HS0203", f"`{name}` cannot be `{written}`", f"write it like `{example}`")


def _describe(
    root: type[BaseModel], path: Path
) -> tuple[type[BaseModel] | None, FieldInfo | None, Any]:
    """The section that owns the last part of `path`, the field it names, and what it holds."""
    owner: Any = root
    section: type[BaseModel] | None = root
    info: FieldInfo | None = None
    for part in path:
        if isinstance(owner, type) and issubclass(owner, BaseModel):
            section = owner
            info = next(
                (field for name, field in owner.model_fields.items()
                 if part in (name, field.alias)), None,
            )  # fmt: skip
            owner = _inner(info.annotation) if info is not None else None
        else:
            section = None
            owner = _item(owner)
    return section, info, owner


def _inner(annotation: Any) -> Any:
    """The annotation without `None` and without `Annotated`."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return _inner(parts[0])
    if hasattr(annotation, "__metadata__"):
        return _inner(get_args(annotation)[0])
    return annotation


def _item(annotation: Any) -> Any:
    arguments = get_args(annotation)
    return _inner(arguments[-1]) if arguments else None


def _keys(section: type[BaseModel] | None) -> list[str]:
    if section is None:
        return []
    return sorted(field.alias or name for name, field in section.model_fields.items())


def _choices(info: FieldInfo | None) -> list[str]:
    if info is None:
        return []
    literal = _inner(info.annotation)
    if get_origin(literal) is list:
        literal = _item(literal)
    return [str(value) for value in get_args(literal)] if get_origin(literal) is Literal else []


def _closest(written: str, choices: list[str]) -> str:
    match = get_close_matches(written, choices, n=1, cutoff=0.6)
    if match:
        return _did_you_mean(match[0])
    return f"choose from: {', '.join(f'`{choice}`' for choice in choices)}"


def _did_you_mean(name: str) -> str:
    return f"did you mean `{name}`?"


def _example(info: FieldInfo | None, annotation: Any = None) -> str:
    if info is None:
        return "a-name"
    if annotation not in (None, _inner(info.annotation)):
        return _shape(annotation)
    if info.examples:
        return _yaml(info.examples[0])
    choices = _choices(info)
    return choices[0] if choices else _shape(_inner(info.annotation))


def _shape(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        needed = [(field.alias or name, field) for name, field in annotation.model_fields.items()
                  if field.is_required()]  # fmt: skip
        return "{" + ", ".join(f"{name}: {_example(field)}" for name, field in needed) + "}"
    if get_origin(annotation) is dict:
        return "{a-name: " + _shape(_item(annotation)) + "}"
    if get_origin(annotation) is list:
        return "[" + _shape(_item(annotation)) + "]"
    return {int: "1", str: "a-name", bool: "true"}.get(annotation, "2026-11-01")


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    return str(value)


def _suggest_name(written: str) -> str:
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in written.lower())
    plain = "-".join(part for part in plain.split("-") if part).lstrip("0123456789-")[:40]
    return f", such as `{plain.rstrip('-')}`" if plain else ""


def _purpose(info: FieldInfo | None) -> str:
    if info is None or not info.description:
        return ""
    text = info.description.rstrip(".")
    return f" ({text[0].lower() + text[1:] if text[1:2].islower() else text})"


def _place(path: Path) -> str:
    return f"`{'.'.join(_clip(str(part)) for part in path)}`" if path else "the spec"


def _clip(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."

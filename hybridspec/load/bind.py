"""Plain values to a pydantic model; each fault becomes a finding at the user's line."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin
from unicodedata import combining, normalize

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import MAX_FINDINGS, Diagnostic, Sink
from hybridspec.base.source import Origins, Path, blanked
from hybridspec.load.yaml import Document
from hybridspec.spec.quantity import NAME_PATTERN

Model = TypeVar("Model", bound=BaseModel)

_KEY_FAULTS = ("string_pattern_mismatch", "literal_error")
_SECRET = re.compile("tok|key|secret|pass|cred")
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
    "date_format": "a date",
}


def bind(document: Document, model: type[Model], sink: Sink) -> Model | None:
    """Build `model` from the document, or put every fault into `sink` and return None."""
    try:
        return model.model_validate(document.value)
    except ValidationError as fault:
        errors = fault.errors(include_url=False, include_context=True)
        surplus = len(errors[MAX_FINDINGS:])
        del errors[MAX_FINDINGS:]
        findings = [_finding(error, document, model) for error in errors]
        findings = _without_secrets(findings, errors, document.origins)
        misspelt = {(e["loc"][:-1], f.help) for e, f in zip(errors, findings, strict=True)
                    if f.code == "HS0201"}  # fmt: skip
        sink.extend(
            finding
            for finding, error in zip(findings, errors, strict=True)
            if error["type"] != "missing"
            or (error["loc"][:-1], _did_you_mean(str(error["loc"][-1]))) not in misspelt
        )
        sink.omit(surplus)
        return None


def _finding(error: ErrorDetails, document: Document, root: type[BaseModel]) -> Diagnostic:
    at_key = error["loc"][-1:] == ("[key]",) and error["type"] in _KEY_FAULTS
    path, owner, info, annotation = _describe(root, error["loc"][:-1] if at_key else error["loc"])
    kind, origins = error["type"], document.origins
    if not path:
        found = _written(error["input"])
        return Diagnostic(
            code="HS0203", message=f"the spec needs a mapping of keys, not {found}",
            span=origins.key(), help=f"write the keys {_listed(_needed(root))}",
        )  # fmt: skip
    name = str(path[-1])
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
    if at_key and kind == "literal_error":
        return Diagnostic(
            code="HS0206", message=f"`{_clip(name)}` is not a choice for a key of "
            f"{_place(path[:-1])}", span=origins.key(*path),
            help=_closest(name, _key_choices(info)),
        )  # fmt: skip
    code, message, help = _fault(error, path, info, _example(info, annotation))
    if kind == "union_tag_invalid":
        path = (*path, "type")
    span = origins.key(*path) if at_key or error["input"] is None else origins.value(*path)
    return Diagnostic(code=code, message=message, span=span, help=help)


def _without_secrets(
    findings: list[Diagnostic], errors: list[ErrorDetails], origins: Origins
) -> list[Diagnostic]:
    """The findings, with every value that may be a secret blanked in the text they show."""
    spans = [f.span for f in findings if f.code == "HS0211" and f.span is not None]
    # A misspelt key may hold what the right one must not.
    spans += [
        origins.value(*error["loc"])
        for error, finding in zip(errors, findings, strict=True)
        if finding.code == "HS0201" and _SECRET.search(str(error["loc"][-1]).lower())
    ]
    if not spans:
        return findings
    files = {span.file: blanked(span.file, spans) for span in spans}
    return [
        replace(f, span=replace(f.span, file=files.get(f.span.file, f.span.file)))
        if f.span is not None else f
        for f in findings
    ]  # fmt: skip


def _kinds(annotation: Any) -> dict[str, type[BaseModel]]:
    """The sections of a tagged union by their tag."""
    if get_origin(annotation) not in (Union, UnionType):
        return {}
    sections = [part for part in get_args(annotation)
                if isinstance(part, type) and issubclass(part, BaseModel)]  # fmt: skip
    return {tag: part for part in sections for tag in _choices(part.model_fields.get("type"))}


def _fault(
    error: ErrorDetails, path: Path, info: FieldInfo | None, example: str
) -> tuple[str, str, str]:
    """Code, sentence and way out for a value that is present but wrong."""
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    title, written, purpose = _title(path), _written(value), _purpose(info)
    if value is None and (wanted := _KINDS.get(kind) or context.get("kind")):
        return ("HS0203", f"{title} is empty; it needs {wanted}",
                f"fill it, for example `{example}`{purpose}")  # fmt: skip
    if kind == "secret" or kind.startswith("union_tag"):
        return _special_fault(kind, title, context)
    if kind == "unit":
        return ("HS0204", f"{title} needs {context['kind']}, not {written}",
                f"write it like {context['example']}{purpose}")  # fmt: skip
    if kind == "literal_error":
        choices = _choices(info)
        if path[-1] == "apiVersion":
            return ("HS0208", f"this release cannot read apiVersion {written}",
                    f"write `apiVersion: {choices[0]}`")  # fmt: skip
        return (
            "HS0206",
            f"{written} is not a choice for {title}",
            _closest(written.strip("`"), choices),
        )
    if kind == "string_pattern_mismatch" and context.get("pattern") == NAME_PATTERN:
        return ("HS0207", f"{written} is not a usable name",
                "use lower-case letters, digits and hyphens, start with a letter, end without "
                f"a hyphen, at most 40 characters{_suggest_name(str(value))}")  # fmt: skip
    if kind == "string_pattern_mismatch":
        return ("HS0203", f"{written} is not usable as {title}",
                f"write it like `{example}`{purpose}")  # fmt: skip
    if kind in _KINDS:
        return ("HS0203", f"{title} needs {_KINDS[kind]}, not {written}",
                f"write it like `{example}`{purpose}")  # fmt: skip
    return _range_fault(kind, f"{title} is {written}", title, context, purpose, example)


def _special_fault(kind: str, title: str, context: dict[str, Any]) -> tuple[str, str, str]:
    """A secret, whose text is never shown, or a section of which no kind was chosen."""
    if kind == "secret":
        return ("HS0211", f"{title} takes only a reference to a secret",
                "write `secret://env/NAME`, `secret://vault/path` or `secret://aws-sm/path`, and "
                "replace a secret that has been in the file")  # fmt: skip
    if kind == "union_tag_not_found":
        return "HS0202", f"{title} has no `type`", "add `type: prometheus`, or another kind"
    tag = str(context["tag"])
    choices = [choice.strip("' ") for choice in str(context["expected_tags"]).split(",")]
    return "HS0206", f"`{_clip(tag)}` is not a `type` for {title}", _closest(tag, choices)


def _range_fault(
    kind: str, found: str, title: str, context: dict[str, Any], purpose: str, example: str
) -> tuple[str, str, str]:
    if kind in ("greater_than_equal", "greater_than"):
        least = context.get("ge", context.get("gt"))
        word = "at least" if kind == "greater_than_equal" else "more than"
        like = "" if example.isdigit() else f", for example `{example}`"
        return ("HS0205", f"{found}, but has to be {word} {least}",
                f"write {word} {least}{like}{purpose}")  # fmt: skip
    if kind == "less_than_equal":
        return ("HS0205", f"{found}, but has to be at most {context['le']}",
                f"write at most {context['le']}{purpose}")  # fmt: skip
    if kind in ("too_short", "string_too_short"):
        return ("HS0205", f"{title} is empty", f"write it like `{example}`{purpose}")
    if kind in ("too_long", "string_too_long"):
        what = "entries" if kind == "too_long" else "characters"
        return ("HS0205", f"{title} has more than {context['max_length']} {what}",
                "shorten it, or split the system into several specs")  # fmt: skip
    if kind == "share_range":
        return ("HS0205", f"{found}, but a share lies between 0 and 1",
                "write it like `0.95` or `95%`")  # fmt: skip
    return ("HS0203", f"{found}, which is of no use here", f"write it like `{example}`{purpose}")


def _describe(
    root: type[BaseModel], location: Path
) -> tuple[Path, type[BaseModel] | None, FieldInfo | None, Any]:
    """The path as written, the section that owns its last part, its field, and what that holds.

    Where one of several sections was chosen by its `type`, the location holds that tag as well.
    """
    owner: Any = root
    section: type[BaseModel] | None = root
    info: FieldInfo | None = None
    path: list[str | int] = []
    for part in location:
        if part in (kinds := _kinds(owner)):
            owner = kinds[str(part)]
            continue
        path.append(part)
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
    return tuple(path), section, info, owner


def _inner(annotation: Any) -> Any:
    """The annotation without `None` and without `Annotated`."""
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        parts = [part for part in get_args(annotation) if part is not type(None)]
        return annotation if _kinds(annotation) else _inner(parts[0])
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


def _key_choices(info: FieldInfo | None) -> list[str]:
    """What the keys of a mapping may be, where they are a fixed set."""
    named = get_args(_inner(info.annotation))[:1] if info is not None else ()
    return [str(choice) for literal in named for choice in get_args(literal)]


def _closest(written: str, choices: list[str]) -> str:
    match = closest(written, choices)
    if match is not None:
        return _did_you_mean(match)
    return f"choose from: {_listed(choices)}"


def _did_you_mean(name: str) -> str:
    return f"did you mean `{name}`?"


def _example(info: FieldInfo | None, annotation: Any = None) -> str:
    if info is None:
        return "a-name"
    inside = annotation not in (None, _inner(info.annotation))
    if info.examples:
        example = info.examples[0]
        if not inside:
            return _yaml(example)
        if isinstance(example, list):
            return _yaml(example[0])
    if inside:
        return _shape(annotation)
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
    return {int: "1", str: "a-name", Fraction: "5%"}.get(annotation, "2026-11-01")


def _yaml(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_yaml(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_yaml(item)}" for key, item in value.items()) + "}"
    return str(value)


def _title(path: Path) -> str:
    """How a sentence names the value at `path`: its key, or its list's key."""
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    return f"an entry of `{_clip(key)}`" if isinstance(path[-1], int) else f"`{_clip(key)}`"


def _written(value: object) -> str:
    """A value as the user wrote it; a collection, which may be huge, by its kind alone."""
    if isinstance(value, (dict, list)):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or isinstance(value, bool):
        return {None: "`null`", True: "`true`", False: "`false`"}[value]
    return f"`{_clip(str(value))}`"


def _needed(section: type[BaseModel]) -> list[str]:
    return [f.alias or name for name, f in section.model_fields.items() if f.is_required()]


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _suggest_name(written: str) -> str:
    letters = (c for c in normalize("NFKD", written[:200].lower()) if not combining(c))
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in letters)
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

"""Plain values to a pydantic model; each fault becomes a finding at the user's line."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path as File
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import MAX_FINDINGS, Diagnostic, Sink
from hybridspec.base.edit import plain
from hybridspec.base.source import Path, blanked
from hybridspec.load import shape
from hybridspec.load.context import Surroundings
from hybridspec.load.empty import empty_keys
from hybridspec.load.fix import NONE, Fix, Fixer, slug
from hybridspec.load.shape import Place
from hybridspec.load.suggest import example
from hybridspec.load.yaml import Document, Plain
from hybridspec.spec.quantity import DOLLARS, NAME_PATTERN, REFERENCE_PATTERN

Model = TypeVar("Model", bound=BaseModel)

_LOCATED = 3 * MAX_FINDINGS
"""How many faults are looked at: several forms of one value have a fault each."""
_SECRET = re.compile("tok|key|secret|pass|pwd|auth|bearer|cred")
_RATES = ("metadata", "rates")
_SINKS = ("observability", "sinks")
_OPEN = ("type", "zone", "endpoint", "country", "site")
"""The section that takes secrets, and its keys that hold none."""
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


def bind(
    document: Document, model: type[Model], sink: Sink, folder: File | None = None,
    rates: Mapping[str, Fraction] = DOLLARS,
) -> Model | None:  # fmt: skip
    """Build `model` from the document, or put every fault into `sink` and return None.

    `folder` is where files that the document names may lie; what is found there is only proposed.
    `rates` are the currencies that amounts may be in, each with what one unit of it is worth.
    """
    value, surplus = _bounded(document.value, model)
    made, errors = None, []
    try:
        made = model.model_validate(value, context=rates)
    except ValidationError as fault:
        errors = fault.errors(include_url=False, include_context=True)
    binder = _Binder(document, model, Surroundings(document.value, folder))
    looked = [_tagged(error, shape.locate(model, error["loc"])) for error in errors[:_LOCATED]]
    faults = binder.one_form(looked)
    empty = list(empty_keys(document, model, {place.path for _, place in faults}))
    sink.extend([*binder.findings(faults[:MAX_FINDINGS]), *empty[:MAX_FINDINGS]])
    sink.omit(len(faults[MAX_FINDINGS:]) + len(errors[_LOCATED:]) + surplus)
    sink.omit(len(empty[MAX_FINDINGS:]))
    return made if not empty else None


def _bounded(value: Plain, model: type[BaseModel]) -> tuple[Plain, int]:
    """The value without most of a flood of unknown keys, each of which would be a fault; how many.

    Nothing that a spec may say is among them, and more faults stay than are ever shown.
    """
    if not isinstance(value, dict) or len(value) <= 2 * _LOCATED:
        return value, 0
    known = set(shape.keys(model))
    strange = [key for key in value if key not in known][_LOCATED:]
    gone = frozenset(strange)
    return {key: item for key, item in value.items() if key not in gone}, len(gone)


_Fault = tuple[ErrorDetails, Place]


def _tagged(error: ErrorDetails, place: Place) -> _Fault:
    """A fault of the key that tells the forms of a section apart becomes one at that key."""
    if not error["type"].startswith("union_tag"):
        return error, place
    key = error["ctx"]["discriminator"].strip("'")
    kind = "literal_error" if error["type"] == "union_tag_invalid" else "missing"
    value = error["input"].get(key) if isinstance(error["input"], dict) else None
    info = next((i for form in shape.members(shape.bare(place.kind)) if shape.is_section(form)
                 and (i := shape.field(form, key)) is not None), None)  # fmt: skip
    tags = [
        choice
        for form in shape.members(shape.bare(place.kind))
        if (i := shape.field(form, key)) is not None
        for choice in shape.choices(i.annotation)
    ]
    made = Place(path=(*place.path, key), info=info, kind=shape.one_of(tags), section=None)
    return {**error, "type": kind, "input": value}, made


@dataclass(slots=True)
class _Binder:
    """Puts the faults of one document into words, with the edits that repair them."""

    document: Document
    root: type[BaseModel]
    around: Surroundings
    renamed: dict[Path, set[str]] = field(default_factory=lambda: defaultdict(set))

    def one_form(self, faults: list[_Fault]) -> list[_Fault]:
        """Where a value may have several forms, only the faults of the one that was meant."""
        meant: dict[Path, Any] = {}
        for _, place in faults:
            if place.union is not None and place.union not in meant:
                value = self.around.at(place.union)
                kind = shape.place_of(self.root, place.union, self.document.value).kind
                meant[place.union] = shape.suited(shape.members(shape.bare(kind)), value)
        return [(error, place) for error, place in faults
                if place.union is None or place.member == meant[place.union]]  # fmt: skip

    def findings(self, faults: Sequence[_Fault]) -> list[Diagnostic]:
        """One finding per fault; a misspelt key is not missing as well, nor a spoilt rate."""
        spoilt = {place.path[2] for _, place in faults if place.path[:2] == _RATES != place.path}
        faults = [(error, place) for error, place in faults
                  if error["type"] != "rate" or error["ctx"]["currency"] not in spoilt]  # fmt: skip
        wrong = [place for error, place in faults
                 if error["type"] not in ("missing", "extra_forbidden", "secret")]  # fmt: skip
        # By path: which misspelt key gets which name may not depend on the order they stand in.
        said = [(self._finding(error, place, wrong), place)
                for error, place in sorted(faults, key=lambda f: tuple(map(str, f[1].path)))
                if error["type"] != "missing"]  # fmt: skip
        for error, place in faults:
            if error["type"] == "missing" and (finding := self._missing(place)) is not None:
                said.append((finding, place))
        return self._without_secrets(said)

    def _finding(self, error: ErrorDetails, place: Place, wrong: Sequence[Place]) -> Diagnostic:
        path, info, kind, origins = place.path, place.info, error["type"], self.document.origins
        if not path:
            return Diagnostic(
                code="HS0203", span=origins.key(),
                message=f"the spec needs a mapping of keys, not {_written(error['input'])}",
                help=f"write the keys {_listed([k for k, _ in shape.required(self.root)])}",
            )  # fmt: skip
        if kind == "extra_forbidden":
            return self._unknown_key(place)
        if place.at_key and kind == "literal_error":
            code, message = "HS0206", (f"`{_clip(str(path[-1]))}` is not a choice for a key of "
                                       f"{_place(path[:-1])}")  # fmt: skip
            help = _closest(str(path[-1]), shape.choices(place.kind))
        else:
            code, message, help = _fault(error, place, plain(example(info, place.kind)))
        edits, certain = self._repair(error, place, wrong)
        span = (
            origins.key(*path) if place.at_key or error["input"] is None else origins.value(*path)
        )
        return Diagnostic(
            code=code, message=message, span=span, help=help, fixes=edits, certain=certain
        )

    def _without_secrets(self, said: Sequence[tuple[Diagnostic, Place]]) -> list[Diagnostic]:
        """The findings, with every value that may be a secret blanked in the text they show."""
        # A misspelt key may hold what the right one must not.
        secret = [
            place.path for finding, place in said
            if finding.code == "HS0211"
            or (finding.code == "HS0201" and _SECRET.search(str(place.path[-1]).lower()))
        ]  # fmt: skip
        sinks = self.around.at(_SINKS)
        for index, one in enumerate(sinks if isinstance(sinks, list) else []):
            keys = one if isinstance(one, dict) else {}
            secret += [
                (*_SINKS, index, key) for key, held in keys.items()
                if key not in _OPEN and not re.fullmatch(REFERENCE_PATTERN, str(held))
            ]  # fmt: skip
        origins = self.document.origins
        spans = [
            whole._replace(line=key.end_line, column=key.end_column + 1) if key != whole else whole
            for path, whole in (origins.extents(secret) if secret else {}).items()
            if (key := origins.key(*path))
        ]
        files = {file: blanked(file, [span for span in spans if span.file == file])
                 for file in {span.file for span in spans}}  # fmt: skip
        return [
            replace(f, span=f.span._replace(file=files.get(f.span.file, f.span.file)))
            if f.span is not None and files else f
            for f, _ in said
        ]  # fmt: skip

    def _repair(self, error: ErrorDetails, place: Place, wrong: Sequence[Place]) -> Fix:
        fixer = Fixer(self.root, self.document, self.around)
        if error["type"] in ("secret", "rate") or place.path[:2] == _RATES:
            return NONE  # nobody guesses what a currency is worth
        if place.at_key and error["type"] == "literal_error":
            return fixer.key(place)
        if place.at_key:
            return fixer.name(place, slug(str(place.path[-1])))
        others = [other for other in wrong if other.path != place.path][:50]
        return fixer.value(place, others)

    def _unknown_key(self, place: Place) -> Diagnostic:
        path, section = place.path, place.path[:-1]
        there = self.around.at(section)
        known = shape.keys(place.section)
        absent = [key for key in known if not isinstance(there, dict) or key not in there]
        absent = [key for key in absent if key not in self.renamed[section]]
        name = str(path[-1])
        near, (edits, certain) = Fixer(self.root, self.document, self.around).unknown_key(
            place, absent
        )
        if near is not None:
            self.renamed[section].add(near)
        help = _did_you_mean(near) if near is not None else _closest(name, known)
        return Diagnostic(
            code="HS0201", message=f"`{_clip(name)}` is not a key of {_place(section)}",
            span=self.document.origins.key(*path), help=help, fixes=edits, certain=certain,
        )  # fmt: skip

    def _missing(self, place: Place) -> Diagnostic | None:
        path, name, fixer = (
            place.path,
            str(place.path[-1]),
            Fixer(self.root, self.document, self.around),
        )
        if name in self.renamed[path[:-1]]:
            return None
        value = fixer.filling(place)
        edits, certain = NONE if value is None else fixer.missing_key(place, value)
        shown = plain(example(place.info, place.kind) if value is None else value)
        return Diagnostic(
            code="HS0202", message=f"{_place(path[:-1])} has no `{name}`",
            span=self.document.origins.key(*path[:-1]), fixes=edits, certain=certain,
            help=f"add `{name}: {shown}`" + _purpose(place.info),
        )  # fmt: skip


def _fault(error: ErrorDetails, place: Place, example: str) -> tuple[str, str, str]:
    """Code, sentence and way out for a value that is present but wrong."""
    path, info = place.path, place.info
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    title, written, purpose = _title(path), _written(value), _purpose(info)
    if value is None and (wanted := _KINDS.get(kind) or context.get("kind")):
        return ("HS0203", f"{title} is empty; it needs {wanted}",
                f"fill it, for example `{example}`{purpose}")  # fmt: skip
    if kind == "secret":
        return _secret_fault(title, context)
    if kind == "rate":
        code = context["currency"]
        return ("HS0411", f"{title} is in {code}, and the spec states no rate of {code}",
                f"add `{code}` under `metadata.rates`, with what one unit of it is worth in USD on "
                "the day of `as_of`; or write the amount in USD")  # fmt: skip
    if kind == "unit":
        return ("HS0204", f"{title} needs {context['kind']}, not {written}",
                f"write it like {context['example']}{purpose}")  # fmt: skip
    if kind == "literal_error":
        choices = shape.choices(place.kind)
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
                f"a hyphen, at most 40 characters{_such_as(slug(str(value)))}")  # fmt: skip
    if kind == "string_pattern_mismatch":
        return ("HS0203", f"{written} is not usable as {title}",
                f"write it like `{example}`{purpose}")  # fmt: skip
    if kind in _KINDS:
        quoted = isinstance(value, str) and kind in ("int_type", "float_type")
        text = "the text " if quoted and re.fullmatch(r"[-+.0-9]{1,40}", value) else ""
        return ("HS0203", f"{title} needs {_KINDS[kind]}, not {text}{written}",
                f"write it like `{example}`{purpose}")  # fmt: skip
    return _range_fault(kind, f"{title} is {written}", title, context, purpose, example)


def _secret_fault(title: str, context: Mapping[str, Any]) -> tuple[str, str, str]:
    if context.get("setting"):
        return ("HS0211", f"{title} holds a secret",
                "settings are emitted as they are written: take it out, let the engine have it by "
                "the environment or a profile, and replace a secret that has been in the file"
                )  # fmt: skip
    if context.get("address"):
        return ("HS0211", f"{title} holds credentials",
                "take them out of the address; what needs a token has a key for its reference, "
                "such as `token: secret://env/NAME`")  # fmt: skip
    return ("HS0211", f"{title} takes only a reference to a secret",
            "write `secret://env/NAME`, `secret://vault/path` or `secret://aws-sm/path`, and "
            "replace a secret that has been in the file")  # fmt: skip


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


def _closest(written: str, choices: list[str]) -> str:
    match = closest(written, choices)
    if match is not None:
        return _did_you_mean(match)
    return f"choose from: {_listed(choices)}"


def _did_you_mean(name: str) -> str:
    return f"did you mean `{name}`?"


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


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _such_as(name: str) -> str:
    return f", such as `{name}`" if name else ""


def _purpose(info: FieldInfo | None) -> str:
    if info is None or not info.description:
        return ""
    text = info.description.rstrip(".")
    return f" ({text[0].lower() + text[1:] if text[1:2].islower() else text})"


def _place(path: Path) -> str:
    return f"`{'.'.join(_clip(str(part)) for part in path)}`" if path else "the spec"


def _clip(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."

"""Which edits repair a fault of shape: tried on the field's own type before they are offered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any, get_origin
from unicodedata import combining, normalize

from pydantic import BaseModel

from hybridspec.base.closest import closest, surely
from hybridspec.base.country_names import country_code
from hybridspec.base.edit import Edits, add_key, put, rename, without
from hybridspec.base.respell import amount, days, decimal, near_quantities, number, quantities
from hybridspec.base.source import Path
from hybridspec.load import shape
from hybridspec.load.context import Surroundings
from hybridspec.load.shape import Place
from hybridspec.load.suggest import example
from hybridspec.load.yaml import Document, Plain

Fix = tuple[Edits, bool]
"""Edits, and whether nothing else can be meant."""
NONE: Fix = ((), False)
_COUNTED = re.compile(
    r"\b(one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half|dozens?|hundreds?"
    r"|thousands?|millions?|infinite|infinity|unlimited|none|no|all|zero)\b", re.IGNORECASE,
)  # fmt: skip
"""Words that are figures."""


@dataclass(frozen=True, slots=True)
class Fixer:
    """Finds the edits for the faults of one document."""

    root: type[BaseModel]
    document: Document
    around: Surroundings

    def unknown_key(self, place: Place, absent: Sequence[str]) -> tuple[str | None, Fix]:
        """The absent key that is meant, and its name written here; else the key taken away."""
        origins, path = self.document.origins, place.path
        name, value = str(path[-1]), self.around.at(path)
        key = origins.key(*path)
        meant = surely(name, absent)
        near = meant or closest(name, absent)
        if near is None and place.section is not None and value not in (None, {}, []):
            fitting = [k for k in absent if self._fits(place, k, value)]
            needed = [k for k, _ in shape.required(place.section) if k in fitting]
            near = next((c[0] for c in (needed, fitting) if len(c) == 1), None)
        if path not in origins.keys or split_number({name: value}):
            return near, NONE
        if near is not None:
            return near, (rename(key, near), meant is not None)
        return None, (without(key, origins.whole(*path), origins.value(*path[:-1])), False)

    def _fits(self, place: Place, key: str, value: Plain) -> bool:
        info = shape.field(place.section, key) if place.section is not None else None
        return info is not None and replace(place, kind=shape.full_type(info)).fits(value)

    def missing_key(self, place: Place, value: object) -> Fix:
        """Add the key, where need be with the section that it belongs to."""
        path = place.path
        parent = self.around.at(path[:-1])
        if parent is None and path[:-1] in self.document.origins.values:
            return put(self.document.origins.value(*path[:-1]), {path[-1]: value}), False
        certain = path[-1] == "apiVersion"
        return add_key(self.document.origins, path[:-1], str(path[-1]), value), certain

    def filling(self, place: Place) -> Any:
        """A value that fits into a gap, or None."""
        for candidate in self.around.candidates(place.path):
            if place.fits(candidate):
                return candidate
        candidate = example(place.info, place.kind)
        if place.fits(candidate):
            return candidate
        default = place.info.default if place.info is not None and place.is_field else None
        return default if isinstance(default, (str, bool, int)) and place.fits(default) else None

    def key(self, place: Place) -> Fix:
        """A key out of a fixed set."""
        path, name = place.path, str(place.path[-1])
        written = self.around.at(path[:-1])
        free = [c for c in shape.choices(place.kind)
                if not isinstance(written, dict) or c not in written]  # fmt: skip
        near = closest(name, free)
        if near is None or path not in self.document.origins.keys:
            return NONE
        return rename(self.document.origins.key(*path), near), surely(name, free) is not None

    def name(self, place: Place, better: str) -> Fix:
        """Spell a name as targets accept it, also where it is used."""
        origins, path = self.document.origins, place.path
        old = str(path[-1]) if place.at_key else self.around.at(path)
        if not better or not isinstance(old, str):
            return NONE
        if not place.at_key:
            return put(origins.whole(*path), better), False
        edits = list(rename(origins.key(*path), better)) if path in origins.keys else []
        for used in self._uses(old, path):
            edits += used
        return tuple(edits), False

    def _uses(self, old: str, definition: Path) -> Iterator[Edits]:
        """Every other key and value that is this very name."""
        origins = self.document.origins
        for path in origins.values:
            if path and path != definition and path[-1] == old and path in origins.keys:
                yield rename(origins.key(*path), slug(old))
            if self.around.at(path) == old:
                yield put(origins.whole(*path), slug(old))

    def value(self, place: Place, others: Sequence[Place]) -> Fix:
        """Write a value that fits: respelt, swapped back, or an example in place of nothing."""
        origins, path = self.document.origins, place.path
        if path not in origins.values and isinstance(self.around.at(path[:-1]), str):
            path = path[:-1]  # a section that was written as its one word
        written = self.around.at(path)
        if path not in origins.values or split_number(self.around.at(path[:-1])):
            return NONE
        for candidate in respelt(written, place):
            if place.fits(candidate):
                return put(origins.whole(*path), candidate), True
        swapped = self._swapped(place, others)
        if swapped:
            return swapped, False
        known = tuple(self.around.candidates(path)) if isinstance(written, dict) else ()
        for candidate in (*self.around.near(path), *known, *guesses(written, place)):
            if place.fits(candidate):
                return put(origins.whole(*path), candidate), False
        filling = self.filling(place)
        if holds_figure(written) and isinstance(filling, dict):
            filling = self._holding(written, filling, place)
        if filling is None or replaces(written, place):
            return NONE
        return put(origins.whole(*path), filling), False

    def _holding(self, written: Plain, section: dict[str, Any], place: Place) -> Any:
        """A section for a figure that stands in its place, if one key of it alone takes that."""
        kind = shape.bare(place.kind)
        fitting = [key for key in section if shape.is_section(kind)
                   and self._fits(replace(place, section=kind), key, written)]  # fmt: skip
        return {**section, fitting[0]: written} if len(fitting) == 1 else None

    def _swapped(self, place: Place, others: Sequence[Place]) -> Edits:
        """Two values, each of which fits where the other stands."""
        origins = self.document.origins
        mine = self.around.at(place.path)
        siblings = self.around.at(place.path[:-1])
        beside = [shape.place_of(self.root, (*place.path[:-1], key), self.document.value)
                  for key in (siblings if isinstance(siblings, dict) else ())
                  if key != place.path[-1]][:50]  # fmt: skip
        for other in (*others, *beside):
            theirs = self.around.at(other.path)
            apart = other.path[: len(place.path)] != place.path and (
                place.path[: len(other.path)] != other.path
            )
            if apart and other.path in origins.values and place.fits(theirs) and other.fits(mine):
                return (*put(origins.whole(*place.path), theirs),
                        *put(origins.whole(*other.path), mine))  # fmt: skip
        return ()


def respelt(value: Plain, place: Place) -> Iterator[Any]:
    """Other spellings of a value that mean just what was written."""
    kind = shape.bare(place.kind)
    if isinstance(value, str):
        text = value.strip()
        yield from quantities(text) if not re.fullmatch(r"[0-9.]+ ?m", text) else ()
        readings = days(text)
        yield from readings if len(readings) == 1 else ()
        yield from _typed(text)
        code = country_code(text)
        if code is not None and code[1]:
            yield code[0]
        yield from (c for c in shape.choices(place.kind) if c.casefold() == text.casefold())
        meant = surely(text, shape.choices(place.kind))
        if meant is not None:
            yield meant
        yield text
        if get_origin(kind) is list and "," in text:
            parts = [part.strip() for part in text.strip("[]").split(",")]
            yield [part for part in parts if part]
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield str(value)
        if isinstance(value, float) and value.is_integer():
            yield int(value)
    if get_origin(kind) is list and value is not None and not isinstance(value, list):
        yield [value]
    if isinstance(value, list) and len(value) == 1:
        yield value[0]


def _typed(text: str) -> Iterator[Any]:
    """What a quoted scalar would be without its quotes."""
    if re.fullmatch(r"[-+]?[0-9]{1,15}", text):
        yield int(text)
    elif re.fullmatch(r"[-+]?[0-9]{0,15}\.[0-9]{1,15}", text):
        yield float(text)
    if re.fullmatch(r"[0-9]{1,3} ?%", text):
        yield int(text.rstrip("% "))
    words = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
    if text.casefold() in words:
        yield words[text.casefold()]


def guesses(value: Plain, place: Place) -> Iterator[Any]:
    """What was perhaps meant, most likely first; a number stays what it is."""
    if isinstance(value, str):
        yield from _texts(value, place)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from _with_unit(value, place)
        yield from _as_share(value, place)
    if isinstance(value, list):
        yield from value if len(value) == 1 else ()
        if all(isinstance(item, str) for item in value):
            yield dict.fromkeys(value, 1)
    if isinstance(value, dict):
        yield list(value)
        yield [value]
        yield from value.values() if len(value) == 1 else ()


def holds_figure(written: Plain) -> bool:
    """Whether what was written is a figure, or has one in it."""
    return isinstance(written, str | int | float) and _says_figure(str(written))


def _says_figure(text: str) -> bool:
    return any(char.isdigit() for char in text) or _COUNTED.search(text) is not None


def replaces(written: Plain, place: Place) -> bool:
    """Whether an example in place of what was written would change what it says.

    A figure says something where figures belong, any word where true or false does, and several
    entries everywhere.
    """
    if isinstance(written, list | dict) and len(written) > 1:
        return True
    kinds = [shape.bare(form) for form in shape.members(shape.bare(place.kind))]
    if bool in kinds:
        return written is not None and not isinstance(written, list | dict)
    figures = any(kind in (int, float, Fraction, date) for kind in kinds)
    return figures and _says_figure(str(written))


def split_number(section: Plain) -> bool:
    """Whether a comma has split a number: what stood behind it is a key without a value."""
    return isinstance(section, dict) and any(
        value is None and str(key)[:1].isdigit() for key, value in section.items()
    )


def _texts(value: str, place: Place) -> Iterator[Any]:
    readings = days(value)
    yield from readings if len(readings) == 1 else ()
    yield from quantities(value)
    yield from near_quantities(value)
    read = amount(value)
    if read is not None and (shown := decimal(read[0])) is not None:
        yield from (f"{shown} {c}" for c in re.findall("^([A-Z]{3})/", read[1]))
    if (figure := number(value)) is not None and (shown := decimal(figure)) is not None:
        yield int(shown) if shown.isdigit() else float(shown)
    near = closest(value, shape.choices(place.kind))
    if near is not None:
        yield near
    code = country_code(value)
    if code is not None:
        yield code[0]
    yield slug(value)


def _with_unit(value: float, place: Place) -> Iterator[str]:
    """The number that was written, in the unit of the key's own example."""
    shown = example(place.info, place.kind)
    unit = re.fullmatch(r"[0-9.]+( ?[A-Za-z/]+)", shown) if isinstance(shown, str) else None
    if unit is not None:
        yield f"{value}{unit[1]}"
    period = re.fullmatch("P[0-9]+([YWD])", shown) if isinstance(shown, str) else None
    if period is not None and isinstance(value, int):
        yield f"P{value}{period[1]}"


def _as_share(value: float, place: Place) -> Iterator[Any]:
    """A share written in percent, or the other way round."""
    if 2 <= value <= 100:
        yield f"{value}%"
    if 0 < value < 1 and place.path[-1:] == ("percent",) and (100 * Fraction(str(value))) % 1 == 0:
        yield int(100 * Fraction(str(value)))


def slug(written: str) -> str:
    """A name as close to `written` as targets accept, or nothing."""
    letters = (c for c in normalize("NFKD", written[:200].lower()) if not combining(c))
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in letters)
    plain = "-".join(part for part in plain.split("-") if part).lstrip("0123456789-")[:40]
    return plain.rstrip("-")

"""Conditions in CEL: the one place that knows the engine, which is the extra `cel`.

The engine has no input but the claim, no loops beyond a budget of its own, and bounded recursion;
what is written is bounded here too: its length, and how many times it walks over lists.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from hybridspec.law.condition import FIELDS, NUMBER, TEXT, TEXTS, TRUTH

if TYPE_CHECKING:
    from collections.abc import Mapping

MISSING = "pip install 'hybridspec[cel]'"
MAX_WALKS = 3
"""Macros that walk over a list; each inside another multiplies the work."""
_WALKS = re.compile(r"\.\s*(all|exists|exists_one|existsOne|map|filter|transform\w*)\s*\(")
_PLACE = re.compile(r"<input>:(\d+):(\d+): ([^\n]+)")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a condition cannot be used: a sentence, and line and column in its text from 1."""

    text: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True, slots=True)
class CelCondition:
    """A condition whose text was compiled once without fault."""

    text: str

    def decide(self, claim: Mapping[str, object]) -> bool | str:
        """Whether it is true of the claim, or why that cannot be decided."""
        try:
            value = _compiled(self.text).eval(data=dict(claim)).plain_value()
        except Exception as fault:  # the engine's own; whatever it is, nothing was decided
            return _brief(str(fault))
        return value if isinstance(value, bool) else _brief(str(value))


def installed() -> bool:
    """Whether the engine can be imported."""
    return find_spec("cel_expr_python") is not None


def compiled(text: str) -> CelCondition | Fault:
    """A condition, or what is wrong with it."""
    walks = len(_WALKS.findall(text))
    if walks > MAX_WALKS:
        return Fault(f"it walks over lists {walks} times, and may {MAX_WALKS} times")
    try:
        made = _compiled(text)
        kind = str(made.return_type().name())
    except Exception as fault:  # one type for all faults, told apart by their words
        return _fault(str(fault))
    if kind != "BOOL":
        return Fault(f"it is {kind.lower()}, not true or false")
    return CelCondition(text)


@lru_cache(maxsize=512)
def _compiled(text: str) -> Any:
    return _environment().compile(text)


@lru_cache(maxsize=1)
def _environment() -> Any:
    from cel_expr_python import cel

    kinds = {TEXT: cel.Type.STRING, TEXTS: cel.Type.List(cel.Type.STRING), NUMBER: cel.Type.INT,
             TRUTH: cel.Type.BOOL}  # fmt: skip
    return cel.NewEnv(variables={name: kinds[kind] for name, (kind, _) in FIELDS.items()})


def _fault(text: str) -> Fault:
    found = _PLACE.search(text)
    if found is None:
        return Fault(_brief(text))
    line, column, words = int(found[1]), int(found[2]), found[3]
    words = words.replace(" (in container '')", "")
    name = re.search(r"undeclared reference to '([^']*)'", words)
    if name is not None:
        words = f"there is no `{name[1]}` in a claim"
    return Fault(_brief(words.partition(" expecting {")[0]), max(1, line), max(1, column))


def _brief(text: str) -> str:
    """One line of the engine's words."""
    text = re.sub(r"^(UNKNOWN|INVALID_ARGUMENT|INTERNAL|CANCELLED): ", "", text.strip())
    text = re.sub(r'No value with name "(\w+)" found in Activation', r"nobody states `\1`", text)
    return (text.splitlines() or [""])[0].removesuffix("]").partition(" [INV")[0][:160]

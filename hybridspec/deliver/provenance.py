"""Which line of the spec asked for a resource: what the program says above the call for it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from threading import Lock
from urllib.parse import unquote, urlsplit

_PARSING = Lock()
_ASKED = re.compile(r"asked for at (.+?:\d+)(?![\w:])")


def origin_of(folder: Path, frames: Iterable[tuple[str, int]]) -> str:
    """The `file:line` that is named nearest to a call, or empty.

    `frames` are the calls that led to the registration, the innermost first, as the engine's
    protocol has them: an address of a file and a line.
    """
    for address, line in frames:
        path = Path(unquote(urlsplit(address).path))
        if path.is_relative_to(folder):
            found = _above(path, line)
            if found:
                return found
    return ""


def _above(path: Path, line: int) -> str:
    """What is asked for where, in the comments above the statements that a line is part of."""
    lines, spans = _source(path)
    for first, last in spans:
        if first <= line <= last:
            said = _comment(lines, first)
            if found := _ASKED.findall(said):
                return str(found[-1])
    return ""


def _source(path: Path) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """The lines of a program, and the first and last of its statements, the innermost first."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return (), ()
    # Registrations come in threads, and CPython 3.11 counts the depth of all their trees together.
    with _PARSING:
        return tuple(text.splitlines()), _spans(text)


@lru_cache(maxsize=64)
def _spans(text: str) -> tuple[tuple[int, int], ...]:
    try:
        tree = ast.parse(text)
    except (ValueError, SyntaxError, RecursionError):
        return ()
    return tuple(sorted(_statements(tree), key=lambda span: span[1] - span[0]))


def _statements(tree: ast.AST) -> Iterator[tuple[int, int]]:
    """Statements that hold no others: a class is not what its comment asks for."""
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            yield node.lineno, node.end_lineno or node.lineno


def _comment(lines: tuple[str, ...], first: int) -> str:
    """The comment right above a line, as one text."""
    said: list[str] = []
    for text in reversed(lines[: first - 1]):
        if not text.lstrip().startswith("#"):
            break
        said.append(text.lstrip().lstrip("#").strip())
    return " ".join(reversed(said))

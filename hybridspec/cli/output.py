"""What the command line prints and how it ends: one document on stdout, the rest on stderr."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hybridspec.base.codes import CODES
from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.source import visible_json

if TYPE_CHECKING:
    from hybridspec.compiler import Options

INVALID, POLICY = 2, 5


def cache_folder() -> Path:
    """Where work is kept between runs: HYBRIDSPEC_CACHE, else the user's cache folder."""
    chosen = os.environ.get("HYBRIDSPEC_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return Path(base) / "hybridspec" if base else Path.home() / ".cache" / "hybridspec"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"hybridspec-{os.getuid()}"


def options(
    stack: str, *, no_waivers: bool = False, plugins: Sequence[str] | None = None
) -> Options:
    """What a run of the compiler needs: the cache, progress on stderr, and the environment."""
    from hybridspec.compiler import Options

    return Options(cache=cache_folder(), progress=say, stack=stack, environment=os.environ,
                   waivers=not no_waivers, plugins=tuple(plugins or ()))  # fmt: skip


def say(message: str) -> None:
    """One line of progress on stderr."""
    sys.stderr.write(f"{message}\n")  # in one piece: several threads may have something to say
    sys.stderr.flush()


def note(text: str) -> None:
    """Text for people beside a document, on stderr."""
    sys.stderr.write(text)


def document(value: Any) -> None:
    """The one JSON document of a run."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    sys.stdout.write(f"{visible_json(text)}\n")


def close() -> None:
    """Give up a stdout that takes no more, so that nothing is left to fail at the very end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def findings(found: Sequence[Diagnostic], format: str) -> None:
    """Findings in the wanted format: on stderr for people, on stdout for machines."""
    from hybridspec.report.diagnostics import render

    if format in ("human", "concise"):
        colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        sys.stderr.write(render(found, format, colour=colour, width=_width()))
        return
    pages = None
    if format == "sarif":
        from hybridspec.cli.explain_code import code_page

        pages = {finding.code: code_page(finding.code) for finding in found}
    sys.stdout.write(render(found, format, pages=pages))


def _width() -> int:
    """Columns for findings: those of the terminal or of COLUMNS; 0 where a program may read."""
    from hybridspec.report.width import columns

    seen = shutil.get_terminal_size().columns if sys.stderr.isatty() else 0
    return columns(os.environ, seen)


def exit_code(found: Sequence[Diagnostic]) -> int:
    """5 if only policy is broken, 2 if the spec itself is, 0 without errors."""
    errors = [f for f in found if f.severity is Severity.ERROR]
    if not errors:
        return 0
    return POLICY if all(CODES[f.code].policy for f in errors) else INVALID


def summary(found: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`."""
    parts = []
    for severity in (Severity.ERROR, Severity.WARNING):
        count = sum(f.severity is severity for f in found)
        if count:
            parts.append(f"{count} {severity}{'s' if count > 1 else ''}")
    return ", ".join(parts)

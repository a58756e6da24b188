"""What plugins find in a placement: they add findings, and an exception is one too."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any

from hybridspec.base.diagnostic import About, Diagnostic, Severity
from hybridspec.base.source import Span
from hybridspec.ir.governance import Plugin

MOST = 200
"""Findings of one plugin that are taken; a rule that finds more says the same thing again."""
_LONGEST = 400

Locate = Callable[[str], Span | None]


def ask(
    plugins: Sequence[Plugin], document: Mapping[str, Any], locate: Locate
) -> Iterator[Diagnostic]:
    """The findings of every plugin; `locate` gives the place of a path of the spec."""
    seen = read_only(document) if plugins else None
    for plugin in plugins:
        try:
            with contextlib.redirect_stdout(sys.stderr):
                found = list(islice(iter(plugin.rule(seen)), MOST + 1))
            said = [_finding(plugin, one, locate) for one in found[:MOST]]
        except (Exception, SystemExit) as fault:  # a stranger's code may raise anything
            yield Diagnostic(
                code="HS0352", span=plugin.origin,
                message=f"plugin `{plugin.name}` failed ({type(fault).__name__}), so that what it "
                "judges is unknown", help="repair it, or stop using it",
            )  # fmt: skip
            continue
        yield from said
        if len(found) > MOST:
            yield Diagnostic(
                code="HS0352", span=plugin.origin,
                message=f"plugin `{plugin.name}` finds more than {MOST} faults; the rest is not "
                "shown", help="repair those that are shown, then run again",
            )  # fmt: skip


def read_only(value: Any) -> Any:
    """The same plain data, which nothing can change."""
    if isinstance(value, Mapping):
        return MappingProxyType({key: read_only(one) for key, one in value.items()})
    if isinstance(value, list | tuple):
        return tuple(map(read_only, value))
    return value


def _finding(plugin: Plugin, said: object, locate: Locate) -> Diagnostic:
    """One finding, from a mapping of `message`, and maybe `path`, `help`, `severity` and `rule`.

    Raises:
        TypeError: it is something else; a finding that nobody can read is no finding.
    """
    if not isinstance(said, Mapping) or not said.get("message"):
        raise TypeError("a finding is a mapping with a message")
    unknown = set(said) - {"message", "path", "help", "severity", "rule"}
    if unknown or not all(isinstance(value, str) for value in said.values()):
        raise TypeError("a finding has only texts: message, path, help, severity and rule")
    severity = said.get("severity", "error")
    if severity not in ("error", "warning"):
        raise TypeError("a severity is `error` or `warning`")
    rule = f"plugin:{plugin.name}" + (f".{said['rule']}" if said.get("rule") else "")
    return Diagnostic(
        code="HS0353" if severity == "error" else "HS0354", severity=Severity(severity),
        message=f"{said['message'][:_LONGEST]} ({rule[:100]})",
        span=(locate(said["path"]) if said.get("path") else None) or plugin.origin,
        help=said.get("help", "")[:_LONGEST] or f"ask whoever maintains plugin `{plugin.name}`",
        about=About(rule=rule[:100]),
    )  # fmt: skip

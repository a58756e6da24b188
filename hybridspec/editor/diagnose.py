"""The compiler's findings on what the editor holds, by file, with the ways to repair them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as File

from hybridspec.base.diagnostic import Diagnostic, Edit, SpecInvalid
from hybridspec.base.errors import HybridspecError
from hybridspec.base.source import Span
from hybridspec.compiler import Options, validate_file
from hybridspec.editor.outline import outline
from hybridspec.editor.scope import scope
from hybridspec.load.compose import LOCAL
from hybridspec.load.file import SPEC_NAME, unsaved

_ABOVE = 5
"""How many folders above a file its spec is looked for."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Findings by the file they are shown in; `fault` is a sentence where nothing could be run."""

    findings: Mapping[File, tuple[Diagnostic, ...]]
    fault: str = ""


def diagnose(root: File, held: Mapping[File, str], cache: File) -> Diagnosis:
    """Validate the spec at `root`, once more with each open overlay; `held` stands for files."""
    found: dict[tuple[object, ...], Diagnostic] = {}
    fault = ""
    texts = {path: text.encode("utf-8", "replace") for path, text in held.items()}
    with unsaved(texts):
        for stack in (LOCAL, *_overlays(root, held)):
            try:
                findings = validate_file(root, _options(cache, stack)).findings
            except SpecInvalid as invalid:
                findings = invalid.findings
            except HybridspecError as failure:
                findings, fault = (), f"{failure.message}; {failure.help}"
            found |= {(*finding.sort_key, finding.severity): finding for finding in findings}
    by_file: dict[File, list[Diagnostic]] = {}
    for finding in found.values():
        by_file.setdefault(file_of(finding.span, root), []).append(finding)
    return Diagnosis({path: tuple(listed) for path, listed in by_file.items()}, fault)


def _options(cache: File, stack: str) -> Options:
    return Options(cache=cache, stack=stack, environment=os.environ)


def _overlays(root: File, held: Mapping[File, str]) -> list[str]:
    """The stacks whose overlay is open."""
    head, tail = f"{root.stem}.", root.suffix
    names = [path.name for path in held if path.parent == root.parent]
    parts = [name.removeprefix(head).removesuffix(tail) for name in names
             if name.startswith(head) and name.endswith(tail) and name != root.name]  # fmt: skip
    return sorted(part for part in parts if "." not in part)


def file_of(span: Span | None, root: File) -> File:
    """The file that a span lies in; the spec's own where a finding has no place."""
    if span is None:
        return root
    name = span.file.name
    return root if name == root.name else (root.parent / name).resolve()


def fixes(finding: Diagnostic, root: File, held: Mapping[File, str]) -> dict[File, list[Edit]]:
    """The edits that carry out a finding's help; none if a text has changed since."""
    found: dict[File, list[Edit]] = {}
    for edit in finding.fixes:
        path = file_of(edit.span, root)
        if path in held and held[path] != edit.span.file.text:
            return {}
        found.setdefault(path, []).append(edit)
    return found


def root_of(path: File, text: str, held: Mapping[File, str]) -> File | None:
    """The spec that a file is part of: itself, the one beside an overlay, or one that names it."""
    if path.name == SPEC_NAME:
        return path
    head, _, tail = SPEC_NAME.rpartition(".")
    beside = path.with_name(SPEC_NAME)
    if path.name.startswith(f"{head}.") and path.name.endswith(tail) and _there(beside, held):
        return beside
    for folder in list(path.parents)[:_ABOVE]:
        above = folder / SPEC_NAME
        if above in held or above.is_file():
            return above if _names(above, path, held) else None
    if path.suffix in (".yaml", ".yml") and outline(text).get("apiVersion") is not None:
        return path
    return None


def _there(path: File, held: Mapping[File, str]) -> bool:
    return path in held or path.is_file()


def _names(root: File, path: File, held: Mapping[File, str]) -> bool:
    """Whether a spec includes a file or reads sites from it."""
    made = scope(root, held)
    return path in made.texts or path in made.tables

"""Repairs a spec by the edits of its findings: in memory first, shown as a diff, then written."""

from __future__ import annotations

import codecs
import difflib
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.edit import Edits, apply
from hybridspec.base.errors import UsageError
from hybridspec.base.source import offset, printable
from hybridspec.load.file import MAX_SPEC, inside, read_bounded, unsaved

_ROUNDS = 12
_CONTEXT = 3
_COMPARED = 3_000
"""Lines that are compared one by one; where more differ, all of them are shown as replaced."""

Check = Callable[[], tuple[Diagnostic, ...]]


@dataclass(slots=True)
class Repair:
    """What the edits make of a spec: files before and after, and what is left to say."""

    findings: tuple[Diagnostic, ...] = ()
    made: int = 0
    before: dict[Path, bytes] = field(default_factory=dict)
    after: dict[Path, bytes] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)

    def diff(self, folder: Path) -> str:
        """Every change as one unified diff; what may be a secret is not shown."""
        parts = [_diff(path.relative_to(folder).as_posix(), old.decode(), self.after[path].decode())
                 for path, old in sorted(self.before.items())]  # fmt: skip
        text = "".join(parts)
        for secret in sorted(self.secrets, key=len, reverse=True):
            text = text.replace(secret, "*" * len(secret))
        return text


def repair(
    folder: Path, check: Check, *, everything: bool, held: Mapping[Path, bytes] | None = None
) -> Repair:
    """Apply edits until none is left: certain ones, or with `everything` the guesses too.

    `check` says the findings of the spec as it reads at that moment; `held` are files (resolved
    paths) that read otherwise than on the disk. Nothing is written.
    """
    root, done = folder.resolve(), Repair(before=dict(held or {}), after=dict(held or {}))
    seen: set[tuple[tuple[Path, bytes], ...]] = set()
    for _ in range(_ROUNDS):
        with unsaved(done.after):
            done.findings = check()
        done.secrets |= _secrets(done.findings, done.after, root)
        state = tuple(sorted(done.after.items()))
        made = 0
        if state not in seen:
            seen.add(state)
            made = _round(done, root, everything=everything)
        if not made:
            break
        done.made += made
    return done


def _round(done: Repair, root: Path, *, everything: bool) -> int:
    """One pass over the findings of one state of the files."""
    groups: dict[Path, list[Edits]] = {}
    for finding in done.findings:
        wanted = finding.certain or (everything and finding.severity is Severity.ERROR)
        if finding.fixes and wanted and (path := _file(finding.fixes, root)) is not None:
            groups.setdefault(path, []).append(finding.fixes)
    total = 0
    for path, changes in groups.items():
        data = done.after.get(path) or read_bounded(path, MAX_SPEC)
        if isinstance(data, str):
            continue
        mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
        text = data.removeprefix(mark).decode()
        new, made = apply(text, changes)
        if "\r\n" in text:
            new = re.sub("(?<!\r)\n", "\r\n", new)
        if new != text:
            done.before.setdefault(path, data)
            done.after[path] = mark + new.encode()
            total += made
    return total


def _file(edits: Edits, root: Path) -> Path | None:
    """The one file that the edits change, if it is the user's and lies in the spec's folder."""
    names = {edit.span.file.name for edit in edits}
    if len(names) != 1:
        return None
    path = inside(root, names.pop())
    # Edits are written for YAML; a table of sites is none.
    return None if isinstance(path, str) or path.suffix.lower() == ".csv" else path


def _secrets(found: Sequence[Diagnostic], held: dict[Path, bytes], root: Path) -> set[str]:
    """The text of values that a finding takes for a secret."""
    texts = set()
    for finding in found:
        span = finding.span
        if finding.code != "HS0211" or span is None:
            continue
        path = inside(root, span.file.name)
        data = path if isinstance(path, str) else held.get(path) or read_bounded(path, MAX_SPEC)
        if isinstance(data, bytes):
            text = data.removeprefix(codecs.BOM_UTF8).decode()
            start = offset(text, span.line, span.column)
            texts.add(text[start : offset(text, span.end_line, span.end_column)])
    return {text for text in texts if text.strip()}


def save(done: Repair) -> None:
    """Write the files, each wholly or not at all.

    Raises:
        UsageError: somebody else has changed a file since it was read.
    """
    from hybridspec.deliver.durable import write_durably

    for path, old in done.before.items():
        if read_bounded(path, MAX_SPEC) != old:
            raise UsageError(f"{path} has changed while it was being repaired",
                             help="run the command again")  # fmt: skip
    for path, new in done.after.items():
        write_durably(path, new, stat.S_IMODE(path.stat().st_mode))


def _diff(name: str, old: str, new: str) -> str:
    """A unified diff; lines that agree at both ends are cut off before anything is compared."""
    before, after = old.splitlines(), new.splitlines()
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    first, keep = max(0, start - _CONTEXT), max(0, end - _CONTEXT)
    left, right = before[first : len(before) - keep], after[first : len(after) - keep]
    if max(len(left), len(right)) > _COMPARED:
        lines = [f"@@ -1,{len(left)} +1,{len(right)} @@",
                 *(f"-{line}" for line in left), *(f"+{line}" for line in right)]  # fmt: skip
    else:
        lines = list(difflib.unified_diff(left, right, n=_CONTEXT, lineterm=""))[2:]
    shifted = [_moved(line, first) for line in lines]
    return "\n".join([f"--- a/{name}", f"+++ b/{name}", *map(_shown, shifted)]) + "\n"


def _shown(line: str) -> str:
    return printable(line, keep="\t")


def _moved(line: str, by: int) -> str:
    """A hunk's head with its line numbers counted from the beginning of the file."""
    if not line.startswith("@@"):
        return line
    return re.sub(r"([-+])(\d+)", lambda m: f"{m[1]}{int(m[2]) + by}", line, count=2)

"""Expected findings as comments on the lines of a spec.

    line        = YAML, { "  # ", expectation } ;
    expectation = ( "error" | "warning" | "note" ), ": ", code, ' "', part of the message, '"' ;

A quote or a backslash inside the part is escaped by a backslash. The comments are cut off before
the spec is read, so they cannot change what it means.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic

FOLDER = Path(__file__).parent
_ONE = re.compile(r'\s+# (error|warning|note): (HS\d{4}) "((?:[^"\\]|\\.)*)"')
_ALL = re.compile(rf"(?:{_ONE.pattern})+\s*$")


@dataclass(frozen=True, slots=True)
class Expectation:
    """One comment: a finding of this kind, on this line, whose message holds `part`."""

    line: int
    severity: str
    code: str
    part: str

    def fits(self, found: Diagnostic) -> bool:
        place = found.span.line if found.span else 0
        return (self.line, self.severity, self.code) == (
            place, found.severity, found.code
        ) and self.part in found.message  # fmt: skip

    @property
    def comment(self) -> str:
        part = self.part.replace("\\", "\\\\").replace('"', '\\"')
        return f'  # {self.severity}: {self.code} "{part}"'


def split(text: str) -> tuple[str, list[Expectation]]:
    """A fixture without its expectations, and these."""
    lines, expected = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        match = _ALL.search(line)
        comments = match[0] if match else ""
        bare = line[: match.start()] if match else line
        assert not re.search(r"#\s*(error|warning|note)\b", bare), f"line {number}: unread comment"
        lines.append(bare)
        expected += [
            Expectation(number, severity, code, re.sub(r"\\(.)", r"\1", part))
            for severity, code, part in _ONE.findall(comments)
        ]
    return "\n".join(lines), expected


def rewritten(bare: str, expected: list[Expectation], found: tuple[Diagnostic, ...]) -> str:
    """The fixture with one comment per finding."""
    lines = bare.split("\n")
    for finding in found:
        assert finding.span is not None, f"no comment can expect {finding}"
        line = finding.span.line
        kept = [e for e in expected if e.fits(finding)]
        whole = Expectation(line, finding.severity, finding.code, finding.message)
        lines[line - 1] += (kept[0] if kept else whole).comment
    return "\n".join(lines)


def bare(fixture: str) -> str:
    """The text of a fixture of this folder without its expectations."""
    return split((FOLDER / f"{fixture}.yaml").read_text(encoding="utf-8"))[0]

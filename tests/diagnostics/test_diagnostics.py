"""Every fixture of this folder: a whole spec whose findings stand as comments on their lines.

    line        = YAML, { "  # ", expectation } ;
    expectation = ( "error" | "warning" | "note" ), ": ", code, ' "', part of the message, '"' ;

A quote or a backslash inside the part is escaped by a backslash. The comments are cut off before
the spec is read, so they cannot change what it means. `make golden` rewrites them: it keeps a
part that still fits, and writes the whole message where none does. Fixtures may name the files
that `small_models.write_models` makes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from diagnostics.small_models import write_models

from hybridspec.base.diagnostic import Diagnostic, SpecInvalid
from hybridspec.base.source import Span, excerpt
from hybridspec.compiler import Options, validate_file

FIXTURES = sorted(Path(__file__).parent.glob("*.yaml"))
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


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where specs are put, beside the models that they name."""
    made = tmp_path_factory.mktemp("diagnostics")
    write_models(made / "model")
    return made


def findings(path: Path, cache: Path) -> tuple[Diagnostic, ...]:
    """What load, resolve, check and place say about a spec."""
    try:
        return validate_file(path, Options(cache=cache)).findings
    except SpecInvalid as invalid:
        return invalid.findings


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.stem)
def test_diagnostics(fixture: Path, folder: Path, cache: Path, *, update: bool) -> None:
    bare, expected = split(fixture.read_text(encoding="utf-8"))
    spec = folder / fixture.name
    spec.write_text(bare, encoding="utf-8")
    found = findings(spec, cache)
    for finding in found:
        assert finding.help.strip(), f"{finding.code} says no way out"
        for span in _places(finding):
            _check_place(span)
    if update:
        fixture.write_text(rewritten(bare, expected, found), encoding="utf-8")
        return
    unmet, unexpected = _compare(expected, found)
    assert not unmet + unexpected, "\n".join([
        f"{fixture.name}: `make golden` accepts what is found; read the diff",
        *(f"  line {e.line}: nobody found{e.comment}" for e in unmet),
        *(f"  {f.span.ref if f.span else ''}: found {f.severity}: {f.code} {f.message}"
          for f in unexpected),
    ])  # fmt: skip


def _compare(
    expected: list[Expectation], found: tuple[Diagnostic, ...]
) -> tuple[list[Expectation], list[Diagnostic]]:
    """What was expected and not found, and the other way round; longer parts choose first."""
    left, unmet = list(found), []
    for expectation in sorted(expected, key=lambda e: -len(e.part)):
        match = next((f for f in left if expectation.fits(f)), None)
        if match is None:
            unmet.append(expectation)
        else:
            left.remove(match)
    return unmet, left


def _places(finding: Diagnostic) -> Iterator[Span]:
    if finding.span is not None:
        yield finding.span
    yield from (note.span for note in finding.notes)


def _check_place(span: Span) -> None:
    line = span.file.line(span.line)
    assert 1 <= span.column <= len(line), f"{span.shown} is not inside `{line}`"
    text, carets = excerpt(span)
    assert carets.endswith("^")
    assert len(carets) <= len(text)


def test_a_clean_fixture_stands_beside_them() -> None:
    clean = [f for f in FIXTURES if f.stem.startswith("clean")]
    assert clean
    for fixture in clean:
        assert split(fixture.read_text(encoding="utf-8"))[1] == []


def test_only_a_clean_fixture_expects_nothing() -> None:
    silent = {f.stem for f in FIXTURES if not split(f.read_text(encoding="utf-8"))[1]}
    assert all(stem.startswith("clean") for stem in silent), silent


def test_an_update_keeps_parts_that_fit_and_replaces_those_that_do_not() -> None:
    text = "\n".join([
        'a: 1  # error: HS0203 "needs \\"text\\""  # warning: HS0307 "gone"', "b: 2", ""
    ])  # fmt: skip
    bare, expected = split(text)
    assert bare == "a: 1\nb: 2\n"
    assert [e.part for e in expected] == ['needs "text"', "gone"]
    assert rewritten(bare, expected, ()) == bare
    assert "".join(e.comment for e in expected) in text

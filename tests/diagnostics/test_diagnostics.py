"""Every fixture of this folder: a whole spec whose findings stand as comments on their lines.

`expectations` defines the comments. `make golden` rewrites them: it keeps a part that still fits,
and writes the whole message where none does. Fixtures may name the files that
`small_models.write_models` makes, `legal/k.md` and `legal/scc.pdf`, and public keys in `keys/`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from diagnostics.expectations import FOLDER, Expectation, rewritten, split
from diagnostics.small_models import write_models

from hybridspec.base.diagnostic import Diagnostic, SpecInvalid
from hybridspec.base.source import SourceFile, Span, excerpt
from hybridspec.compiler import Options, validate_file

KEYS = ("anna", "ben", "carol", "dora", "snap", "time", "release", "model", "attest", "ben-copy")
FIXTURES = sorted(FOLDER.glob("*.yaml"))


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where specs are put, beside the models that they name."""
    made = tmp_path_factory.mktemp("diagnostics")
    write_models(made / "model")
    (made / "legal").mkdir()
    for name in ("k.md", "scc.pdf"):
        (made / "legal" / name).write_text("signed\n", encoding="utf-8")
    (made / "keys").mkdir()
    for name in KEYS:
        (made / "keys" / f"{name}.pem").write_text(f"{name.split('-')[0]}\n", encoding="utf-8")
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
    file = SourceFile(shown="s.yaml", name="s.yaml", text=bare)
    first, second = (
        Span(file=file, line=line, column=1, end_line=line, end_column=2) for line in (1, 2)
    )
    found = (
        Diagnostic(code="HS0203", message='`a` needs "text", not `1`', span=first, help="!"),
        Diagnostic(code="HS0201", message="a \\ and more", span=second, help="!"),
    )
    assert rewritten(bare, expected, found) == "\n".join([
        'a: 1  # error: HS0203 "needs \\"text\\""', 'b: 2  # error: HS0201 "a \\\\ and more"', ""
    ])  # fmt: skip


@pytest.mark.parametrize("comment", ["# error HS0203", "# error: HS203 'x'", "#error: HS0203 x"])
def test_a_comment_that_is_nearly_an_expectation_is_not_overlooked(comment: str) -> None:
    with pytest.raises(AssertionError, match="unread comment"):
        split(f"a: 1  {comment}\n")

"""The table of codes: each is raised, has a test, and can be explained."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from conftest import ROOT
from diagnostics.expectations import FOLDER, split

from hybridspec.base.codes import CODES
from hybridspec.cli.app import run
from hybridspec.cli.explain_code import code_page

HOSTILE = "diagnostics/test_hostile_text.py"
FILES = "diagnostics/test_several_files.py"
PLUGINS = "cli/test_plugins.py"
LATER = "diagnostics/test_later_stages.py"
ELSEWHERE = {
    "HS0101": HOSTILE,
    "HS0102": HOSTILE,
    "HS0105": HOSTILE,
    "HS0106": HOSTILE,
    "HS0108": "unit/base/test_diagnostic.py",
    "HS0111": FILES,
    "HS0112": FILES,
    "HS0116": FILES,
    "HS0117": FILES,
    "HS0118": FILES,
    "HS0352": PLUGINS,
    "HS0353": PLUGINS,
    "HS0354": PLUGINS,
    "HS0501": "unit/emit/test_hosted_stages.py",
    "HS0502": "emitted/test_tripwire.py",
    "HS0503": "emitted/test_tripwire.py",
    "HS0601": LATER,
    "HS0602": LATER,
    "HS0603": LATER,
    "HS0701": "cli/test_bundle.py",
}
"""Codes that no comment in a fixture can expect, and the tests that do."""


def fixture(code: str) -> Path:
    return FOLDER / f"{CODES[code].offence.replace('-', '_')}.yaml"


def expected(path: Path) -> set[str]:
    """The codes that a fixture expects."""
    return {e.code for e in split(path.read_text(encoding="utf-8"))[1]}


@pytest.mark.parametrize("code", [code for code in CODES if code not in ELSEWHERE])
def test_each_code_has_a_fixture_of_its_name(code: str) -> None:
    assert fixture(code).exists(), f"add {fixture(code).name}, then run `make golden`"
    assert code in expected(fixture(code))


@pytest.mark.parametrize("code", ELSEWHERE)
def test_a_code_without_a_fixture_is_tested_elsewhere(code: str) -> None:
    assert not fixture(code).exists(), f"take {code} out of the table of exceptions"
    assert f'"{code}"' in (ROOT / "tests" / ELSEWHERE[code]).read_text(encoding="utf-8")


def test_each_fixture_is_named_for_an_offence_that_it_shows() -> None:
    for path in FOLDER.glob("*.yaml"):
        offences = {CODES[code].offence.replace("-", "_") for code in expected(path)}
        assert path.stem.startswith(tuple(offences) or "clean"), path.name


def test_each_code_is_raised_somewhere() -> None:
    sources = [p for p in (ROOT / "hybridspec").rglob("*.py") if p.name != "codes.py"]
    raised = {c for p in sources for c in re.findall(r'"(HS\d{4})"', p.read_text(encoding="utf-8"))}
    assert raised == set(CODES)


def test_numbers_rise_and_offences_are_unique() -> None:
    assert list(CODES) == sorted(CODES)
    offences = [code.offence for code in CODES.values()]
    assert len(set(offences)) == len(offences)
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", offence) for offence in offences)


@pytest.mark.parametrize("code", CODES)
def test_each_code_can_be_explained(code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", code]) == 0
    assert capsys.readouterr().out.startswith(f"{code} {CODES[code].offence}: {CODES[code].title}.")


@pytest.mark.parametrize("code", CODES)
def test_each_code_explains_what_why_and_how(code: str) -> None:
    page = code_page(code)
    for part in ("What it flags: ", "Why: ", "Example: ", "Fix: "):
        assert part in page, f"{code}: a rule's docstring, or a section in cli/code_pages.md"


def test_rules_lists_every_code_for_people_and_machines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["rules"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(CODES)
    assert run(["rules", "--format", "json"]) == 0
    rules = json.loads(capsys.readouterr().out)["rules"]
    assert [rule["code"] for rule in rules] == list(CODES)
    assert {rule["exitCode"] for rule in rules if rule["policy"]} == {5}


def test_a_code_is_explained_to_machines_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "HS0204", "--format", "json"]) == 0
    assert "What it flags: " in json.loads(capsys.readouterr().out)["text"]


def test_what_is_no_code_cannot_be_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "HS9999"]) == 2
    assert "there is no code HS9999" in capsys.readouterr().err

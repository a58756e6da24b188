"""docs/ota.md says what the code and its tests say: steps, attacks, reasons and names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conformance.attacks import ATTACKS
from conftest import ROOT

from hybridspec.agent.update import TRIES
from hybridspec.agent.verify import RESERVE
from hybridspec.bundle import keys, offers, repository

TEXT = (ROOT / "docs" / "ota.md").read_text(encoding="utf-8")
AGENT = ROOT / "hybridspec" / "agent"


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_steps_have_the_numbers_and_places_that_the_code_gives_them() -> None:
    items = re.findall(r"^(\d+)\. \*\*[^*]+\.\*\*(.*?)(?=^\d+\. |\Z|\n\n)",
                       section("What a device checks"), re.M | re.S)  # fmt: skip
    written = {int(number): re.findall(r"`(hybridspec/[^`]+)`", text) for number, text in items}
    coded: dict[int, list[str]] = {}
    for path in sorted(AGENT.glob("*.py")):
        for number in re.findall(r"^\s*# \((\d+)\) [A-Z]", path.read_text(encoding="utf-8"), re.M):
            coded.setdefault(int(number), []).append(f"hybridspec/agent/{path.name}")
    assert sorted(written) == list(range(1, len(written) + 1))
    assert written == coded


@pytest.mark.parametrize(("path", "spoken"), [
    ("verify.py", {"3", "4", "5", "6", "7", "9"}), ("slots.py", {"8"}),
])  # fmt: skip
def test_docstrings_speak_of_the_same_steps(path: str, spoken: set[str]) -> None:
    text = (AGENT / path).read_text(encoding="utf-8")
    found: set[str] = set()
    for first, last in re.findall(r"Steps? (\d+)(?: to (\d+))?", text):
        found |= {str(n) for n in range(int(first), int(last or first) + 1)}
    assert found == spoken == set(re.findall(r"# \((\d+)\)", text))


def test_every_attack_is_listed_with_the_reason_that_its_test_expects() -> None:
    rows = re.findall(r"^\| ([^|]+) \| (\d+) \| ([^|]+) \|$", section("Attacks"), re.M)
    steps = len(re.findall(r"^\d+\. ", section("What a device checks"), re.M))
    assert [name for name, _, _ in rows] == list(ATTACKS)
    for name, step, reasons in rows:
        assert reasons == ATTACKS[name][1].replace("|", " or ")
        assert 1 <= int(step) <= steps


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[^`:]+)(?:::(\w+))?`", TEXT)
    assert named
    for path, name in named:
        text = (ROOT / path).read_text(encoding="utf-8")
        assert not name or f"def {name}(" in text, name


def test_numbers_are_those_of_the_code() -> None:
    assert RESERVE == 16 * 2**20
    assert "a reserve of 16 MiB" in TEXT
    assert TRIES == 3
    assert "three times at most" in TEXT
    assert (keys.ROOT_THRESHOLD, len(keys.ROOTS)) == (2, 3)
    assert "| root | 2 of 3 | 365 d," in TEXT
    for field, role in (("targets", "targets"), ("delegated", r"class-\<class\>")):
        days = repository.Validity.__dataclass_fields__[field].default.days
        assert f"| {role} | 1 | {days} d," in TEXT


def test_the_block_is_listed_key_by_key() -> None:
    text = Path(offers.__file__).read_text(encoding="utf-8")
    block = text.partition("CUSTOM: {")[2].partition("}")[0]
    for key in re.findall(r'^\s+"(\w+)":', block, re.M):
        assert f"`{key}`" in section("Channel"), key


def test_it_stays_short() -> None:
    assert len(TEXT.splitlines()) <= 210

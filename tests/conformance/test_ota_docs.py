"""docs/ota.md says what the code and its tests say: steps, attacks, reasons and names."""

from __future__ import annotations

import re
from pathlib import Path

from conformance.attacks import ATTACKS
from conftest import ROOT

from hybridspec.agent.update import TRIES
from hybridspec.agent.verify import RESERVE, STEPS
from hybridspec.bundle import keys, offers, repository

TEXT = (ROOT / "docs" / "ota.md").read_text(encoding="utf-8")
OUTSIDE = {"slot-damaged", "root-unreadable"}
"""Reasons that are about the device or its set-up, not about a release."""
AGENT = ROOT / "hybridspec" / "agent"


def section(title: str) -> str:
    """The text below a heading, up to the next one."""
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_the_steps_are_those_of_the_code_with_their_reasons() -> None:
    items = re.findall(r"^(\d+)\. \*\*(\w+)\.\*\*(.*?)(?=^\d+\. |\Z|\n\n)",
                       section("What a device checks"), re.M | re.S)  # fmt: skip
    for (number, name, text), step in zip(items, STEPS, strict=True):
        assert (int(number), name) == (step.number, step.name)
        assert set(re.findall(r"`([a-z]+(?:-[a-z]+)*)`", text)) == set(step.reasons), name


def test_no_two_steps_give_the_same_reason() -> None:
    reasons = [reason for step in STEPS for reason in step.reasons]
    assert len(set(reasons)) == len(reasons)


def test_every_reason_that_the_agent_gives_is_a_step_s() -> None:
    """Read from the source, so that no refusal can be added without its place in the order."""
    known = {reason for step in STEPS for reason in step.reasons} | OUTSIDE
    for path in AGENT.glob("*.py"):
        text = path.read_text(encoding="utf-8")
        given = re.findall(r'(?:Refused|Unhealthy|Unreachable)\(\s*f?"([^"]+)"', text)
        for reason in given:
            stem = reason.replace("{subject}", "metadata")
            assert stem in known, f"{path.name}: {reason}"


def test_every_attack_is_listed_with_the_reason_that_its_test_expects() -> None:
    assert table() in section("Attacks")


def table() -> str:
    """The table of attacks, as the tests have it; run this module to see it."""
    step_of = {reason: step.number for step in STEPS for reason in step.reasons}
    rows = ["| attack | step | reason |", "| --- | --- | --- |"]
    for name, (_, reason, _) in ATTACKS.items():
        steps = {step_of[one] for one in reason.split("|")}
        assert len(steps) == 1, name
        rows.append(f"| {name} | {steps.pop()} | {reason.replace('|', ' or ')} |")
    return "\n".join(rows) + "\n"


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
    """Its tables are as long as what they list."""
    assert len([line for line in TEXT.splitlines() if not line.startswith("|")]) <= 235


if __name__ == "__main__":
    print(table(), end="")

"""Plans and fleets in a terminal: the user's text is neither markup nor a control sequence."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console
from unit.report.hostile import MARKUP, WORD, spoilt

from hybridspec.report import terminal

WIDE = 400_000


def shown(show: str, *values: Any, width: int = WIDE, colour: bool = True) -> str:
    """What a function of the module prints to a terminal."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=colour, width=width, highlight=False, no_color=True)
    getattr(terminal, show)(console, *values)
    return out.getvalue()


@pytest.mark.parametrize("text", MARKUP)
def test_hostile_text_is_text(text: str, report: dict[str, Any]) -> None:
    document = spoilt(report, text)
    device = {"name": text, "deviceClass": text, "state": "EMPTY", "release": text, "p95": text,
              "releaseCounter": 1, "alive": False, "reason": text}  # fmt: skip
    seen = "".join(c if c.isprintable() else "\ufffd" for c in text.splitlines()[0])
    for made in (
        shown("plan", document),
        *(shown("explain", placement) for placement in document["placements"]),
        shown("fleet", [device]),
    ):
        bare = re.sub(r"\x1b\[[0-3]m", "", made)  # bold, dim and italic are this program's own
        assert all(c.isprintable() or c == "\n" for c in bare)
        assert seen in bare


def test_a_plan_shows_every_decision_and_the_proof(report: dict[str, Any]) -> None:
    made = shown("plan", report, colour=False)
    for placement in report["placements"]:
        assert f"{placement['site']} ({placement['country']})" in made
        assert placement["cost"] in made
    assert f"Cost {report['cost']['total']}" in made
    parts = [part["amount"] for part in report["cost"]["parts"]]
    assert all(amount in made for amount in parts)
    assert sum(map(_cents, parts)) == _cents(report["cost"]["total"])
    assert "facets satisfied" in made


def _cents(amount: str) -> int:
    return int(re.sub("[^0-9-]", "", amount))


def test_an_explanation_shows_every_reason(report: dict[str, Any]) -> None:
    placement = report["placements"][0]
    made = shown("explain", placement, colour=False)
    assert placement["rejected"]
    for rejected in placement["rejected"]:
        assert f"rejected: {rejected['placement']}" in made
        for reason in rejected["reasons"]:
            assert f"{reason['code']}: {reason['message']}" in made


def test_a_narrow_terminal_loses_no_text(report: dict[str, Any]) -> None:
    made = shown("plan", spoilt(report, WORD * 20), width=60, colour=False)
    assert max(map(len, made.splitlines())) <= 60


@pytest.mark.parametrize("width", [50, 80, 100, 160])
def test_no_word_is_broken_in_a_narrow_terminal(width: int) -> None:
    device = {"name": "eu-ward-hub-1", "deviceClass": "eu-ward-hub", "state": "COMMITTED",
              "release": "bbbfa9da304baa7b", "p95": "0.049", "releaseCounter": 1,
              "alive": True, "reason": ""}  # fmt: skip
    made = shown("fleet", [device], width=width, colour=False)
    assert all(len(line) <= width for line in made.splitlines())
    for word in ("device", "reason" if width > 50 else "alive", *list(device.values())[:4]):
        assert str(word) in made

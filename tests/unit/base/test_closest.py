"""The closest name: what it finds, what it does not, and that hostile lists take no time."""

from __future__ import annotations

import time

import pytest

from hybridspec.base.closest import closest

KEYS = ["zones", "devices", "sites", "clouds", "data", "models", "flows", "rollout", "objective"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("zoens", "zones"), ("modles", "models"), ("Sites", "sites"), ("rolout", "rollout"),
     ("dat", "data"), ("flow", "flows"), ("unrelated", None), ("", None), ("x" * 101, None)],
)  # fmt: skip
def test_a_misspelt_key_finds_what_was_meant(written: str, meant: str | None) -> None:
    assert closest(written, KEYS) == meant


def test_two_letters_in_the_wrong_order_are_one_slip() -> None:
    assert closest("ue", ["eu", "uk"]) == "eu"


def test_the_order_of_the_names_changes_nothing() -> None:
    names = ["box-a", "box-b", "box-c"]
    assert {closest("box-x", names), closest("box-x", names[::-1])} == {"box-a"}


def test_a_name_with_the_same_first_letter_is_found_behind_thousands() -> None:
    names = [f"site-{i}" for i in range(20_000)]
    assert closest("gatewy", [*names, "gateway"]) == "gateway"


def test_hostile_lists_are_bounded() -> None:
    start = time.process_time()
    for letter in "abcdefgh":
        closest(letter * 100, [f"{letter * 99}{i % 10}" for i in range(5_000)])
        closest(letter * 40, [f"{letter * 39}{i % 10}" for i in range(5_000)])
        closest("y", [letter * 1_000_000] * 10)
    assert time.process_time() - start < 10  # a hundredth of it is usual

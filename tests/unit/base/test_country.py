"""Countries, and what a mistaken name probably meant."""

from __future__ import annotations

import pytest

from hybridspec.base.country import BLOC_NAMES, COUNTRIES
from hybridspec.base.country_names import country_code, country_hint


def test_the_tables_have_their_published_sizes() -> None:
    assert len(COUNTRIES) == 249
    assert not set(BLOC_NAMES) & COUNTRIES
    assert not {"UK", "EL", "EU", "AN", "SU", "XK"} & COUNTRIES


@pytest.mark.parametrize(("name", "meant"), [
    ("UK", "GB"), ("uk", "GB"), ("Germany", "DE"), ("usa", "US"), ("EL", "GR"), ("no", "NO"),
])  # fmt: skip
def test_a_mistaken_name_is_guessed(name: str, meant: str) -> None:
    assert country_hint(name) == f"did you mean `{meant}`?"


def test_what_cannot_be_guessed_is_explained() -> None:
    assert "ISO 3166" in country_hint("Atlantis")


@pytest.mark.parametrize(("written", "code", "sure"), [
    ("Germany", "DE", True), ("the Netherlands", "NL", True), ("España", "ES", True),
    ("fr", "FR", True), ("Untied States", "US", False),
])  # fmt: skip
def test_a_name_of_a_country_has_a_code(written: str, code: str, *, sure: bool) -> None:
    assert country_code(written) == (code, sure)


def test_a_bloc_is_meant_only_where_one_may_stand() -> None:
    assert country_code("eu") is None
    assert country_code("eu", blocs=True) == ("EU", True)
    assert country_code("x" * 5000) is None

"""Countries and blocs, and what a mistaken name probably meant."""

from __future__ import annotations

import pytest

from hybridspec.base.country import BLOCS, COUNTRIES, EARLIEST, expand
from hybridspec.base.country_names import country_code, country_hint


def test_the_tables_have_their_published_sizes() -> None:
    assert len(COUNTRIES) == 249
    assert len(BLOCS["EU"]) == 27
    assert BLOCS["EEA"] - BLOCS["EU"] == {"IS", "LI", "NO"}
    assert BLOCS["EEA"] < COUNTRIES
    assert "GB" not in BLOCS["EEA"]
    assert not {"UK", "EL", "EU", "AN", "SU", "XK"} & COUNTRIES


def test_blocs_expand_and_the_unknown_is_never_allowed() -> None:
    countries, unknown = expand(["EEA", "CH", "UK", "eu", ""], EARLIEST)
    assert set(countries) == BLOCS["EEA"] | {"CH"}
    assert unknown == ("UK", "eu", "")


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

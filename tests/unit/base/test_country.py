"""Countries and blocs, and what a mistaken name probably meant."""

from __future__ import annotations

import pytest

from hybridspec.base.country import BLOCS, COUNTRIES, bloc_hint, expand


def test_the_tables_have_their_published_sizes() -> None:
    assert len(COUNTRIES) == 249
    assert len(BLOCS["EU"]) == 27
    assert BLOCS["EEA"] - BLOCS["EU"] == {"IS", "LI", "NO"}
    assert BLOCS["EEA"] < COUNTRIES
    assert "GB" not in BLOCS["EEA"]
    assert not {"UK", "EL", "EU", "AN", "SU", "XK"} & COUNTRIES


def test_blocs_expand_and_the_unknown_is_never_allowed() -> None:
    countries, unknown = expand(["EEA", "CH", "UK", "eu", ""])
    assert set(countries) == BLOCS["EEA"] | {"CH"}
    assert unknown == ("UK", "eu", "")


@pytest.mark.parametrize(("name", "meant"), [
    ("UK", "GB"), ("uk", "GB"), ("Germany", "DE"), ("usa", "US"), ("EL", "GR"), ("no", "NO"),
])  # fmt: skip
def test_a_mistaken_name_is_guessed(name: str, meant: str) -> None:
    assert bloc_hint(name) == f"did you mean `{meant}`?"


def test_what_cannot_be_guessed_is_explained() -> None:
    assert "ISO 3166" in bloc_hint("Atlantis")

"""The list of values nobody wrote holds exactly those that somebody left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridspec.compiler import Options, validate_file

EVERY = {"objective.horizon", "objective.price_age", "rollout.validity", "sites.*.energy_price",
         "sites.*.lan_rtt"}  # fmt: skip
WRITTEN = {
    "objective.horizon": ("horizon: P3Y", "minimise: tco"),
    "rollout.validity": ("rollout:\n", "rollout:\n  validity: P30D\n"),
    "objective.price_age": ("  horizon: P3Y", "  horizon: P3Y\n  price_age: P1Y"),
    "sites.*.energy_price": ("    energy_price: 0.24 USD\n", ""),
    "sites.*.lan_rtt": ("    energy_price:", "    lan_rtt: 1ms\n    energy_price:"),
}


def unwritten(spec: Path, cache: Path) -> set[str]:
    return {key for key, _, _ in validate_file(spec, Options(cache=cache)).graph.defaults}


def test_the_example_leaves_out_five(example: Path, cache: Path) -> None:
    left = {
        "metadata.facts_age",
        "metadata.warn_before",
        "objective.price_age",
        "rollout.validity",
        "sites.*.lan_rtt",
    }
    assert unwritten(example, cache) == left


@pytest.mark.parametrize("key", sorted(EVERY))
def test_each_value_is_listed_if_and_only_if_it_is_missing(
    key: str, example: Path, cache: Path
) -> None:
    spec = example / "hybridspec.yaml"
    before = unwritten(spec, cache)
    old, new = WRITTEN[key]
    text = spec.read_text()
    assert old in text
    spec.write_text(text.replace(old, new))
    assert unwritten(spec, cache) == before ^ {key}

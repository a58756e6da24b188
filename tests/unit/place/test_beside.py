"""What cannot run is told beside other faults, and only where those have no part in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import EXAMPLES

from hybridspec.base.diagnostic import SpecInvalid
from hybridspec.compiler import Options, validate_file

WARDS = EXAMPLES / "bedside-monitor"


def codes(folder: Path, cache: Path, *changes: tuple[str, str]) -> list[str]:
    """The codes of what is wrong with the wards once they are changed."""
    text = (WARDS / "hybridspec.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    for name in ("model", "legal"):
        shutil.copytree(WARDS / name, folder / name)
    (folder / "hybridspec.yaml").write_text(text)
    with pytest.raises(SpecInvalid) as invalid:
        validate_file(folder, Options(cache=cache))
    return [finding.code for finding in invalid.value.findings if finding.severity == "error"]


TIGHT = ("bound: 200ms", "bound: 2ms")


def test_what_is_too_slow_in_one_zone_is_told_with_what_the_law_refuses_in_another(
    tmp_path: Path, cache: Path
) -> None:
    found = codes(tmp_path, cache, ("country: US\n", "country: MX\n"), TIGHT)
    assert "HS0301" in found
    assert found.count("HS0302") == 1  # and nothing of the zone in which the law is broken


def test_where_a_fault_names_no_part_nothing_is_told_beside_it(tmp_path: Path, cache: Path) -> None:
    both = ("country: US\n", "country: MX\n"), ("country: NL\n    zone", "country: CH\n    zone")
    found = codes(tmp_path, cache, *both, TIGHT)
    assert "HS0301" in found
    assert "HS0302" not in found

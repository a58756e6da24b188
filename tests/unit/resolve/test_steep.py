"""Where costs cannot be added up, the figure furthest beyond what is usual is pointed at."""

from __future__ import annotations

from pathlib import Path

import pytest
from diagnostics.expectations import bare

from hybridspec.base.diagnostic import SpecInvalid
from hybridspec.compiler import Options, validate_file

SPEC = bare("costs_too_large").replace("1000000", "1000").replace("999999999 USD", "99 USD")
ABSURD = {
    "a price of a board": ("price: 99 USD", "price: 999999999 USD"),
    "a price of energy": ("zone: eu, devices", "zone: eu, energy_price: 999999999 USD, devices"),
    "a fee of a line": ("rtt: 30ms", "rtt: 30ms, month: 999999999 USD"),
}


@pytest.mark.parametrize("name", ABSURD)
def test_the_offending_line_is_found(name: str, tmp_path: Path) -> None:
    old, new = ABSURD[name]
    spoilt = SPEC.replace("box: 1000}", "box: 1000000}").replace(old, new)
    assert new in spoilt
    path = tmp_path / "hybridspec.yaml"
    path.write_text(spoilt, encoding="utf-8")
    with pytest.raises(SpecInvalid) as found:
        validate_file(path, Options(cache=tmp_path))
    one = next(f for f in found.value.findings if f.code == "HS0420")
    assert one.span is not None
    line = next(n for n, text in enumerate(spoilt.split("\n"), 1) if new.split(",")[0] in text)
    assert one.span.line == line
    assert "is furthest beyond what is usual" in one.help

"""Respelling keeps the amount: numbers and units of every form, read again, are what they were."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hybridspec.base import units
from hybridspec.base.respell import days, near_quantities, number, quantities

PARSERS = {
    "duration": units.parse_duration, "bytes": units.parse_bytes, "rate": units.parse_rate,
    "bandwidth": units.parse_bandwidth, "power": units.parse_power,
}  # fmt: skip
KNOWN = {
    "duration": {"msec": 1000, "secs": 10**6, "minutes": 60 * 10**6, "Hours": 3600 * 10**6,
                 "days": units.DAY, "weeks": 7 * units.DAY, "ns": Fraction(1, 1000)},
    "bytes": {"kb": 1000, "kib": 1024, "mb": 10**6, "gigabytes": 10**9, "PB": 10**15,
              "PiB": 2**50, "bytes": 1},
    "bandwidth": {"mbps": 10**6, "Mbps": 10**6, "kb/s": 1000, "MB/s": 8 * 10**6, "KB/s": 8000,
                  "GBps": 8 * 10**9, "Tbit/s": 10**12, "bps": 1},
    "power": {"watts": 1000, "MW": 10**9, "KW": 10**6},
    "rate": {"Hz": 1, "fps": 1, "kHz": 1000, "/ms": 1000, "per minute": Fraction(1, 60),
             "/hour": Fraction(1, 3600)},
}  # fmt: skip
SPELT = {
    "1_500": 1500, "1 500": 1500, "1'500": 1500, "1e3": 1000, "2.5E2": 250, "10^4": 10**4,
    "0,5": Fraction(1, 2), ".25": Fraction(1, 4), "7.": 7, "12": 12,
}  # fmt: skip


def parsed(kind: str, text: str) -> Fraction | None:
    try:
        return Fraction(PARSERS[kind](text))
    except units.UnitError:
        return None


@pytest.mark.parametrize("kind", KNOWN)
@pytest.mark.parametrize("figure", SPELT)
def test_an_amount_stays_what_it_is(kind: str, figure: str) -> None:
    for unit, size in KNOWN[kind].items():
        wanted = SPELT[figure] * Fraction(size)
        for text in (f"{figure}{unit}", f"{figure} {unit}"):
            made = [value for found in quantities(text) if (value := parsed(kind, found))]
            assert all(value == wanted for value in made), (text, quantities(text))
            exact = wanted.denominator == 1 and wanted < 10**18 and unit != "weeks"
            assert made or not exact or SPELT[figure] < 1, text


@pytest.mark.parametrize(
    "text",
    ["1,500ms", "1..4", "20-30ms", "-5ms", "~5ms", "5M", "1 Ms", "4Kb", "512b", "3mB", "1/2s",
     "1e30Mbit/s", "99999999999Tbit/s", "20Mibit/s", "1h30m", "1.5.2s", "5 months", "1/week"],
)  # fmt: skip
def test_what_has_no_reading_or_two_is_left_alone(text: str) -> None:
    found = [*quantities(text), *near_quantities(text)]
    assert not [one for one in found for kind in PARSERS if parsed(kind, one) is not None], found


@example(1, "hz")
@given(st.integers(1, 10**6), st.text("KMGTkmgbBit/sphzuwµ%", min_size=1, max_size=7))
def test_a_slip_in_a_unit_changes_no_number(figure: int, unit: str) -> None:
    for found in near_quantities(f"{figure}{unit}"):
        assert found.startswith(str(figure))
        assert not found[len(str(figure))].isdigit()
        first, meant = unit[0].casefold(), found[len(str(figure))].casefold()
        assert meant == first or (meant == "/" and first in "hp"), "Hz and `per s` are rates"


@given(st.text("0123456789eE^.,_' +-", max_size=14))
def test_a_number_is_read_as_python_reads_it_or_not_at_all(text: str) -> None:
    read = number(text)
    plain = text.strip().replace(",", ".").replace("_", "").replace("'", "").replace(" ", "")
    if read is not None and "^" not in text:
        assert read == Fraction(plain.removesuffix("."))


def test_a_month_alone_is_no_day() -> None:
    assert days("2026-11") == []
    assert days("20261101") == ["2026-11-01"]

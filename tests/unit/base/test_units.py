"""Quantities: what is read, what is refused, and that what is written reads back."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridspec.base.units import (
    DAY,
    HOUR,
    SECOND,
    YEAR,
    UnitError,
    format_bytes,
    format_duration,
    format_money,
    parse_bandwidth,
    parse_bytes,
    parse_duration,
    parse_power,
    parse_rate,
    write_duration,
)


@pytest.mark.parametrize(("text", "micros"), [
    ("1us", 1), ("40ms", 40_000), ("1.5s", 1_500_000), ("2min", 120 * SECOND), ("12 h", 12 * HOUR),
    ("3d", 3 * DAY), ("P3D", 3 * DAY), ("PT12H", 12 * HOUR), ("P1Y2W3DT4H5M6S", YEAR + 17 * DAY
    + 4 * HOUR + 306 * SECOND), (" P1D ", DAY), ("0s", 0), ("P1000Y", 1000 * YEAR),
])  # fmt: skip
def test_durations(text: str, micros: int) -> None:
    assert parse_duration(text) == micros


@pytest.mark.parametrize("text", [
    "", "5", "ms", "-5ms", "+5ms", "1e3s", "5 parsecs", "5S", "P", "PT", "P1M", "P1DT", "PT1D",
    "P-1D", "0.5us", "1001d 1h", "P1001Y", "99999999999d", "1.0000000001s", "٣s", "1_0s",
])  # fmt: skip
def test_no_durations(text: str) -> None:
    with pytest.raises(UnitError):
        parse_duration(text)


def test_other_quantities() -> None:
    assert [parse_bytes(t) for t in ("1B", "1kB", "1KiB", "1.5MiB", "2TB")] == [
        1, 1000, 1024, 1_572_864, 2 * 10**12
    ]  # fmt: skip
    assert parse_bandwidth("20Mbit/s") == 20_000_000
    assert [parse_power(t) for t in ("5mW", "2.7W", "1kW")] == [5, 2700, 1_000_000]
    assert [parse_rate(t) for t in ("24/s", "30/min", "6/h", "1/d", "0.5/s")] == [
        24, Fraction(1, 2), Fraction(1, 600), Fraction(1, 86_400), Fraction(1, 2)
    ]  # fmt: skip


@pytest.mark.parametrize(("parse", "text"), [
    (parse_bytes, "1KB"), (parse_bytes, "1Mb"), (parse_bytes, "0.3B"), (parse_bytes, "2000000TB"),
    (parse_bandwidth, "20MB/s"), (parse_bandwidth, "20Mbps"), (parse_power, "12"),
    (parse_power, "12w"), (parse_rate, "24"), (parse_rate, "24/w"), (parse_rate, "-1/s"),
    (parse_rate, "1e9/s"),
])  # fmt: skip
def test_no_other_quantities(parse: object, text: str) -> None:
    with pytest.raises(UnitError) as refused:
        parse(text)  # type: ignore[operator]
    assert refused.value.example
    assert len(str(refused.value)) < 200


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 10**15 - 1) | st.integers(0, 365_000).map(lambda days: days * DAY))
def test_a_written_duration_reads_back(micros: int) -> None:
    assert parse_duration(write_duration(micros)) == micros


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_a_quantity_or_an_error_of_units(text: str) -> None:
    for parse in (parse_duration, parse_bytes, parse_bandwidth, parse_power, parse_rate):
        try:
            assert parse(text) >= 0
        except UnitError:
            continue


def test_people_read_short_forms() -> None:
    assert [format_duration(n) for n in (0, 999, 1000, 90 * SECOND, 36 * HOUR)] == [
        "0 us", "999 us", "1 ms", "1.5 min", "1.5 d"
    ]  # fmt: skip
    assert [format_bytes(n) for n in (0, 1023, 1024, 3 * 2**30)] == [
        "0 B",
        "1023 B",
        "1 KiB",
        "3 GiB",
    ]
    assert format_money(1_005_000, "USD") == "1.00 USD"
    assert format_money(0, "USD") == "0.00 USD"
    assert format_money(5_001, "USD") == "0.01 USD"
    assert format_money(4_999, "USD") == "0.005 USD"
    assert format_money(-1_234, "USD") == "-0.0012 USD"
    assert format_money(Fraction(1, 3), "USD") == "0.00000033 USD"
    assert format_money(1_015_000, "USD") == "1.02 USD"
    assert format_money(-1_234_567_890, "USD") == "-1,234.57 USD"
    assert format_bytes(10**15 - 1) == "909.49 TiB"
    assert format_bytes(10**6 * 2**30 - 1) == "976.56 TiB"
    assert format_bytes(10 * 2**40 - 2**30) == "10239 GiB"


@settings(max_examples=150, deadline=None)
@given(st.integers(-(10**30), 10**30))
def test_money_is_exact_to_the_cent_however_much_it_is(cents: int) -> None:
    text = format_money(cents * 10_000, "USD").removesuffix(" USD").replace(",", "")
    assert round(Fraction(text) * 100) == cents
    assert text.partition(".")[2].isdigit()

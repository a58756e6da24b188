"""Amounts in words: whatever their magnitude, what is not nothing is never told as nothing."""

from __future__ import annotations

import re
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from hybridspec.base.units import exceeding, format_amount, plain_number

_SIZES = st.builds(
    lambda digits, power: Fraction(digits) * Fraction(10) ** power,
    st.integers(1, 9999), st.integers(-12, 14),
)  # fmt: skip


def nothing(text: str) -> bool:
    return re.match(r"-?0(\.0*)?( |$)", text) is not None


@given(_SIZES, _SIZES)
def test_a_bandwidth_and_what_it_exceeds_differ(one: Fraction, other: Fraction) -> None:
    more, less = exceeding(max(one, other), min(one, other))
    assert not nothing(more)
    assert not nothing(less)
    assert (more == less) == (one == other)
    assert "e" not in more + less


@given(_SIZES)
def test_a_number_keeps_its_first_digits(value: Fraction) -> None:
    assert abs(Fraction(plain_number(value)) - value) <= value / 200


@given(st.integers(1, 10**18), st.sampled_from(["us", "B", "bit/s", "us/s", ""]))
def test_an_amount_is_not_nothing(value: int, unit: str) -> None:
    assert not nothing(format_amount(value, unit))
    assert not nothing(format_amount(-value, unit))

"""Quantities as users write them, parsed to exact integers (or fractions) and back.

Durations become microseconds, sizes bytes, bandwidths bits per second, power milliwatts,
rates events per second (a `Fraction`), amounts of money integer micro-units of a currency, and
prices the same, exactly.
Duration periods follow ISO 8601 (`P3D`, `PT12H`); years count 365 days, months are refused
because their length is not fixed.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import TypeAlias

SECOND = 1_000_000
MINUTE, HOUR, DAY, YEAR = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND, 365 * 86_400 * SECOND

Price: TypeAlias = int | Fraction
"""Micro-units of a currency for one of something, never rounded."""

_LIMIT = 10**18
_LONGEST = 1000 * YEAR
"""So that today plus a few durations is still a date."""
_DURATION = {"us": 1, "ms": 1000, "s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
_BYTES = {"B": 1, "kB": 10**3, "KiB": 2**10, "MB": 10**6, "MiB": 2**20, "GB": 10**9,
          "GiB": 2**30, "TB": 10**12, "TiB": 2**40}  # fmt: skip
_BANDWIDTH = {"bit/s": 1, "kbit/s": 10**3, "Mbit/s": 10**6, "Gbit/s": 10**9}
_POWER = {"mW": 1, "W": 1000, "kW": 10**6}
_RATE = {"/s": 1, "/min": 60, "/h": 3600, "/d": 86_400}
_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)\s*([A-Za-z/]+)")
_PERIOD = re.compile(
    r"P(?=.)(?:([0-9]{1,6})Y)?(?:([0-9]{1,6})W)?(?:([0-9]{1,6})D)?"
    r"(?:T(?=.)(?:([0-9]{1,6})H)?(?:([0-9]{1,6})M)?(?:([0-9]{1,6})S)?)?"
)


_WIDE = (("Gbit/s", 10**9), ("Mbit/s", 10**6), ("kbit/s", 10**3))


class UnitError(ValueError):
    """A text is not the quantity that was asked for; the message says what is."""

    def __init__(self, kind: str, text: str, example: str) -> None:
        super().__init__(f"`{text[:60]}` is not {kind}")
        self.kind = kind
        self.example = example


def _scaled(text: str, units: dict[str, int], kind: str, example: str) -> Fraction:
    match = _QUANTITY.fullmatch(text.strip())
    if match is None or match[2] not in units:
        raise UnitError(kind, text, example)
    value = Fraction(match[1]) * units[match[2]]
    if value > _LIMIT:
        raise UnitError(f"{kind} within range", text, example)
    return value


def _whole(text: str, units: dict[str, int], kind: str, example: str) -> int:
    value = _scaled(text, units, kind, example)
    if value.denominator != 1:
        raise UnitError(f"{kind} in whole units", text, example)
    return value.numerator


def parse_duration(text: str) -> int:
    """Microseconds in `40ms`, `1.5h`, `P30D` or `PT12H`.

    >>> parse_duration("40ms"), parse_duration("P1DT1H") // HOUR
    (40000, 25)
    """
    kind, example = "a duration", "40ms, 12h or P30D"
    match = _PERIOD.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        total = _whole(text, _DURATION, kind, example)
    else:
        years, weeks, days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        total = years * YEAR + (weeks * 7 + days) * DAY
        total += hours * HOUR + minutes * MINUTE + seconds * SECOND
    if total > _LONGEST:
        raise UnitError(f"{kind} of at most 1000 years", text, example)
    return total


def parse_bytes(text: str) -> int:
    """Bytes in `4KiB`, `2MB`.

    >>> parse_bytes("4KiB")
    4096
    """
    return _whole(text, _BYTES, "a size", "4KiB or 2MB")


def parse_bandwidth(text: str) -> int:
    """Bits per second in `20Mbit/s`."""
    return _whole(text, _BANDWIDTH, "a bandwidth", "20Mbit/s")


def parse_power(text: str) -> int:
    """Milliwatts in `12W`."""
    return _whole(text, _POWER, "a power", "12W")


def parse_rate(text: str) -> Fraction:
    """Events per second in `24/s`, `6/h`, `1/d`.

    >>> parse_rate("30/min")
    Fraction(1, 2)
    """
    match = re.fullmatch(r"\s*([0-9]{1,12}(?:\.[0-9]{1,6})?)\s*(/(?:s|min|h|d))\s*", text)
    if match is None:
        raise UnitError("a rate", text, "24/s or 6/h")
    return Fraction(match[1]) / _RATE[match[2]]


@lru_cache(maxsize=4096)  # alike sites have the same figures thousands of times
def format_duration(micros: int) -> str:
    """The shortest exact-looking form for people.

    >>> format_duration(40_000), format_duration(3 * DAY), format_duration(1_234)
    ('40 ms', '3 d', '1.23 ms')
    """
    for unit, size in (("d", DAY), ("h", HOUR), ("min", MINUTE), ("s", SECOND), ("ms", 1000)):
        if micros >= size:
            return f"{_trim(Fraction(micros, size))} {unit}"
    return f"{micros} us"


def write_duration(micros: int) -> str:
    """The exact form for a spec.

    >>> write_duration(30 * DAY), write_duration(12 * HOUR), write_duration(1_500)
    ('P30D', '12h', '1500us')
    """
    if micros and micros % DAY == 0:
        return f"P{micros // DAY}D"
    unit = next(u for u in ("h", "min", "s", "ms", "us") if micros % _DURATION[u] == 0)
    return f"{micros // _DURATION[unit]}{unit}"


def round_up(micros: int) -> int:
    """The next duration that people would write: whole ms, from 10 s on whole seconds, and so on.

    >>> write_duration(round_up(5_161)), write_duration(round_up(223_266_900))
    ('6ms', '224s')
    """
    steps = ((10 * SECOND, 1000), (10 * MINUTE, SECOND), (10 * HOUR, MINUTE))
    step = next((step for end, step in steps if micros < end), HOUR)
    return -(-micros // step) * step


@lru_cache(maxsize=4096)
def format_bytes(size: int) -> str:
    """Bytes in binary units.

    >>> format_bytes(4096), format_bytes(1_500_000)
    ('4 KiB', '1.43 MiB')
    """
    if size >= 10 * 2**40:
        return f"{_trim(Fraction(size, 2**40))} TiB"
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if size >= scale:
            return f"{_trim(Fraction(size, scale))} {unit}"
    return f"{size} B"


def write_bandwidth(bits: int | Fraction) -> str:
    """At least `bits` per second, as a spec writes it.

    >>> write_bandwidth(12_000_001), write_bandwidth(1_500)
    ('13Mbit/s', '2kbit/s')
    """
    scale, unit = (10**6, "Mbit/s") if bits > 10**7 else (10**3, "kbit/s")
    return f"{ceil(Fraction(bits, scale))}{unit}"


def format_bandwidth(bits: int) -> str:
    """Bits per second for people.

    >>> format_bandwidth(65_536_000), format_bandwidth(28), format_bandwidth(48_000_000)
    ('65.5 Mbit/s', '28 bit/s', '48 Mbit/s')
    """
    for unit, scale in _WIDE:
        if bits >= scale:
            return f"{float(round(Fraction(bits, scale), 1)):g} {unit}"
    return f"{bits} bit/s"


def exceeding(bits: Fraction | int, limit: Fraction | int) -> tuple[str, str]:
    """A bandwidth and the lower one that it exceeds, each in its own unit, told apart.

    >>> exceeding(187_000, 51_200), exceeding(Fraction(1, 4), Fraction(1, 5))
    (('187 kbit/s', '51.2 kbit/s'), ('0.25 bit/s', '0.2 bit/s'))
    >>> exceeding(10_000_001, 10_000_000), exceeding(1, 0)
    (('10.000001 Mbit/s', '10 Mbit/s'), ('1 bit/s', '0 bit/s'))
    """
    more, less = Fraction(bits), Fraction(limit)
    for digits in range(3, 18):
        found = _significant(more, digits), _significant(less, digits)
        if found[0] != found[1]:
            break
    return found


def _significant(bits: Fraction, digits: int) -> str:
    unit, scale = next(((u, s) for u, s in _WIDE if bits >= s), ("bit/s", 1))
    return f"{plain_number(bits / scale, digits)} {unit}"


def plain_number(value: Fraction, digits: int = 3) -> str:
    """A number with so many digits that say something, which is never 0 if it is not.

    >>> plain_number(Fraction(1, 3)), plain_number(Fraction(1, 10**5)), plain_number(Fraction(9999))
    ('0.333', '0.00001', '9999')
    """
    most = max(digits, len(str(int(value))))
    return f"{Decimal(f'{float(value):.{most}g}'):f}"


def tenths(value: Fraction) -> str:
    """A number with one decimal, or with one digit that says something if it is smaller.

    >>> tenths(Fraction(63, 2)), tenths(Fraction(0)), tenths(Fraction(1, 300))
    ('31.5', '0.0', '0.003')
    """
    small = 0 < value < Fraction(1, 20)
    return plain_number(value, 1) if small else f"{float(value):,.1f}"


def format_amount(value: int, unit: str) -> str:
    """An amount of `us`, `B`, `bit/s`, `us/s` (busy microseconds a second) or of no unit.

    >>> format_amount(-1_500, "us"), format_amount(882_000, "us/s")
    ('-1.5 ms', '0.88 devices')
    """
    sign, size = "-" if value < 0 else "", abs(value)
    if unit == "us":
        return sign + format_duration(size)
    if unit == "B":
        return sign + format_bytes(size)
    if unit == "bit/s":
        return sign + format_bandwidth(size)
    if unit == "us/s":
        busy = Fraction(size, SECOND)
        tiny = 0 < busy < Fraction(1, 100)
        return f"{sign}{plain_number(busy, 1) if tiny else f'{float(busy):.2f}'} devices"
    return f"{sign}{size}{f' {unit}' if unit else ''}"


def exact(price: Fraction) -> Price:
    """The same price, as an integer where it is one.

    >>> exact(Fraction(22)), exact(Fraction(53, 2))
    (22, Fraction(53, 2))
    """
    return price.numerator if price.denominator == 1 else price


@lru_cache(maxsize=4096)
def format_price(price: Price, currency: str) -> str:
    """A price with up to ten digits that say something.

    >>> format_price(245_000, "EUR"), format_price(Fraction(53, 2), "USD")
    ('0.245 EUR', '0.0000265 USD')
    """
    return f"{Decimal(f'{float(price) / 10**6:.10g}'):f} {currency}"


def format_money(micro: Price, currency: str) -> str:
    """Money with two decimals, rounded half to even; what is less has the digits that it takes.

    >>> format_money(1_234_567_890, "USD"), format_money(1_234, "USD")
    ('1,234.57 USD', '0.0012 USD')
    """
    cents = round(Fraction(micro) / 10_000)
    if micro and not cents:
        return f"{plain_number(Fraction(micro) / 10**6, 2)} {currency}"
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{part:02} {currency}"


def _trim(value: Fraction) -> str:
    return f"{float(round(value, 2)):.9g}" if value < 10**6 else str(round(value))

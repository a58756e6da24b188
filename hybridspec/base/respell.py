"""Quantities and dates as people spell them, respelt as the spec wants them.

A respelling keeps the amount: the number with its unit. Where that is not sure, there is none.
"""

from __future__ import annotations

import re
from fractions import Fraction

from hybridspec.base.closest import closest

_UNITS = {
    "duration": {
        "us": "us usec usecs microsecond microseconds µs μs",
        "ms": "ms msec msecs millis millisecond milliseconds",
        "s": "s sec secs second seconds",
        "min": "m min mins minute minutes",
        "h": "h hr hrs hour hours",
        "d": "d day days",
    },
    "bytes": {
        "B": "byte bytes",
        "kB": "k kb kilobyte kilobytes", "KiB": "ki kib kibibyte kibibytes",
        "MB": "m mb megabyte megabytes", "MiB": "mi mib mebibyte mebibytes",
        "GB": "g gb gigabyte gigabytes", "GiB": "gi gib gibibyte gibibytes",
        "TB": "t tb terabyte terabytes", "TiB": "ti tib tebibyte tebibytes",
    },
    "bandwidth": {
        "bit/s": "bps bit/s bits/s", "kbit/s": "kbps kbit/s kbits/s kb/s",
        "Mbit/s": "mbps mbit/s mbits/s mb/s", "Gbit/s": "gbps gbit/s gbits/s gb/s",
    },
    "power": {"mW": "milliwatt milliwatts", "W": "w watt watts", "kW": "kw kilowatt kilowatts"},
    "rate": {
        "/s": "/s /sec /second hz fps per-second", "/min": "/min /minute per-minute",
        "/h": "/h /hr /hour per-hour", "/d": "/d /day per-day",
    },
}  # fmt: skip
_TIMES = {
    "ns": ("us", Fraction(1, 1000)), "nanoseconds": ("us", Fraction(1, 1000)),
    "pb": ("TB", Fraction(1000)), "pib": ("TiB", Fraction(1024)),
    "tbit/s": ("Gbit/s", Fraction(1000)), "tbps": ("Gbit/s", Fraction(1000)),
    "khz": ("/s", Fraction(1000)), "mhz": ("/s", Fraction(10**6)), "/ms": ("/s", Fraction(1000)),
}  # fmt: skip
"""Units that the spec has not, each as so many times one that it has."""
_CASED = {
    "MW": ("kW", Fraction(1000)),
    **{f"{prefix}B{per}": (f"{prefix.replace('K', 'k')}bit/s", Fraction(8))
       for prefix in ("k", "K", "M", "G") for per in ("/s", "ps")},
}  # fmt: skip
_UNCLEAR = re.compile(r"[KMGT]b|m[BW]|M|M[s]|b|bits?|mw|[kKMGT]ibit/s|/m")
"""Bits or bytes, milli or mega, minutes or months, binary or decimal: nobody knows."""
_OTHER = frozenset(
    "month months mo week weeks year years /w /week /mo /month /y /year ct cent cents".split()
)
"""Units that are spelt right, and are none of the spec's."""
_LONG = {"week": "W", "weeks": "W", "wk": "W", "w": "W", "year": "Y", "years": "Y", "y": "Y"}
_MEANT = {
    kind: {word: unit for unit, words in units.items() for word in words.split()}
    for kind, units in _UNITS.items()
}
_FIGURE = (
    r"[0-9]{1,3}(?:[ _'][0-9]{3}){1,5}(?:\.[0-9]{1,9})?|[0-9]{1,15}(?:[.,][0-9]{1,9})?"
    r"|\.[0-9]{1,9}|[0-9]{1,15}\."
)
_POWERED = rf"(?:{_FIGURE})e[-+]?[0-9]{{1,2}}|10\^[0-9]{{1,2}}"
_NUMBER = re.compile(rf"\s*({_POWERED}|{_FIGURE})\s*([^0-9\s.,^'_-].{{0,30}}?)\s*", re.IGNORECASE)
_PERIOD = re.compile(r"\s*p{0,2}(t?)\s*([0-9]{1,6})\s*([ywdhms])\s*", re.IGNORECASE)


def number(text: str) -> Fraction | None:
    """The number that a text is; None if it is none, or one of two.

    >>> number("1_000"), number("1e3"), number("0,5"), number("1,500"), number("1..4")
    (Fraction(1000, 1), Fraction(1000, 1), Fraction(1, 2), None, None)
    """
    text = text.strip().casefold()
    if re.fullmatch(r"10\^[0-9]{1,2}", text):
        return Fraction(10 ** int(text[3:]))
    if re.fullmatch(r"[0-9]{1,3},[0-9]{3}", text):
        return None  # thousands, or a fraction
    if not re.fullmatch(rf"{_POWERED}|{_FIGURE}", text):
        return None
    digits, _, power = re.sub("[ _']", "", text).replace(",", ".").partition("e")
    return Fraction(digits.removesuffix(".")) * Fraction(10) ** int(power or 0)


def amount(text: str) -> tuple[Fraction, str] | None:
    """The number and the unit that a text begins and ends with, if that is all.

    >>> amount("20 Mbps"), amount("20-30Mbit/s")
    ((Fraction(20, 1), 'Mbps'), None)
    """
    match = _NUMBER.fullmatch(text)
    value = number(match[1]) if match else None
    if match is None or value is None or re.search("[0-9]", match[2]):
        return None
    return value, match[2]


def decimal(value: Fraction) -> str | None:
    """The number as a spec writes it; None if it has no end or too many digits.

    >>> decimal(Fraction(1500)), decimal(Fraction(1, 4)), decimal(Fraction(1, 3))
    ('1500', '0.25', None)
    """
    if value.denominator == 1:
        return str(value.numerator) if value < 10**18 else None
    text = f"{float(value):.9f}".rstrip("0")
    return text if Fraction(text) == value else None


def quantities(text: str) -> list[str]:
    """What a misspelt quantity means, most likely first; the caller tries which fits.

    >>> quantities("40 msec"), quantities("4 kb")[0], quantities("30 days"), quantities("2Tbit/s")
    (['40ms'], '4kB', ['30d', 'P30D'], ['2000Gbit/s'])
    """
    found = _respelt(text)
    period = _PERIOD.fullmatch(text)
    if period:
        unit = period[3].upper()
        clock = unit in "HS" or (unit == "M" and bool(period[1]))
        found.append(f"P{'T' if clock else ''}{period[2]}{unit}")
    share = re.fullmatch(r"\s*%\s*([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*", text)
    if share:
        found.append(f"{share[1]}%")
    money = re.fullmatch(r"\s*(?:USD|US\$|\$)\s*([0-9]+(?:\.[0-9]+)?)\s*", text, re.IGNORECASE)
    if money:
        found.append(f"{money[1]} USD")
    return list(dict.fromkeys(found))


def _respelt(text: str) -> list[str]:
    read = amount(text)
    if read is None or (shown := decimal(read[0])) is None:
        return []
    value, written = read
    unit = re.sub(r"\s*per\s+", "/", written).casefold()
    if written in _CASED or unit in _TIMES:
        other, times = _TIMES.get(unit) or _CASED[written]
        more = decimal(value * times)
        return [] if more is None else [more + other]
    if _UNCLEAR.fullmatch(written):
        return []
    found = [shown + meant[unit] for meant in _MEANT.values() if unit in meant]
    if unit in ("day", "days") and shown.isdigit():
        found.append(f"P{shown}D")
    if unit in _LONG and shown.isdigit():
        found.append(f"P{shown}{_LONG[unit]}")
    if re.fullmatch(r"[a-z]{3}", unit):
        found.append(f"{shown} {unit.upper()}")
    if unit in ("$", "us$"):
        found.append(f"{shown} USD")
    if unit in ("%", "percent", "pct"):
        found.append(f"{shown}%")
    return found


def near_quantities(text: str) -> list[str]:
    """What a quantity with a misspelt unit may mean; its prefix is none of the slips.

    >>> near_quantities("20Mbit/x"), near_quantities("4KiBB"), near_quantities("4 bits")
    (['20min', '20MiB', '20Mbit/s'], ['4KiB', '4kbit/s'], [])
    """
    read = amount(text)
    if read is None or (shown := decimal(read[0])) is None:
        return []
    unit = read[1].casefold()
    known = unit in _TIMES or unit in _OTHER or read[1] in _CASED
    if known or (_UNCLEAR.fullmatch(read[1]) and read[1] != "/m"):
        return []
    near = ((closest(unit, meant, 0.5), meant) for meant in _MEANT.values())
    return [shown + meant[name] for name, meant in near
            if name is not None and name[:1] == unit[:1]]  # fmt: skip


def days(text: str) -> list[str]:
    """What a date in another notation means; one whose month may be its day has two readings.

    >>> days("2026/11/1"), days("1.11.2026"), days("2026-11-01T00:00:00Z"), days("2026-11")
    (['2026-11-01'], ['2026-11-01'], ['2026-11-01'], [])
    """
    year_first = re.fullmatch(
        r"\s*(\d{4})(?:([-/._ ])(\d{1,2})\2(\d{1,2})|(\d{2})(\d{2}))([T ].{0,40})?", text
    )
    if year_first:
        month, day = year_first[3] or year_first[5], year_first[4] or year_first[6]
        return [f"{year_first[1]}-{int(month):02}-{int(day):02}"]
    last = re.fullmatch(r"\s*(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})\s*", text)
    if not last:
        return []
    first, second, year = int(last[1]), int(last[3]), last[4]
    readings = [(second, first)] if last[2] == "." else [(second, first), (first, second)]
    return list(dict.fromkeys(f"{year}-{m:02}-{d:02}" for m, d in readings if m <= 12 and d <= 31))

"""Quantities and dates as people spell them, respelt as the spec wants them."""

from __future__ import annotations

import re

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
        "B": "b byte bytes",
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
        "/s": "/s /sec /second hz per-second", "/min": "/m /min /minute per-minute",
        "/h": "/h /hr /hour per-hour", "/d": "/d /day per-day",
    },
}  # fmt: skip
_LONG = {"week": "W", "weeks": "W", "wk": "W", "w": "W", "year": "Y", "years": "Y", "y": "Y"}
_MEANT = {
    kind: {word: unit for unit, words in units.items() for word in words.split()}
    for kind, units in _UNITS.items()
}
_NUMBER = re.compile(r"\s*([0-9]{1,15}(?:[.,][0-9]{1,9})?)\s*([^0-9].{0,30}?)\s*")
_PERIOD = re.compile(r"\s*p?(t?)\s*([0-9]{1,6})\s*([ywdhms])\s*", re.IGNORECASE)


def quantities(text: str) -> list[str]:
    """What a misspelt quantity probably means, most likely first; the caller tries which fits.

    >>> quantities("40 msec"), quantities("4 kb")[0], quantities("30 days")
    (['40ms'], '4kB', ['30d', 'P30D'])
    """
    match = _NUMBER.fullmatch(text)
    found: list[str] = []
    if match:
        number, unit = match[1].replace(",", "."), re.sub(r"\s*per\s+", "/", match[2]).casefold()
        found += [number + meant[unit] for meant in _MEANT.values() if unit in meant]
        if unit in ("day", "days") and number.isdigit():
            found.append(f"P{number}D")
        if unit in _LONG and number.isdigit():
            found.append(f"P{number}{_LONG[unit]}")
        if re.fullmatch(r"[a-z$€]{1,3}", unit):
            found.append(f"{number} {unit.upper()}")
        if unit in ("%", "percent", "pct"):
            found.append(f"{number}%")
    period = _PERIOD.fullmatch(text)
    if period:
        unit = period[3].upper()
        clock = unit in "HS" or (unit == "M" and bool(period[1]))
        found.append(f"P{'T' if clock else ''}{period[2]}{unit}")
    money = re.fullmatch(r"\s*(?:USD|US\$|\$)\s*([0-9]+(?:\.[0-9]+)?)\s*", text, re.IGNORECASE)
    if money:
        found.append(f"{money[1]} USD")
    return list(dict.fromkeys(found))


def near_quantities(text: str) -> list[str]:
    """What a quantity with a misspelt unit may mean.

    >>> near_quantities("20Mbit/x"), near_quantities("4KiBB")
    (['20min', '20MiB', '20Mbit/s'], ['4KiB', '4kbit/s'])
    """
    match = _NUMBER.fullmatch(text) or re.fullmatch(
        r"\s*([0-9.]{1,20})[^0-9A-Za-z]*([A-Za-z]+)", text
    )
    if match is None:
        return []
    unit = match[2].strip().casefold()
    near = ((closest(unit, meant, 0.5), meant) for meant in _MEANT.values())
    return [match[1].replace(",", ".") + meant[name] for name, meant in near if name is not None]


def days(text: str) -> list[str]:
    """What a date in another notation means; one whose month may be its day has two readings.

    >>> days("2026/11/1"), days("1.11.2026"), days("2026-11-01T00:00:00Z")
    (['2026-11-01'], ['2026-11-01'], ['2026-11-01'])
    """
    year_first = re.fullmatch(r"\s*(\d{4})[-/._ ]?(\d{1,2})[-/._ ]?(\d{1,2})([T ].{0,40})?", text)
    if year_first:
        return [f"{year_first[1]}-{int(year_first[2]):02}-{int(year_first[3]):02}"]
    last = re.fullmatch(r"\s*(\d{1,2})([-/. ])(\d{1,2})\2(\d{4})\s*", text)
    if not last:
        return []
    first, second, year = int(last[1]), int(last[3]), last[4]
    readings = [(second, first)] if last[2] == "." else [(second, first), (first, second)]
    return list(dict.fromkeys(f"{year}-{m:02}-{d:02}" for m, d in readings if m <= 12 and d <= 31))

"""The plot of a search's candidates as SVG: latency against accuracy, every point named in text.

Points that lie on each other are moved apart and tied to where they belong. Shapes and words say
what colours say. The same document gives the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from hybridspec.base.source import printable
from hybridspec.report.candidates import latency, quality, verdict

_LEFT, _TOP, _WIDE, _HIGH = 64, 56, 400, 300
_LIST, _ROW, _RADIUS = 500, 36, 10
_WIDTH = 860
_ALONE = ' xmlns="http://www.w3.org/2000/svg"'
_EXACT_DB, _SHOWN_DB = 200.0, 20.0
_COLOURS = {"chosen": "#0b6e4f", "passed": "#1f4e9c", "rejected": "#a3341f", "untried": "#555555"}


@dataclass(frozen=True, slots=True)
class _Axis:
    """A linear scale from a range of values to a range of pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """At most six round numbers within the range."""
        rough = (self.high - self.low) / 5
        power: float = 10.0 ** math.floor(math.log10(rough))
        step = next(s * power for s in (1, 2, 5, 10) if s * power >= rough)
        first = math.ceil(self.low / step - 1e-9)
        count = math.floor(self.high / step + 1e-9) - first + 1
        return [round((first + i) * step, 12) for i in range(count)]


@dataclass(frozen=True, slots=True)
class _Mark:
    number: int
    one: Mapping[str, Any]
    x: float
    y: float


def plot(search: Mapping[str, Any], *, alone: bool = True) -> str:
    """The plot of one search's document, as a file of its own or as part of a page."""
    candidates = search["candidates"]
    placed = [(n, one) for n, one in enumerate(candidates, 1) if one["latency"] and one["quality"]]
    height = max(_TOP + _HIGH + 64, _TOP + _ROW * len(candidates) + 24)
    name = f"{search['model']} for {search['device']}"
    parts = [
        f'<svg{_ALONE if alone else ""} viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-label="{_safe(_summary(search))}" '
        'font-family="sans-serif" font-size="13">',
        f"<title>Candidates of {_safe(name)}</title>",
        f"<desc>{_safe(_summary(search))}</desc>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(_LEFT, 26, name, size=16, weight="bold"),
    ]
    if placed:
        parts += _chart(search, placed)
    else:
        parts.append(_text(_LEFT, _TOP + 40, "No candidate has both a latency and an accuracy."))
    for number, one in enumerate(candidates, 1):
        parts += _listed(number, one)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _chart(search: Mapping[str, Any], placed: Sequence[tuple[int, Mapping[str, Any]]]) -> list[str]:
    labelled = search["labelled"]
    across = _Axis(0, 1.05 * max(one["latency"]["high"] for _, one in placed) / 1000 or 1,
                   _LEFT, _LEFT + _WIDE)  # fmt: skip
    values = [_accuracy(one, labelled=labelled) for _, one in placed]
    low, high = min(values), max(values)
    pad = (high - low) * 0.1 or (abs(high) * 0.05 or 1)
    up = _Axis(low - pad, high + pad, _TOP + _HIGH, _TOP)
    marks = [
        _Mark(number, one, across(one["latency"]["mid"] / 1000), up(value))
        for (number, one), value in zip(placed, values, strict=True)
    ]
    title = placed[0][1]["quality"]["metric"] if labelled else "SQNR in dB (100: exact)"
    return [*_axes(across, up, title), *_bars(marks, across), *_points(marks)]


def _accuracy(one: Mapping[str, Any], *, labelled: bool) -> float:
    """The metric, or the ratio of signal to noise; exact outputs have no noise at all."""
    found = one["quality"]
    if labelled:
        return float(found["value"])
    ratio = float(found["sqnrDb"])
    return min(max(ratio, -_SHOWN_DB), 80.0 if ratio < _EXACT_DB else 80.0 + _SHOWN_DB)


def _axes(across: _Axis, up: _Axis, title: str) -> Iterator[str]:
    bottom = _TOP + _HIGH
    yield (f'<path d="M{_LEFT} {_TOP}V{bottom}H{_LEFT + _WIDE}" fill="none" '
           'stroke="#333333"/>')  # fmt: skip
    for value in across.ticks():
        x = _n(across(value))
        yield f'<path d="M{x} {bottom}v5" stroke="#333333"/>'
        yield _text(across(value), bottom + 20, f"{value:g}", anchor="middle")
    for value in up.ticks():
        y = _n(up(value))
        yield f'<path d="M{_LEFT - 5} {y}H{_LEFT + _WIDE}" stroke="#dddddd"/>'
        yield _text(_LEFT - 9, up(value) + 4, f"{value:g}", anchor="end")
    yield _text(_LEFT + _WIDE / 2, bottom + 42, "latency in ms (bars: interval)", anchor="middle")
    yield _text(_LEFT - 48, _TOP - 10, title)


def _bars(marks: Sequence[_Mark], across: _Axis) -> Iterator[str]:
    """The interval of each latency; one that leaves the chart ends at its edge."""
    for mark in marks:
        found = mark.one["latency"]
        ends = (_n(across(found[end] / 1000)) for end in ("low", "high"))
        drawn = f'stroke="{_colour(mark.one)}" stroke-opacity="0.35" stroke-width="3"'
        yield f'<path d="M{next(ends)} {_n(mark.y)}H{next(ends)}" {drawn}/>'


def _points(marks: Sequence[_Mark]) -> Iterator[str]:
    """Marks above whatever ties them to their places."""
    taken: list[tuple[float, float]] = []
    badges = []
    for mark in sorted(marks, key=lambda m: (not m.one["chosen"], m.number)):
        x, y = _free(mark.x, mark.y, taken)
        taken.append((x, y))
        colour = _colour(mark.one)
        if (x, y) != (mark.x, mark.y):
            yield f'<path d="M{_n(mark.x)} {_n(mark.y)}L{_n(x)} {_n(y)}" stroke="{colour}"/>'
            yield f'<circle cx="{_n(mark.x)}" cy="{_n(mark.y)}" r="2.5" fill="{colour}"/>'
        badges.append(_badge(mark.number, mark.one, x, y))
    yield from badges


def _free(x: float, y: float, taken: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The nearest place inside the chart at which a mark covers no other one."""
    for ring in range(24):
        for turn in range(max(1, 8 * ring)):
            angle = 2 * math.pi * turn / max(1, 8 * ring) - math.pi / 2
            at = x + ring * _RADIUS * math.cos(angle), y + ring * _RADIUS * math.sin(angle)
            inside = (_LEFT + _RADIUS <= at[0] <= _LEFT + _WIDE + _RADIUS
                      and _TOP <= at[1] <= _TOP + _HIGH - _RADIUS)  # fmt: skip
            if (inside or ring == 0) and all(math.dist(at, o) >= 2.2 * _RADIUS for o in taken):
                return round(at[0], 1), round(at[1], 1)
    return x, y


def _badge(number: int, one: Mapping[str, Any], x: float, y: float) -> str:
    """A numbered mark: full if chosen, a ring if it passed, a square if rejected."""
    colour, fill = _colour(one), _colour(one) if one["chosen"] else "#ffffff"
    drawn = f'fill="{fill}" stroke="{colour}" stroke-width="2"'
    text = _text(x, y + 4, str(number), anchor="middle", size=11, weight="bold",
                 colour="#ffffff" if one["chosen"] else colour)  # fmt: skip
    if one["state"] == "passed":
        return f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{_RADIUS}" {drawn}/>{text}'
    side, dash = 2 * _RADIUS - 2, ' stroke-dasharray="3 2"' if one["state"] == "untried" else ""
    return (f'<rect x="{_n(x - side / 2)}" y="{_n(y - side / 2)}" width="{side}" '
            f'height="{side}" {drawn}{dash}/>{text}')  # fmt: skip


def _listed(number: int, one: Mapping[str, Any]) -> Iterator[str]:
    y = _TOP + _ROW * (number - 1)
    yield _badge(number, one, _LIST, y)
    front = ", not beaten" if one["front"] and not one["chosen"] else ""
    yield _text(_LIST + 18, y, f"{one['recipe']}: {verdict(one)}{front}",
                weight="bold" if one["chosen"] else "normal")  # fmt: skip
    yield _text(_LIST + 18, y + 15, _figures(one), size=11)


def _figures(one: Mapping[str, Any]) -> str:
    return ", ".join(part for part in (latency(one["latency"]), quality(one["quality"])) if part)


def _summary(search: Mapping[str, Any]) -> str:
    """What the plot says, for who cannot see it."""
    said = [f"{n}: {one['recipe']}, {_figures(one)}, {verdict(one)}"
            for n, one in enumerate(search["candidates"], 1)]  # fmt: skip
    return f"Latency against accuracy. {'. '.join(said)}."


def _colour(one: Mapping[str, Any]) -> str:
    return _COLOURS.get(verdict(one), _COLOURS["untried"])


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", size: int = 13,
    weight: str = "normal", colour: str = "#111111",
) -> str:  # fmt: skip
    bold = ' font-weight="bold"' if weight == "bold" else ""
    end = "" if anchor == "start" else f' text-anchor="{anchor}"'
    large = "" if size == 13 else f' font-size="{size}"'
    return f'<text x="{_n(x)}" y="{_n(y)}" fill="{colour}"{end}{large}{bold}>{_safe(text)}</text>'


def _safe(text: str) -> str:
    return escape(printable(text, keep="\n"))


def _n(value: float) -> str:
    """A coordinate with at most one digit after the point.

    >>> _n(64), _n(12.345)
    ('64', '12.3')
    """
    return f"{value:.1f}".removesuffix(".0")

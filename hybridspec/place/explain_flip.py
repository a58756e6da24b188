"""What would flip a decision: the smallest change of one value, found and checked by re-solving."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isqrt

from hybridspec.ir.explanation import Binding, Explanation, Flip
from hybridspec.ir.graph import Graph
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Plan
from hybridspec.ir.rewritten import at_sites
from hybridspec.place.crowd import arriving
from hybridspec.place.crowd import born as born_of
from hybridspec.place.explain_lever import Lever, bounds, prices
from hybridspec.place.explain_replan import Exhausted, Outcome, Replanner, outcome, way_of
from hybridspec.place.explain_shadow import shadows
from hybridspec.place.explain_wish import wishes
from hybridspec.place.progress import paced

_GUESSES = 8
"""How often a crossing is guessed before intervals are halved only."""
_ROUNDED = 10
"""Micro-units by which rounded terms may keep two plans apart that cost the same."""


def with_flips(
    graph: Graph, table: LatencyTable, plan: Plan, of: Explanation,
    say: Callable[[str], None] = lambda _: None,
) -> Explanation:  # fmt: skip
    """The explanation with every flip of one value, and the bounds that keep something out.

    They are looked for at the site, with the store of its zone where it is, and then checked
    with everything else. `say` hears how far that is, if it takes long.
    """
    site, flow = of.decision.site, of.decision.flow
    region = next((s.region for s in plan.stores if s.zone.name == site.zone.name), None)
    asked = way_of(site.name, flow.name)
    whole = Replanner(graph, table, asked)
    regions = graph.regions if region is None else (region,)
    here = Replanner(replace(at_sites(graph, (site,)), regions=regions), table, asked)
    flips: list[Flip] = []
    bindings: list[Binding] = []
    now = outcome(graph, plan, of.chosen.way.label, of.chosen.way)
    ways = [of.chosen.way, *(c.way for c in of.others)]
    ended, told = "the plan as it is", paced(say)
    here.tell = whole.tell = lambda: told(
        f"explaining: {here.solves + whole.solves} plans made, at {ended}")  # fmt: skip
    try:
        first = here.unchanged()
        if first is None or first.label != now.label:  # others of its class decide it
            here, first = whole, now
        bindings += shadows(graph, site, ways, whole, now)
        for turned, bound in wishes(graph, site, whole, now):
            flips += [turned] if turned is not None else []
            bindings += [bound] if bound is not None else []
        born = sum(map(born_of, arriving(graph, site)))
        for lever in (*bounds(site, flow, ways, born), *prices(graph, site, region)):
            ended = lever.words
            for value in values(here, lever, first):
                found = checked(whole, here, lever, value, now)
                if found is not None:
                    flips.append(found)
                    bindings += _binding(lever, value, now, whole)
            flips += _refused(lever, flips, now)
        ended = ""
    except Exhausted:
        pass  # `ended` says where
    return replace(of, flips=tuple(flips), bindings=tuple(bindings), ended=ended)


def _refused(lever: Lever, flips: Sequence[Flip], now: Outcome) -> Iterator[Flip]:
    """The value below which nothing is allowed, where nothing else changes before."""
    below = lever.least - lever.step
    changed = any(one.words == lever.words and one.value < lever.now for one in flips)
    if lever.refused and below > 0 and not changed:
        yield flip(lever, below, now, None)


def checked(
    whole: Replanner, here: Replanner, lever: Lever, value: int, now: Outcome
) -> Flip | None:
    """What was found at the site, if it is so among all sites as well, to the last step."""
    before = value + (lever.step if value < lever.now else -lever.step)
    then, same = (whole.with_change(lever.change(one)) for one in (value, before))
    mine = here.with_change(lever.change(value))
    if then is None and (mine is not None or same is None):
        return flip(lever, value, now, mine, others_fail=True)
    turned = then is None or then.label != now.label
    if not turned or same is None or same.label != now.label:
        return None
    return flip(lever, value, now, then)


def flip(
    lever: Lever, value: int, now: Outcome, then: Outcome | None, *, others_fail: bool = False
) -> Flip:
    return Flip(
        words=lever.words, now=lever.shown(lever.now), then=lever.shown(value), value=value,
        becomes=then.label if then is not None else None,
        way=then.way if then is not None else None,
        saving=now.whole - then.whole if then is not None and not others_fail else 0,
        setting=lever.change(value).setting, ref=lever.ref, others_fail=others_fail,
    )  # fmt: skip


def _binding(lever: Lever, value: int, now: Outcome, whole: Replanner) -> Iterator[Binding]:
    """A bound that, moved to where it flips the decision, lets the same be done for less."""
    then = whole.with_change(lever.change(value))
    proven = now.exact and then is not None and then.exact
    if not lever.code or then is None or then.cost >= now.cost or not proven:
        return
    unit, size = {"us": ("ms", 1000), "bit/s": ("Mbit/s", 10**6)}.get(lever.unit, (lever.unit, 1))
    yield Binding(
        what=f"{lever.words}: {lever.shown(lever.now)}", code=lever.code,
        saving=now.cost - then.cost, unit=unit, ref=lever.ref,
        shadow=(now.cost - then.cost) * size // abs(value - lever.now),
    )  # fmt: skip


def values(
    replanner: Replanner, lever: Lever, now: Outcome, ends: Sequence[int] = ()
) -> Iterator[int]:
    """The nearest value above and below at which something else is decided."""
    for end in ends or (lever.least, lever.most):
        if end != lever.now:
            found = _Search(replanner, lever, now).nearest(end)
            if found is not None:
                yield found


@dataclass(slots=True)
class _Search:
    """Looks for the value next to one that changes nothing.

    What a plan costs is linear in a price. Two points of the plan of now and two of another tell
    where they cost the same, so that few values have to be tried; where they do not, the interval
    is halved, by order of magnitude while that is unknown. Whatever is guessed, the value found
    changes something and its neighbour nothing.
    """

    replanner: Replanner
    lever: Lever
    now: Outcome
    points: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    tried: set[int] = field(default_factory=set)
    guesses: int = 0

    def nearest(self, end: int) -> int | None:
        """The value closest to that of now, on the way to `end`; None if there is none."""
        same, other, step = self.lever.now, end, self.lever.step
        self.points[self.now.label] = [(same, self.now.cost)]
        label = self._differs(other)
        if label is None:
            return None
        hints = sorted(self.lever.hints, key=lambda hint: abs(hint - same))
        while abs(other - same) > step:
            middle = self._next(same, other, label, hints)
            found = self._differs(middle)
            if found is None:
                same = middle
            else:
                other, label = middle, found
        return other

    def _differs(self, value: int) -> str | None:
        """What runs at a value, if it is not what runs now; empty if nothing fits."""
        self.tried.add(value)
        then = self.replanner.with_change(self.lever.change(value))
        if then is None:
            return ""
        self.points.setdefault(then.label, []).append((value, then.cost))
        return None if then.label == self.now.label else then.label

    def _next(self, same: int, other: int, label: str, hints: list[int]) -> int:
        """The next value to try, strictly between the two."""
        low, high = sorted((same, other))
        while hints:
            hint = hints.pop(0)
            if low < hint < high:
                return self._stepped(hint, other, low, high)
        guess = self._crossing(label) if self.guesses < _GUESSES else None
        if guess is not None:
            self.guesses += 1
            for value in (guess + n * self.lever.step for n in (0, -1, 1, -2, 2)):
                if low < value < high and value not in self.tried:
                    return self._stepped(value, other, low, high)
        near, far = (abs(value - self.lever.now) for value in (same, other))
        near = max(near, self.lever.step)
        middle = isqrt(near * far) if far > 4 * near else (near + far) // 2
        value = self.lever.now + (middle if other > same else -middle)
        return self._stepped(value, other, low, high)

    def _stepped(self, value: int, anchor: int, low: int, high: int) -> int:
        """The nearest value between two that is a whole number of steps from an end."""
        step = self.lever.step
        value = anchor + round(Fraction(value - anchor, step)) * step
        return min(max(value, low + step), high - step) if high - low > step else value

    def _crossing(self, label: str) -> int | None:
        """Where the plan of now and another one cost the same, if both lines are known."""
        mine, theirs = (self.points.get(name, []) for name in (self.now.label, label))
        if len(theirs) == 1 and len(mine) > 1 and label:
            return self._tied(mine, theirs[0])
        lines = [_line(self.points.get(name, ())) for name in (self.now.label, label)]
        if not label or lines[0] is None or lines[1] is None:
            return None
        (slope, base), (other_slope, other_base) = lines[0], lines[1]
        if slope == other_slope:
            return None
        return round((other_base - base) / (slope - other_slope))

    def _tied(self, mine: Sequence[tuple[int, int]], end: tuple[int, int]) -> int | None:
        """The far end itself, where both plans cost the same there but for what is rounded."""
        line = _line(mine)
        if line is None or abs(line[0] * end[0] + line[1] - end[1]) > _ROUNDED:
            return None
        return end[0]


def _line(points: Sequence[tuple[int, int]]) -> tuple[Fraction, Fraction] | None:
    """Slope and height at 0 of the line through the two points that are farthest apart."""
    if len(points) < 2:
        return None
    (x, y), (x2, y2) = min(points), max(points)
    if x == x2:
        return None
    slope = Fraction(y2 - y, x2 - x)
    return slope, y - slope * x

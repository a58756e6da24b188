"""Which candidates no other one beats, by differences that mean something, and which one to ship.

Each figure is first put into steps: the best value and all that are alike begin the first one, the
best of the rest the second, and so on. Steps are compared, so that to beat is transitive, and of
candidates alike in everything the more promising recipe, which stands earlier, beats the later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hybridspec.ir.candidate import Candidate, State

LATENCY, MEMORY, SIZE = 0.03, 0.02, 0.02
"""Shares by which times, bytes in memory and bytes of files may differ and are alike."""
DECIBELS = 1.0
"""The same for closeness to the original, where no metric ranks."""
_FAR = 10**15
_Steps = Mapping[int, tuple[int, ...]]


def front(candidates: Sequence[Candidate]) -> frozenset[int]:
    """Numbers of the candidates that passed and that no other one beats."""
    return _unbeaten(_steps(candidates))


def best(candidates: Sequence[Candidate]) -> int | None:
    """The fastest on the front; of those that are equally fast the earliest."""
    steps = _steps(candidates)
    return min(_unbeaten(steps), key=lambda index: (steps[index][0], index), default=None)


def _unbeaten(steps: _Steps) -> frozenset[int]:
    return frozenset(index for index in steps
                     if not any(_beats(steps, other, index) for other in steps))  # fmt: skip


def _beats(steps: _Steps, one: int, other: int) -> bool:
    mine, its = steps[one], steps[other]
    nowhere_worse = all(a <= b for a, b in zip(mine, its, strict=True))
    return nowhere_worse and (mine != its or one < other)


def _steps(candidates: Sequence[Candidate]) -> _Steps:
    """Steps of latency, loss, memory and size of what passed, zero being the best."""
    passed = {i: one for i, one in enumerate(candidates) if one.state is State.PASSED}
    if not passed:
        return {}
    known = list(passed.values())
    loss, apart = _losses(known)
    axes = (
        _ranked([one.latency.mid if one.latency else _FAR for one in known], share=LATENCY),
        _ranked(loss, apart=apart),
        _ranked([one.memory for one in known], share=MEMORY),
        _ranked([one.size for one in known], share=SIZE),
    )
    return dict(zip(passed, zip(*axes, strict=True), strict=True))


def _losses(known: Sequence[Candidate]) -> tuple[list[float], float]:
    """What each loses, less being better, and how much of it is nothing.

    That is the narrowest interval of the metric, or a decibel where closeness has to do.
    """
    found = [one.verdict.evidence for one in known if one.verdict is not None]
    if len(found) < len(known) or not all(one.metric for one in found):
        return [-one.verdict.evidence.sqnr_db if one.verdict else 0.0 for one in known], DECIBELS
    widths = [one.interval for one in found if one.interval > 0]
    return [-one.variant for one in found], min(widths, default=0.0)


def _ranked(values: Sequence[float], *, share: float = 0.0, apart: float = 0.0) -> list[int]:
    """The step of each value.

    >>> _ranked([100, 102, 104, 90], share=0.03)
    [1, 1, 2, 0]
    >>> _ranked([-42.4, -37.5, -37.1], apart=1.0)
    [0, 1, 1]
    """
    steps: dict[float, int] = {}
    first, step = 0.0, -1
    for value in sorted(set(values)):
        if step < 0 or value > first + max(apart, share * abs(first)):
            first, step = value, step + 1
        steps[value] = step
    return [steps[value] for value in values]

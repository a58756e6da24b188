"""Times two models on this machine, in turns, so that what else runs here slows both alike."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from hybridspec.optimise.data import Arrays
from hybridspec.optimise.run import one_sample, session

WARM = 3
LEAST, MOST = 15, 400
"""Pairs that are timed at least and at most."""
SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Microseconds of both models, the median and the least of `pairs` each, and of the ratio.

    `ratio` is the median over pairs of the original's time by the variant's.
    """

    original: int
    variant: int
    original_least: int
    variant_least: int
    ratio: float
    pairs: int
    threads: int


def usable(threads: int) -> int:
    """As many of the wanted threads as this process may have cores; more make models slower."""
    return max(1, min(threads, len(os.sched_getaffinity(0))))


def compare(
    original: Path, variant: Path, inputs: Arrays, threads: int = 1, seconds: float = SECONDS
) -> Timing:
    """Run both in turns on one sample until the time is up."""
    count = usable(threads)
    pair = [session(path, count) for path in (original, variant)]
    feeds = [one_sample(one, inputs) for one in pair]
    for _ in range(WARM):
        for one, feed in zip(pair, feeds, strict=True):
            one.run(None, feed)
    taken: tuple[list[int], list[int]] = ([], [])
    end = time.monotonic() + seconds
    while len(taken[0]) < LEAST or (time.monotonic() < end and len(taken[0]) < MOST):
        for index in ((0, 1), (1, 0))[len(taken[0]) % 2]:
            taken[index].append(_once(pair[index], feeds[index]))
    ratios = sorted(a / b for a, b in zip(*taken, strict=True))
    first, second = (sorted(one) for one in taken)
    middle = len(first) // 2
    return Timing(
        original=_us(first[middle]), variant=_us(second[middle]), original_least=_us(first[0]),
        variant_least=_us(second[0]), ratio=round(ratios[middle], 4), pairs=len(first),
        threads=count,
    )  # fmt: skip


def _once(one: onnxruntime.InferenceSession, feed: Arrays) -> int:
    start = time.perf_counter_ns()
    one.run(None, feed)
    return max(1, time.perf_counter_ns() - start)


def _us(nanoseconds: int) -> int:
    return max(1, round(nanoseconds / 1000))

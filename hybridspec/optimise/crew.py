"""Several chains of work at once; the first failure, a deadline or Ctrl-C ends all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from hybridspec.base.errors import Cancelled
from hybridspec.optimise.workshop import Progress, Workshop

T = TypeVar("T")
_SLOW_S = 15
"""After how many seconds without news somebody at a terminal wonders."""


def together(
    chains: Sequence[Callable[[], T]], workshop: Workshop, progress: Progress,
    deadline: float | None = None,
) -> list[T | None]:  # fmt: skip
    """The result of each chain, in their order; None for one that the deadline cut short.

    Chains start in their order, so that what is cut short is what comes last.
    """
    if not chains:
        return []
    pool = ThreadPoolExecutor(max_workers=max(1, min(workshop.width, len(chains))))
    futures = [pool.submit(chain) for chain in chains]
    try:
        _watch(futures, progress, deadline)
        if not all(future.done() for future in futures):
            pool.shutdown(wait=False, cancel_futures=True)
            workshop.end()
        return [_result(future) for future in futures]
    except BaseException:
        workshop.end()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _watch(futures: Sequence[Future[T]], progress: Progress, deadline: float | None) -> None:
    """Until all are done or the deadline; raises what the first failure raised."""
    began = time.monotonic()
    news = began
    while True:
        now = time.monotonic()
        left = _SLOW_S if deadline is None else min(_SLOW_S, deadline - now)
        if left <= 0:
            return
        done, waiting = wait(futures, timeout=left, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        if not waiting:
            return
        if time.monotonic() - news >= _SLOW_S:
            news = time.monotonic()
            progress(f"{len(done)} of {len(futures)} done after {news - began:.0f} s")


def _result(future: Future[T]) -> T | None:
    if future.cancelled():
        return None
    try:
        return future.result()
    except Cancelled:
        return None

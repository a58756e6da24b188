"""Measurements of models on device classes, which go before estimates and correct them."""

from __future__ import annotations

from dataclasses import dataclass

from hybridspec.base.source import Span
from hybridspec.ir.kernel import Kernels
from hybridspec.ir.origin import maybe, spanned


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Median and 95th percentile of one inference in microseconds, with the day."""

    device: str
    variant: str
    p50: int
    p95: int
    on: str
    origin: Span = spanned()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A measurement of any model, from a file: the SHA-256 of the model, and what it does.

    `threads` are those of the runtime; the work is what `ModelFacts` says of the file that ran.
    `architecture` is the machine's, as catalogues call it; `free` is the size that was chosen for
    what the model leaves open, 0 where it leaves nothing.
    """

    model: str
    variant: str
    threads: int
    p50: int
    p95: int
    on: str
    kernels: Kernels
    moved: int
    weights: int
    operators: int
    architecture: str
    free: int = 0
    origin: Span | None = maybe()

"""Measurements of a model on a device class, which go before estimates."""

from __future__ import annotations

from dataclasses import dataclass

from hybridspec.base.source import Span
from hybridspec.ir.origin import spanned


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """Median and 95th percentile of one inference in microseconds, with the day."""

    device: str
    variant: str
    p50: int
    p95: int
    on: str
    origin: Span = spanned()

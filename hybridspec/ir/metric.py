"""Metrics: which measure what kind of task, and which a model cannot have by the shape of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from hybridspec.ir.graph import ModelFacts

METRICS = {
    "classification": ("accuracy", "f1", "top5", "auc"),
    "regression": ("r2", "d2"),
    "detection": ("map", "map50"),
}
"""What measures a task; the first is meant where none is stated."""
_BEST = 5


def default(task: str) -> str:
    """The metric of a task where none is stated; none of a task that is not stated."""
    return METRICS[task][0] if task in METRICS else ""


def unfit(metric: str, facts: ModelFacts) -> str:
    """Why a model cannot have a metric, as a clause about it; empty if nothing says so."""
    if not facts.outputs:
        return ""
    first = facts.outputs[0]
    count = _per_sample(first.shape)
    if metric in METRICS["detection"]:
        if any(len(tensor.shape) == 3 for tensor in facts.outputs):
            return ""
        return f"`{metric}` needs boxes, and none of its outputs has three dimensions"
    if metric == "auc":
        return "" if count <= 2 else f"`auc` tells two classes apart, and it knows {count}"
    if metric == "top5":
        few = 0 < count <= _BEST
        return f"it knows {count} classes: the best {_BEST} are all of them" if few else ""
    if metric in METRICS["classification"] and count == 1 and first.dtype.startswith("float"):
        return f"`{metric}` needs classes, and its first output is one score per sample"
    if metric in METRICS["regression"] and not first.dtype.startswith("float"):
        return f"`{metric}` needs numbers, and its first output is {first.dtype}"
    return ""


def _per_sample(shape: Sequence[int]) -> int:
    """How many numbers a sample has; 0 where nobody can tell."""
    sizes = shape[1:]
    return math.prod(sizes) if all(size > 0 for size in sizes) else 0

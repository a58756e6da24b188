"""Non-negative constants by maximum a posteriori: relative errors, and a prior across devices.

Constants are exponentials, so none is negative; errors are differences of logarithms, so that a
small network counts as much as a large one. What a configuration's own networks do not tell comes
from a normal prior over the logarithms, whose mean and covariance are those of all configurations
(empirical Bayes): what is fast at one kind tends to be fast at the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from estimator.table import FEATURES, Numbers

NOISE = 0.12
"""Standard deviation of the logarithm of a latency around any such model."""
ROUNDS = 8
LIKE = {"attention": "pointwise", "gemm": "pointwise"}
"""A kind that no network of the fit has costs as much as another, give or take `STRANGE`."""
STRANGE = 0.3
_LOOSE, _COMMON, _FLOOR = 1.0, 100.0, 0.005
"""Variances at the start of each logarithm and of all together, and the least at the end."""


@dataclass(frozen=True)
class Prior:
    """A normal distribution over logarithms of constants."""

    mean: Numbers
    covariance: Numbers


@dataclass(frozen=True)
class Fit:
    """Logarithms of constants, and their covariance given the data."""

    mean: Numbers
    covariance: Numbers


def predict(work: Numbers, fit: Fit) -> Numbers:
    """Logarithms of milliseconds; `work` has one network a row."""
    return np.log(np.atleast_2d(work) @ np.exp(fit.mean))


def fitted(work: Numbers, logs: Numbers, prior: Prior) -> Fit:
    """Constants of one configuration, by Levenberg-Marquardt steps from the prior's mean."""
    pull = np.linalg.inv(prior.covariance)
    at, damping = prior.mean.copy(), 1e-3

    def cost(x: Numbers) -> float:
        error, off = logs - np.log(work @ np.exp(x)), x - prior.mean
        return float(error @ error / NOISE**2 + off @ pull @ off)

    best = cost(at)
    for _ in range(60):
        slope = _slope(work, at)
        error = logs - np.log(work @ np.exp(at))
        matrix = slope.T @ slope / NOISE**2 + pull
        force = slope.T @ error / NOISE**2 - pull @ (at - prior.mean)
        found = best
        while damping < 1e8:
            new = at + np.linalg.solve(matrix + damping * np.eye(len(at)), force)
            found = cost(new)
            if found <= best:
                break
            damping *= 4
        if found > best or best - found < 1e-9 * (1 + best):
            break
        at, best, damping = new, found, max(damping / 3, 1e-9)
    slope = _slope(work, at)
    return Fit(at, np.linalg.inv(slope.T @ slope / NOISE**2 + pull))


def _slope(work: Numbers, at: Numbers) -> Numbers:
    parts = work * np.exp(at)
    return parts / parts.sum(1)[:, None]


def together(
    works: Sequence[Numbers], logs: Sequence[Numbers], centres: Sequence[Numbers] | None = None
) -> tuple[Prior, list[Fit]]:
    """The prior of many configurations and the fit of each.

    With `centres`, each configuration's prior is around its own centre (the constants of another
    precision on the same device), and what is pooled is the difference.
    """
    size = len(FEATURES)
    mean = np.zeros(size) if centres is not None else _start(works, logs)
    around = centres if centres is not None else [np.zeros(size)] * len(works)
    common = 1.0 if centres is not None else _COMMON
    loose = 0.1 if centres is not None else _LOOSE
    covariance = np.eye(size) * loose + np.ones((size, size)) * common
    fits: list[Fit] = []
    for _ in range(ROUNDS):
        fits = [
            fitted(w, y, Prior(mean + centre, covariance))
            for w, y, centre in zip(works, logs, around, strict=True)
        ]
        prior = pooled(works, fits, around, tied=centres is None)
        mean, covariance = prior.mean, prior.covariance
    return Prior(mean, covariance), fits


def pooled(
    works: Sequence[Numbers], fits: Sequence[Fit], around: Sequence[Numbers], *, tied: bool
) -> Prior:
    """The distribution that fits of several configurations are samples of."""
    points = np.array([fit.mean - centre for fit, centre in zip(fits, around, strict=True)])
    mean = points.mean(0)
    off = points - mean
    covariance = off.T @ off / len(points) + np.mean([fit.covariance for fit in fits], axis=0)
    seen = np.vstack(works).max(0) > 0
    for kind, other in LIKE.items() if tied else ():
        i, j = FEATURES.index(kind), FEATURES.index(other)
        if not seen[i]:
            mean[i] = mean[j]
            covariance[i], covariance[:, i] = covariance[j], covariance[:, j]
            covariance[i, i] = covariance[j, j] + STRANGE
    return Prior(mean, covariance + _FLOOR * np.eye(len(FEATURES)))


def _start(works: Sequence[Numbers], logs: Sequence[Numbers]) -> Numbers:
    """Constants by which each kind takes the same share of the mean latency, but for `LIKE`."""
    mean = np.vstack(works).mean(0)
    for kind, other in LIKE.items():
        mean[FEATURES.index(kind)] = mean[FEATURES.index(other)]
    share = np.exp(np.concatenate(list(logs))).mean() / len(FEATURES)
    return np.log(share / np.where(mean > 0, mean, 1.0))

"""What a few sums tell of their parts: factors by maximum a posteriori, and what they leave open.

Each sample is a sum of parts, each times a factor of its own, known up to a relative error. The
logarithms of the factors are normal around 0 with a known covariance: parts that vary together
are corrected together. Plain floats in a fixed order, so that all machines agree on the digits
that are kept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

Vector = Sequence[float]
Matrix = Sequence[Vector]
_ROUNDS = 40
_CLOSE = 1e-9


class Sample(NamedTuple):
    """What each part was expected to be, and what all of them were together."""

    parts: Vector
    whole: float


class Variation(NamedTuple):
    """How factors vary, the error around such a sum, and where 90 % of latencies are.

    `low` and `high` are in standard deviations of what is not known of a sum.
    """

    covariance: Matrix
    noise: float
    low: float
    high: float


class Factors(NamedTuple):
    """Logarithms of the factors, and their covariance once the samples are known."""

    logs: Vector
    covariance: Matrix


def factors(samples: Sequence[Sample], covariance: Matrix, noise: float) -> Factors:
    """The likeliest factors; `noise` is the standard deviation of the logarithm of a sample.

    Levenberg-Marquardt steps from factors of 1.
    """
    pull = solved(covariance, _unit(len(covariance)))
    weight = 1 / noise**2
    at, damping = [0.0] * len(covariance), 1e-3
    best = _cost(samples, at, pull, weight)
    for _ in range(_ROUNDS):
        slopes = [shares(one.parts, at) for one in samples]
        force = [-value for value in _times(pull, at)]
        for one, slope in zip(samples, slopes, strict=True):
            force = [f + weight * _miss(one, at) * s for f, s in zip(force, slope, strict=True)]
        found = best
        while damping < 1e8:
            matrix = _damped(_sharper(pull, slopes, weight), damping)
            step = solved(matrix, [[value] for value in force])
            new = [a + d[0] for a, d in zip(at, step, strict=True)]
            found = _cost(samples, new, pull, weight)
            if found <= best:
                break
            damping *= 4
        if found > best or best - found < _CLOSE * (1 + best):
            break
        at, best, damping = new, found, max(damping / 3, 1e-9)
    slopes = [shares(one.parts, at) for one in samples]
    return Factors(at, solved(_sharper(pull, slopes, weight), _unit(len(at))))


def shares(parts: Vector, logs: Vector) -> list[float]:
    """What each part contributes to the sum once it is corrected; 1 together."""
    own = [part * math.exp(log) for part, log in zip(parts, logs, strict=True)]
    whole = sum(own)
    return [part / whole for part in own]


def deviation(share: Vector, covariance: Matrix, noise: float) -> float:
    """Standard deviation of the logarithm of a sum to which its parts contribute these shares."""
    return math.sqrt(_dot(share, _times(covariance, share)) + noise**2)


def solved(matrix: Matrix, right: Matrix) -> list[list[float]]:
    """The solution of a system with a positive definite matrix, by Gaussian elimination."""
    size = len(matrix)
    rows = [[*matrix[i], *right[i]] for i in range(size)]
    for i in range(size):
        for j in range(i + 1, size):
            times = rows[j][i] / rows[i][i]
            if times:
                rows[j] = [b - times * a for a, b in zip(rows[i], rows[j], strict=True)]
    for i in reversed(range(size)):
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for j in range(i):
            times = rows[j][i]
            if times:
                rows[j] = [b - times * a for a, b in zip(rows[i], rows[j], strict=True)]
    return [row[size:] for row in rows]


def _cost(samples: Sequence[Sample], at: Vector, pull: Matrix, weight: float) -> float:
    return weight * sum(_miss(one, at) ** 2 for one in samples) + _dot(at, _times(pull, at))


def _miss(one: Sample, at: Vector) -> float:
    whole = sum(part * math.exp(log) for part, log in zip(one.parts, at, strict=True))
    return math.log(one.whole / whole)


def _sharper(pull: Matrix, slopes: Sequence[Vector], weight: float) -> list[list[float]]:
    """The inverse of the covariance once samples with these slopes are known."""
    found = [list(row) for row in pull]
    for slope in slopes:
        for i, share in enumerate(slope):
            if share:
                found[i] = [a + weight * share * b for a, b in zip(found[i], slope, strict=True)]
    return found


def _damped(matrix: list[list[float]], damping: float) -> list[list[float]]:
    for i, row in enumerate(matrix):
        row[i] += damping
    return matrix


def _unit(size: int) -> list[list[float]]:
    return [[float(i == j) for j in range(size)] for i in range(size)]


def _times(matrix: Matrix, vector: Vector) -> list[float]:
    return [_dot(row, vector) for row in matrix]


def _dot(left: Vector, right: Vector) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))

"""Percentiles: what a leg takes at most with a stated chance, and what waiting in a queue adds.

A bound on a percentile of a sum needs more than the percentiles of its parts. The legs share the
chance to be late, so a bound for 95 % of events over four of them looks at each at 98.75 %. By the
union bound the sum then holds whatever the legs have in common, and however the chance is shared:
slow networks and full queues may come together.

A leg is a lognormal variable through its median and its 95th percentile: times cannot be negative
and are skewed towards the slow side. A queue is M/G/1, first come, first served: arrivals at random
(Poisson) of jobs that take `job` at most. Kingman's martingale bound (Proceedings of the Cambridge
Philosophical Society 60, 1964, 359-361) says of its wait that P(W > t) <= exp(-ht) for every h
with E[exp(h(S - A))] <= 1. Since exp(hs) - 1 <= s/job (exp(h job) - 1) for s <= job, that holds
for all mixes of jobs with the same utilisation r if r (exp(x) - 1) = x, where x = h job. Periodic
sensors that are not in step queue less than Poisson arrivals do (Roberts and Virtamo, IEEE
Transactions on Communications 39, 1991, 298-303). Only a share r of events waits at all.

All figures are exact decimals, rounded up to whole microseconds: the same on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Context, Decimal
from fractions import Fraction
from functools import lru_cache
from statistics import NormalDist

_MATHS = Context(prec=30)
_ULP = Decimal("1e-9")
"""What rounding up leaves out of account, in microseconds: noise of the last digits."""
_KNOWN = 1_644_854
"""The normal deviate of the 95th percentile, which is the one that figures state, in millionths."""


@dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """How often one leg may be slower than what it is counted with.

    `deviate` is the normal deviate in millionths, `log` the logarithm of one over `share`.
    """

    share: Fraction
    deviate: int
    log: Decimal


@lru_cache(maxsize=1024)
def tail(share: Fraction) -> Tail:
    """All but `share` of events."""
    deviate = round(-NormalDist().inv_cdf(float(share)) * 1_000_000)
    return Tail(share, deviate, _MATHS.ln(Decimal(share.denominator) / share.numerator))


@lru_cache(maxsize=65_536)
def slowest(mid: int, high: int, of: Tail) -> int:
    """Microseconds that a leg with a median and a 95th percentile takes at most, but for `of`."""
    if high <= mid:
        return high
    median = Decimal(max(1, mid))
    power = _MATHS.divide(Decimal(of.deviate), Decimal(_KNOWN))
    stretch = _MATHS.multiply(_MATHS.ln(_MATHS.divide(Decimal(high), median)), power)
    return _up(_MATHS.multiply(median, _MATHS.exp(stretch)))


@lru_cache(maxsize=65_536)
def wait(job: int, used: Fraction, of: Tail) -> int:
    """Microseconds before an event's turn where jobs of at most `job` keep a server `used` busy."""
    if not job or used <= of.share:
        return 0
    return _up(_MATHS.divide(_MATHS.multiply(Decimal(job), of.log), _decay(used)))


@lru_cache(maxsize=65_536)
def clear(work: int, job: int, used: Fraction, of: Tail) -> int:
    """Microseconds until `work` is done behind everything else, present and still to come.

    With what is there and what arrives bounded at half of the exponent of `wait`, the chance of not
    being done by t is at most 2 exp(h (a t + work - t)) for the effective rate a of arrivals.
    """
    if not job or not used:
        return work
    x = _MATHS.divide(_decay(used), Decimal(2))
    rate = _MATHS.divide(Decimal(used.numerator), Decimal(used.denominator))
    arriving = _MATHS.divide(_MATHS.multiply(rate, _MATHS.exp(x) - 1), x)
    log = _MATHS.add(of.log, _MATHS.ln(Decimal(2)))
    ahead = _MATHS.divide(_MATHS.multiply(log, Decimal(job)), x)
    return _up(_MATHS.divide(Decimal(work) + ahead, 1 - arriving))


def mean_wait(job: int, used: Fraction) -> int:
    """The mean wait at most, by Pollaczek and Khinchin; E[S^2] is no more than job E[S]."""
    return int(used * job / (2 * (1 - used)))


@lru_cache(maxsize=4096)
def _decay(used: Fraction) -> Decimal:
    """The x > 0 with used (exp(x) - 1) = x, by Newton's method from above."""
    per = _MATHS.divide(Decimal(used.denominator), Decimal(used.numerator))
    x = _MATHS.add(_MATHS.multiply(Decimal(2), _MATHS.ln(per)), Decimal(1))
    while True:
        power = _MATHS.exp(x)
        step = _MATHS.divide(power - 1 - _MATHS.multiply(per, x), power - per)
        x = _MATHS.subtract(x, step)
        if step < Decimal("1e-20"):
            return x


def _up(value: Decimal) -> int:
    return int((value - _ULP).to_integral_value(ROUND_CEILING))

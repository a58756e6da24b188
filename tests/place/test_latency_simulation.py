"""The stated percentile against simulation: never below what events take, and not far above it."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from place.simulated import World, arrivals, latencies, queued, tandem
from property.graphs import bound, data, device, flow, graph, region, site, stage, table, zone

from hybridspec.base.units import SECOND
from hybridspec.ir.plan import Estimate
from hybridspec.place.crowd import Crowd
from hybridspec.place.layout import Layout
from hybridspec.place.percentile import clear, tail, wait

CASES = 300 if os.environ.get("HYBRIDSPEC_NIGHTLY") else 20
EVENTS = 30_000
FACTOR = 4.0
"""How far above the simulated percentile the stated one may be, from p90 on, slow legs together."""


def case(seed: int) -> tuple[Layout, World]:
    """A random chain of stages, cut somewhere or not, with neighbours at a random utilisation."""
    rng = random.Random(seed)
    rate = Fraction(rng.choice((5, 50, 400)))
    frames = data(rate=rate, size=rng.choice((200, 4_000, 60_000)))
    gateway = device(
        uplink_bandwidth=rng.choice((2 * 10**6, 20 * 10**6, 10**9)),
        uplink_rtt=rng.choice((0, 9_000, 60_000)),
    )
    count = rng.randint(1, 4)
    names = ["frames", *(f"t{i}" for i in range(rng.randint(1, 4)))]
    stages = [
        stage(name, before, input_rate=rate, output_rate=rate, output_size=rng.choice((64, 2_000)))
        for before, name in pairwise(names)
    ]
    percentile = rng.choice((500, 900, 950, 950, 990))
    line = random.Random(f"line {seed}").choice((None, None, 4 * 10**6, 50 * 10**6))
    lab = site("lab", zone(), (gateway, count), lan_rtt=rng.choice((0, 2_000, 20_000)), line=line,
               lan=None if seed % 3 else 40 * frames.size * int(rate) + 10**6)  # fmt: skip
    of = replace(bound(SECOND, names[-1]), percentile=percentile)
    one = flow("watch", frames, (lab,), *stages, latency=of)

    def figures(*_: object) -> Estimate:
        mid = rng.choice((20, 300, 2_500))
        return Estimate(
            low=0, mid=mid, high=mid + rng.choice((0, mid // 2, mid, 2 * mid)), basis=""
        )

    made, job, message = graph(one, regions=(region(),)), (0, 500, 9_000), (0, 1_000, 30_000)
    cut = rng.randint(1, len(names))
    layout = Layout(
        graph=made, table=table(made, figures), site=lab, flow=one, device=gateway, count=count,
        region=region(), cloud=frozenset(names[cut:]), variants=(),
        others=Crowd(job=rng.choice(job), message=rng.choice(message), line_message=30_000,
                     born=10 * frames.size * int(rate), event=2 * frames.size),
    )  # fmt: skip
    busy, full = (min(1000, max(own, rng.randint(0, 1000))) for own in layout.used[:2])
    return layout, World(
        busy=busy, full=full, streams=rng.choice((0, 0, 3, 11)), together=rng.random() < 0.5,
        line=min(1000, max(seed * 37 % 1000, *layout.used[2:])) if line else 0,
    )  # fmt: skip


def cases() -> list[tuple[int, Layout, World]]:
    """Those that devices and uplinks can carry at all."""
    drawn = ((seed, *case(seed)) for seed in range(CASES))
    return [(seed, layout, world) for seed, layout, world in drawn if max(layout.used) <= 1000]


def test_no_more_events_are_late_than_the_percentile_allows() -> None:
    ratios = []
    for seed, layout, world in cases():
        assert layout.path is not None
        used = (world.busy, world.full, world.line)
        stated = layout.path.high(used[: len(layout.used)])
        times = latencies(layout, world, np.random.default_rng(seed), EVENTS)
        share = layout.path.bound.percentile / 1000
        seen = float(np.quantile(times, share))
        assert stated >= seen, f"seed {seed}: {seen} us at p{100 * share:g}, stated {stated}"
        if world.together and share >= 0.9:
            ratios.append(stated / seen)
    assert len(ratios) >= CASES / 8
    assert max(ratios) < FACTOR, f"{sorted(ratios)[-5:]}, median {np.median(ratios)}"
    print(f"{len(ratios)} cases: median {np.median(ratios):.2f}, largest {max(ratios):.2f}")


@pytest.mark.parametrize(
    "used", [Fraction(1, 10), Fraction(3, 10), Fraction(1, 2), Fraction(7, 10)]
)
@pytest.mark.parametrize("share", [500, 950, 990, 998])
def test_a_wait_is_that_of_the_worst_queue_and_not_far_above(used: Fraction, share: int) -> None:
    rng, events = np.random.default_rng(1), 400_000
    gaps = arrivals(rng, 1000 / float(used), events, 0)
    jobs = np.full(events, 1000.0)
    _, waits = queued(gaps, jobs, np.zeros(0), np.zeros(0), float(gaps[-1]))
    seen = float(np.quantile(waits, share / 1000))
    stated = wait(1000, used, tail(1 - Fraction(share, 1000)))
    assert seen <= stated * 1.01 + 10
    assert stated <= 1.2 * seen + 1_000


@pytest.mark.parametrize("seed", range(24))
def test_the_uplink_behind_uplinks_keeps_nobody_longer_than_its_share(seed: int) -> None:
    rng = np.random.default_rng(seed)
    senders, chance = int(rng.integers(1, 9)), float(rng.choice((0.5, 0.1, 0.05, 0.01)))
    largest, events = int(rng.choice((200, 4_000, 60_000))), 120_000
    sizes = largest * rng.choice((1.0, 1.0, 0.2, 0.02), events)
    mean, full = float(np.mean(sizes)), rng.uniform(0.05, 0.8, 2)
    wires = (1.0, float(full[1] / full[0] / senders))
    waits = tandem(rng, senders, mean / float(full[0]), sizes, wires, int(rng.choice((0, 0, 5))))
    seen = float(np.quantile(waits, 1 - chance))
    late = tail(Fraction(chance) / 2)
    stated = sum(wait(int(largest * wire), Fraction(part).limit_denominator(10**6), late)
                 for wire, part in zip(wires, full, strict=True))  # fmt: skip
    assert seen <= stated * 1.01 + 10, f"{seen} of {stated}, {senders} at {full}"


def test_what_goes_behind_everything_else_is_done_when_it_should() -> None:
    rng, job, work, used = np.random.default_rng(2), 1_000, 40_000, Fraction(6, 10)
    stated = clear(work, job, used, tail(Fraction(5, 100)))
    ends = []
    for _ in range(400):
        when = arrivals(rng, job / float(used), 4_000, 0)
        _, waits = queued(
            when, np.full(4_000, float(job)), np.zeros(0), np.zeros(0), float(when[-1])
        )
        start = when[2_000]
        later, left = when[2_001:] - start, waits[2_000] + work
        for n, tick in enumerate(later):
            if tick >= left + n * job:
                break
        ends.append(left + n * job)
    seen = float(np.quantile(ends, 0.95))
    assert seen <= stated <= 2 * seen

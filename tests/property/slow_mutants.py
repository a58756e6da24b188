"""Faults to put into latencies on purpose, each with what it gets wrong."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from hybridspec.ir.latency import NOTHING
from hybridspec.ir.plan import Ceiling, Leg
from hybridspec.place import candidates, configuration, path
from hybridspec.place.crowd import Crowd
from hybridspec.place.layout import Layout

Patch = pytest.MonkeyPatch


def drop_the_service_time(patch: Patch) -> None:
    """An endpoint answers at once."""
    patch.setattr(path, "_service", lambda of: Leg(name="", kind="network", estimate=NOTHING))


def judge_by_the_middle(patch: Patch) -> None:
    """A bound is met by the middle estimate."""
    real = path.tail
    patch.setattr(path, "tail", lambda share: real(Fraction(1, 2)))


def judge_each_leg_alone(patch: Patch) -> None:
    """Every leg may be late as often as all of them together."""
    real = path.tail
    patch.setattr(path, "tail", lambda share: real(Fraction(1, 20)))


def nobody_waits(patch: Patch) -> None:
    """Devices and uplinks are always free."""
    patch.setattr(path, "_turn", lambda *_: NOTHING)
    patch.setattr(path, "_send", lambda *_: NOTHING)


def nobody_comes(patch: Patch) -> None:
    """Other flows have jobs and messages as small as this one's."""
    patch.setattr(candidates, "crowds", lambda table, flow, site: (Crowd(),) * len(site.devices))


def ignore_the_ceiling(patch: Patch) -> None:
    """Others may fill what a flow shares, however late it gets."""
    patch.setattr(configuration, "ceiling", lambda layout: Ceiling())


def forget_the_window(patch: Patch) -> None:
    """An aggregate emits at once."""
    patch.setattr(path, "_window", lambda stage: ())


def forget_the_lan(patch: Patch) -> None:
    """A sensor is reached in no time."""
    real = path._lan
    patch.setattr(path, "_lan", lambda rtt, *rest: real(0, *rest))


def forget_the_network(patch: Patch) -> None:
    """What is born at a site never waits for its network."""
    patch.setattr(path, "_network", lambda *_: NOTHING)


def take_the_first_branch(patch: Patch) -> None:
    """A stage waits for the first of its inputs alone, and a device works on that one alone."""
    patch.setattr(path, "_slow", lambda routes: [next(iter(routes))])
    real = path._Share._all

    def routes(self: Any) -> Any:
        found = real(self)
        self._visit = found[0].here
        return found

    patch.setattr(path._Share, "_all", routes)


def round_sending_down(patch: Patch) -> None:
    """Half a round trip, and sending that is never felt."""
    real = path._hop
    patch.setattr(path, "_hop", lambda name, size, rtt, *rest: real(
        name, 0, rtt // 2, *rest))  # fmt: skip


def send_at_once(patch: Patch) -> None:
    """What is sent in batches does not wait for them."""
    patch.setattr(Layout, "batch", 0)

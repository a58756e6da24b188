"""How wrong the fits are of what they have not seen: a network anywhere, or a device.

A network that is left out is unseen on all devices, so the prior does not know it either.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from estimator.fit import Fit, Prior, predict, together
from estimator.table import FEATURES, LUMPED, WORK, Config, Numbers, Table

FEWEST = 6
"""Networks that a configuration needs for its own constants; in int8, where the table has five."""
FEWEST_INT8 = 3
LEVEL = 0.9
LEAST = 0.01
"""What an interval has on each side, lest it cannot be widened."""


class Error(NamedTuple):
    """Logarithm of estimate over latency, and how much of it was to be expected."""

    config: Config
    net: str
    log: float
    unsure: float = 1.0


class Group(NamedTuple):
    """Configurations that share a prior, and for int8 those that each is fitted around."""

    name: str
    configs: list[Config]
    floats: dict[Config, Config]
    lumped: bool = False
    """Whether one constant is for all multiply-accumulates."""

    def work(self, net: str) -> Numbers:
        """What a network does, by `FEATURES`."""
        return LUMPED[net] if self.lumped else WORK[net]


def groups(table: Table) -> list[Group]:
    """The configurations of ncnn, whose graphs are known: CPU, GPU, and CPU in int8."""
    cpu = [c for c in table if c.runtime == "ncnn" and c.threads and c.precision != "int8"]
    int8 = [c for c in table if c.runtime == "ncnn" and c.threads and c.precision == "int8"]
    twin = {c[:3] + c[4:]: c for c in cpu}
    return [
        Group("CPU", cpu, {}),
        Group("GPU", [c for c in table if c.runtime == "ncnn-vulkan"], {}),
        Group("CPU int8", int8, {c: twin[c[:3] + c[4:]] for c in int8}),
    ]


def npus(table: Table) -> list[Group]:
    """The neural processors of Qualcomm, in floating point and in 8 bit."""
    return [
        Group(f"NPU {precision}", [
            c for c in table if c.runtime == "qnn" and c.precision == precision
        ], {}, lumped=True)
        for precision in ("fp16(float)", "w8a8")
    ]  # fmt: skip


class Fitted(NamedTuple):
    """All fits of a group."""

    prior: Prior
    fits: dict[Config, Fit]
    works: dict[Config, Numbers]
    centres: dict[Config, Numbers]
    """What each was fitted around, beside the prior."""


def fit_group(table: Table, group: Group, without: str = "") -> Fitted:
    """Fits of a group's configurations, with one network left out everywhere."""
    nets = {c: [n for n in table[c] if n != without] for c in group.configs}
    fewest = FEWEST_INT8 if group.floats else FEWEST
    configs = [c for c in group.configs if len(nets[c]) >= fewest]
    works = {c: np.array([group.work(n) for n in nets[c]]) for c in configs}
    logs = [np.log([table[c][n] for n in nets[c]]) for c in configs]
    centres = None
    if group.floats:
        base = Group("", list(dict.fromkeys(group.floats.values())), {})
        floats = fit_group(table, base, without).fits
        centres = [floats[group.floats[c]].mean for c in configs]
    prior, fits = together(list(works.values()), logs, centres)
    around = centres if centres is not None else [np.zeros(len(FEATURES))] * len(configs)
    return Fitted(
        prior, dict(zip(configs, fits, strict=True)), works,
        dict(zip(configs, around, strict=True)),
    )  # fmt: skip


def unseen_networks(table: Table, group: Group) -> list[Error]:
    """Errors over each network left out in turn."""
    nets = sorted({net for c in group.configs for net in table[c]})
    errors = []
    for net in nets:
        for config, fit in fit_group(table, group, net).fits.items():
            if net in table[config]:
                log = float(predict(group.work(net), fit)[0] - np.log(table[config][net]))
                errors.append(Error(config, net, log))
    return errors


def relative(errors: Sequence[Error]) -> Numbers:
    """Errors as shares of the latency."""
    return np.abs(np.exp([error.log for error in errors]) - 1)


def interval(errors: Sequence[Error]) -> tuple[float, float]:
    """Logarithms by which a latency is below and above its estimate in `LEVEL` of all cases.

    In units of what was to be expected.
    """
    off = [-error.log / error.unsure for error in errors]
    low, high = np.quantile(off, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return min(float(low), -LEAST), max(float(high), LEAST)


def calibrated(errors: Sequence[Error]) -> tuple[float, float]:
    """The interval, widened until it covers `LEVEL` of what the other networks do not tell."""
    nets = sorted({error.net for error in errors})
    ends = {net: interval([error for error in errors if error.net != net]) for net in nets}
    needed = sorted(_needed(error, *ends[error.net]) for error in errors)
    wide = max(1.0, needed[max(0, int(np.ceil(LEVEL * len(needed))) - 1)])
    low, high = interval(errors)
    return wide * low, wide * high


def _needed(error: Error, low: float, high: float) -> float:
    """How many times as wide an interval has to be to hold a latency."""
    off = -error.log / error.unsure
    return off / (low if off < 0 else high)


def coverage(errors: Sequence[Error]) -> float:
    """Share of latencies of each network inside the interval that all others are stated with."""
    held = 0
    for net in sorted({error.net for error in errors}):
        low, high = calibrated([error for error in errors if error.net != net])
        held += sum(low <= -error.log / error.unsure <= high
                    for error in errors if error.net == net)  # fmt: skip
    return held / len(errors)

"""How wrong the fits are of what they have not seen: a network anywhere, or a device.

A network that is left out is unseen on all devices, so the prior does not know it either.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from estimator.fit import Fit, Prior, fitted, pooled, predict, together
from estimator.table import FEATURES, LUMPED, WORK, Config, Numbers, Table

FEWEST = 6
"""Networks that a configuration needs for its own constants; in int8, where the table has five."""
FEWEST_INT8 = 3
LEVEL = 0.9


class Error(NamedTuple):
    """Logarithm of estimate over latency."""

    config: Config
    net: str
    log: float


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
    return Fitted(prior, dict(zip(configs, fits, strict=True)), works)


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


def unseen_devices(
    table: Table, group: Group, count: int = 3, draws: int = 20, seed: int = 1
) -> list[Error]:
    """Errors on devices of which only `count` networks were measured.

    The prior knows neither the device nor the network that is estimated.
    """
    random = np.random.default_rng(seed)
    nets = sorted({net for c in group.configs for net in table[c]})
    errors = []
    for net in nets:
        known = fit_group(table, group, net)
        for device in sorted({c.device for c in known.fits}):
            others = [c for c in known.fits if c.device != device]
            prior = pooled(
                [known.works[c] for c in others], [known.fits[c] for c in others],
                [np.zeros(len(FEATURES))] * len(others), tied=True,
            )  # fmt: skip
            for config in (c for c in known.fits if c.device == device and net in table[c]):
                rest = [n for n in table[config] if n != net]
                sets = [*combinations(rest, count)]
                for index in random.choice(len(sets), min(draws, len(sets)), replace=False):
                    few = sets[index]
                    logs = np.log([table[config][n] for n in few])
                    fit = fitted(np.array([group.work(n) for n in few]), logs, prior)
                    log = float(predict(group.work(net), fit)[0] - np.log(table[config][net]))
                    errors.append(Error(config, net, log))
    return errors


def relative(errors: Sequence[Error]) -> Numbers:
    """Errors as shares of the latency."""
    return np.abs(np.exp([error.log for error in errors]) - 1)


def interval(errors: Sequence[Error]) -> tuple[float, float]:
    """Logarithms by which a latency is below and above its estimate in `LEVEL` of all cases."""
    off = [-error.log for error in errors]
    low, high = np.quantile(off, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def calibrated(errors: Sequence[Error]) -> tuple[float, float]:
    """The interval, widened until it covers `LEVEL` of what the other networks do not tell."""
    low, high = interval(errors)
    wide = next(1 + n / 20 for n in range(60) if coverage(errors, 1 + n / 20) >= LEVEL)
    return wide * low, wide * high


def coverage(errors: Sequence[Error], wide: float = 1.0) -> float:
    """Share of latencies inside the interval that the errors over all other networks give."""
    held = 0
    for net in sorted({error.net for error in errors}):
        low, high = interval([error for error in errors if error.net != net])
        held += sum(wide * low <= -error.log <= wide * high for error in errors if error.net == net)
    return held / len(errors)

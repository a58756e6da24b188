"""An instance as a `Problem`: every way to run every pair, filtered by rules, in arrays.

A way is where the chain is cut twice (endpoint, gateway, cloud), a variant, the cloud's region and
the region of the store. Rules are bits, so that what keeps a way out is known of each.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations_with_replacement, pairwise

import numpy as np
from numpy.typing import NDArray
from placement import instances as kit
from placement.instances import HORIZON, JURISDICTIONS, REGIONS, SPEED, VARIANTS, Instance

from hybridspec.place.problem import (
    WHOLE,
    Choice,
    Ints,
    Options,
    Pair,
    Problem,
    Purchase,
    Resource,
    SiteClass,
)

ACCURACY, LATENCY, RESIDENCY, MEMORY, LOAD, UPLINK = (1 << bit for bit in range(6))
BUSY, UP = 700_000, 800
"""Microseconds a second that devices may be busy; permille of the uplink that may be used."""
LAN = 2.0
CHUNK = 128
"""Pairs that are looked at together: what bounds the memory of intermediate arrays."""

HOME = np.arange(REGIONS) // (REGIONS // JURISDICTIONS)


def problem(instance: Instance, *, queueing: bool = False) -> Problem:
    """The problem; sites that are alike in every figure are one class."""
    rows = np.concatenate([instance.sites, instance.pairs.reshape(len(instance.sites), -1)], axis=1)
    _, first, counts = np.unique(rows, axis=0, return_index=True, return_counts=True)
    order = np.argsort(first)
    first, counts = first[order], counts[order]
    classes: list[SiteClass] = []
    for start in range(0, len(first), CHUNK):
        chunk = first[start : start + CHUNK]
        classes += map(_site_class, instance.sites[chunk], counts[start : start + CHUNK],
                       _pairs(instance, chunk, queueing))  # fmt: skip
    return Problem(
        classes=tuple(classes),
        choices=tuple(Choice(cost=instance.fixed, use=np.zeros((REGIONS, REGIONS), np.int64))
                      for _ in range(len(instance.depth) * JURISDICTIONS)),
        quotas=instance.quotas,
    )  # fmt: skip


def _pairs(instance: Instance, chunk: Ints, queueing: bool) -> Iterator[tuple[Pair, ...]]:
    """The pairs of some classes; where these are few, models of a depth are looked at together."""
    made, few = dict[int, Iterator[Pair]](), max(1, CHUNK // len(chunk))
    for depth in np.unique(instance.depth).tolist():
        every = np.flatnonzero(instance.depth == depth)
        for models in np.split(every, range(few, len(every), few)):
            at = np.repeat(chunk, len(models)), np.tile(models, len(chunk))
            pairs = Ways(instance, depth, *at, queueing).pairs()
            made.update(dict.fromkeys(models.tolist(), pairs))
    for _ in chunk:  # each yields the pairs of one class after the other
        yield tuple(next(made[model]) for model in range(len(instance.depth)))


def _site_class(site: Ints, count: int, pairs: tuple[Pair, ...]) -> SiteClass:
    _, endpoint, endpoints, gateway, uplink, *_ = map(int, site)
    return SiteClass(
        sites=int(count),
        pairs=pairs,
        purchases=(Purchase(cost=int(kit.CAPEX[gateway]), least=0, most=kit.GATEWAYS),),
        resources=(
            Resource(base=endpoints * BUSY),
            Resource(base=int(kit.MEMORY[endpoint])),
            Resource(base=0, unit=BUSY, purchase=0),
            Resource(base=int(kit.MEMORY[gateway])),
            Resource(base=uplink * UP),
        ),
    )


@dataclass(frozen=True)
class Ways:
    """All ways to run models of a depth at sites: pairs x (cuts x variants) x regions."""

    instance: Instance
    depth: int
    sites: Ints
    models: Ints
    queueing: bool

    @cached_property
    def cuts(self) -> list[tuple[int, int]]:
        """Stages before the first number run on the endpoint, before the second on the gateway."""
        return list(combinations_with_replacement(range(self.depth + 1), 2))

    def _over(self, values: Ints, scale: Ints) -> list[NDArray[np.float64]]:
        """Sums of a stage's figure on endpoint, gateway and cloud for each cut and variant."""
        stages = values[self._alike, : self.depth]
        sums = np.concatenate([np.zeros_like(stages[:, :1]), np.cumsum(stages, axis=1)], axis=1)
        near, far = sums[:, [a for a, _ in self.cuts]], sums[:, [b for _, b in self.cuts]]
        parts = (near, far - near, sums[:, -1:] - far)
        return [(p[:, :, None] * (scale / 1000)).reshape(len(p), -1) for p in parts]

    @cached_property
    def _alike(self) -> Ints:
        """The models, or the one that they all are."""
        return self.models[:1] if (self.models == self.models[0]).all() else self.models

    def _site(self, name: str) -> Ints:
        return self.instance.sites[self.sites, kit.SITE.index(name), None]

    def _asked(self, name: str) -> Ints:
        return self.instance.pairs[self.sites, self.models, kit.PAIR.index(name), None]

    @cached_property
    def figures(self) -> dict[str, NDArray[np.float64]]:
        """What a way takes, and its time on the path, by pairs x (cuts x variants)."""
        work = self._over(self.instance.work, kit.WORK)
        memory = self._over(self.instance.memory, kit.SIZE)
        ends = np.repeat(np.array(self.cuts), VARIANTS, axis=0)
        sent = self.instance.payload[self._alike][:, ends[:, 1]]
        rate = self._asked("rate") / 1000
        near, far = SPEED[self._site("endpoint")], SPEED[self._site("gateway")]
        ways = (len(self.sites), len(ends))
        hops = (ends[:, 1] > ends[:, 0]).astype(float)  # over the site's own network
        sending = sent * 8 / self._site("uplink")  # bits a millisecond
        cloud = ends[:, 1] < self.depth
        return {
            "endpoint": rate * work[0] / near * 1_000,
            "gateway": rate * work[1] / far * 1_000,
            "cloud": rate * work[2],
            "endpoint memory": np.broadcast_to(memory[0], ways),
            "gateway memory": np.broadcast_to(memory[1], ways),
            "uplink": rate * sent * 8,
            "time": work[0] / near + work[1] / far + work[2] / kit.CLOUD_SPEED
                    + LAN * hops + np.where(cloud, sending, 0),
            "service": np.stack([work[0] / near, work[1] / far, np.where(cloud, sending, 0)], -1),
            "sent": rate * sent,
        }  # fmt: skip

    @cached_property
    def legs(self) -> NDArray[np.float64]:
        """Round trips from the sites to every region, in milliseconds."""
        step = np.abs(HOME[None, :] - self._site("jurisdiction"))
        return self._site("distance") * 0.8 + 70.0 * step + 3.0 * (np.arange(REGIONS) % 3)

    def broken(self) -> NDArray[np.uint8]:
        """The bits of the rules that each way breaks, by pair, cut and variant, and region."""
        of, ends = self.figures, np.repeat(np.array(self.cuts), VARIANTS, axis=0)
        cloud = ends[:, 1] < self.depth
        loss = np.tile(kit.LOSS, len(self.cuts))
        site = ACCURACY * (loss > self._asked("loss"))
        for name, limit, bit in (
            ("endpoint", self._site("endpoints") * BUSY, LOAD),
            ("gateway", kit.GATEWAYS * BUSY, LOAD),
            ("endpoint memory", kit.MEMORY[self._site("endpoint")], MEMORY),
            ("gateway memory", kit.MEMORY[self._site("gateway")], MEMORY),
            ("uplink", self._site("uplink") * UP, UPLINK),
        ):
            site = site | bit * (of[name] > limit)
        residency, raw = self._asked("residency"), cloud & (ends[:, 1] == 0)
        site = site | RESIDENCY * (raw & (residency == kit.ON_SITE))
        abroad = (HOME[None, :] != self._site("jurisdiction")) & (residency >= 1)
        late = (
            of["time"][:, :, None] + cloud[:, None] * self.legs[:, None, :]
            > (self._asked("bound")[:, :, None])
        )
        found = site[:, :, None] | LATENCY * late | RESIDENCY * (raw[:, None] & abroad[:, None, :])
        found[:, ~cloud, 1:] = 255  # without a part in the cloud there is one way, not nine
        return found.astype(np.uint8)

    def undominated(self, open_: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """The open ways, without those for which another takes no more of anything.

        Ways are compared before stores and regions multiply them: in one region both pay the same
        prices. A way that stays at the site is as good in every region, and pays no egress. Work in
        the cloud is no less for the worse way, so costs are compared where it is cheapest.
        """
        of = self.figures
        local = of["cloud"][0] == 0
        figures = [of[name] for name in (*LOADS, "cloud")]
        figures += [self._money(int(self.instance.compute.min())), of["gateway memory"] > 0]
        if self.queueing:
            figures += [of["time"], *np.moveaxis(of["service"], -1, 0)]
        better = np.ones((len(self.sites), len(local), len(local)), dtype=bool)
        for figure in figures:
            better &= figure[:, :, None] <= figure[:, None, :]
        same = better & better.transpose(0, 2, 1)
        better &= ~(same & np.tri(len(local), dtype=bool))  # of equals the first stays
        offered = open_ | (open_[:, :, :1] & local[None, :, None])
        beaten = better.transpose(0, 2, 1).astype(np.float32) @ offered.astype(np.float32)
        return open_ & (beaten == 0)

    def pairs(self) -> Iterator[Pair]:
        """The admissible ways of each pair."""
        of = self.figures
        where, way, region = np.nonzero(self.undominated(self.broken() == 0))
        strict = self._asked("residency")[where] >= 1
        stores = ~strict | (HOME[None, :] == self._site("jurisdiction")[where])
        line, store = np.nonzero(stores)
        where, way, region = where[line], way[line], region[line]
        cloud = of["cloud"][where, way] > 0
        stored = self._stored()
        cost = self._money(self.instance.compute)[where, way, region]
        cost += np.where(cloud, stored[where, region, store], stored[where, store, store])
        cost = np.rint(cost).astype(np.int64)
        order = np.lexsort((store, region, way, cost, where))
        where, way, region, store, cost = (a[order] for a in (where, way, region, store, cost))
        load = np.stack([np.ceil(of[name][where, way]) for name in LOADS], 1).astype(np.int64)
        units = np.maximum(of["gateway memory"][where, way] > 0, -(-load[:, 2] // BUSY))
        taken = np.ceil(of["cloud"][where, way]).astype(np.int64)
        ceiling = self._ceilings(where, way, region)
        home = self.models * JURISDICTIONS + self._site("jurisdiction")[:, 0]
        splits = np.searchsorted(where, np.arange(len(self.sites) + 1))
        for number, (start, end) in enumerate(pairwise(splits)):
            rows = slice(start, end)
            if start == end:
                raise ValueError("a pair has no admissible way")
            reached, columns = np.unique(region[rows][taken[rows] > 0], return_inverse=True)
            use = np.zeros((end - start, len(reached)), np.int64)
            use[np.flatnonzero(taken[rows]), columns] = taken[rows][taken[rows] > 0]
            yield Pair(
                options=Options(
                    cost=cost[rows], load=small(load[rows]), units=small(units[rows, None]),
                    ceiling=np.broadcast_to(WHOLE, (end - start, len(LOADS))) if ceiling is None
                    else ceiling[rows], needs=small(store[rows, None]), use=small(use),
                ),
                choices=(int(home[number]),), quotas=tuple(reached.tolist()),
            )  # fmt: skip

    def _money(self, price: int | Ints) -> NDArray[np.float64]:
        """What a way costs without its store, by pair, and cut and variant (and region)."""
        of = self.figures
        watts = of["endpoint"] * kit.WATTS[self._site("endpoint")]
        watts = (watts + of["gateway"] * kit.WATTS[self._site("gateway")]) / 1e6
        site = (
            of["sent"] * HORIZON / 1e9 * self._site("data")
            + watts * HORIZON / 3.6e6 * self._site("energy")
        )  # fmt: skip
        cloud = of["cloud"] * HORIZON / 1e9
        if isinstance(price, np.ndarray):
            return site[:, :, None] + cloud[:, :, None] * price
        return site + cloud * price

    def _stored(self) -> NDArray[np.float64]:
        """What storage and egress cost, by pair, region and store."""
        what = self.instance
        result = what.payload[self._alike, self.depth, None]
        gigabytes = self._asked("rate") / 1000 * result * HORIZON / 1e9
        egress = np.where(HOME[:, None] == HOME[None, :], what.within, what.abroad)
        np.fill_diagonal(egress, 0)
        return gigabytes[:, :, None] * (egress + 0.1 * what.storage)

    def _ceilings(self, where: Ints, way: Ints, region: Ints) -> Ints | None:
        """How full endpoint, gateway and uplink may be for waiting not to eat the slack, in tenths.

        Waiting at a server that is busy for a share r of the time is taken as r / (1 - r) of the
        service, so r may be slack / (service + slack), the slack divided among the three.
        """
        if not self.queueing:
            return None
        found = np.full((len(where), len(LOADS)), WHOLE, dtype=np.int64)
        trip = np.where(self.figures["cloud"][where, way] > 0, self.legs[where, region], 0)
        slack = (self._asked("bound")[where, 0] - self.figures["time"][where, way] - trip) / 3
        for place, column in enumerate((0, 2, 4)):
            service = self.figures["service"][where, way, place]
            with np.errstate(divide="ignore", invalid="ignore"):
                share = np.where(service > 0, slack / (service + slack), 1.0)
            found[:, column] = np.where(service > 0, np.floor(share * 10) * 100, WHOLE)
        return found


LOADS = ("endpoint", "endpoint memory", "gateway", "gateway memory", "uplink")


def small(values: Ints) -> Ints:
    """The values in the smallest type that holds them: there are millions of ways."""
    most = int(np.abs(values).max(initial=0))
    kind = next(kind for kind in (np.int8, np.int16, np.int32, np.int64)
                if most <= np.iinfo(kind).max)  # fmt: skip
    return values.astype(kind)

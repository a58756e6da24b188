"""The cheapest repairs of a conflict, with the least amounts; each is tried by deciding anew."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import ceil

from hybridspec.base.units import round_up
from hybridspec.ir.conflict import Repair
from hybridspec.ir.graph import DeviceClass, Flow, Graph, Site, SiteDevices
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.plan import Configuration, Failure
from hybridspec.ir.rewritten import at_sites
from hybridspec.ir.share import MAX_BUSY, MAX_UPLINK, MOST_DEVICES
from hybridspec.place import cost
from hybridspec.place.candidates import Candidates
from hybridspec.place.conflict_statement import (
    COUNT,
    LATENCY,
    MEMORY,
    OFFLINE,
    QUOTA,
    RUNS,
    UPLINK,
)
from hybridspec.place.conflict_statement import Statement as Stated
from hybridspec.place.decide import Undecided, decide
from hybridspec.place.quota import limits
from hybridspec.place.repair_change import (
    Change,
    all_of,
    bandwidth,
    count,
    country,
    elsewhere,
    latency,
    line,
    memory,
    offline,
    quota,
    several,
    uplink,
)

MOST = 4
"""Repairs that are proposed for one conflict."""
_TRIED = 12
"""Ways out that are tried at most, the nearest first."""
_MIB = 2**20
_MOST_MIB = 2**20
"""No board is proposed that has more memory than so much more."""
_TIMES = 1_000
"""How many times as much as there is, at most, is asked for."""

_Rank = tuple[int, int, int, int, int, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Tried:
    """A repair that works, with what it is judged by.

    That is: changes of law, flows that move, money for devices, changes, money for running.
    """

    rank: _Rank
    repair: Repair
    changes: tuple[Change, ...]

    def asks_less(self, other: _Tried) -> bool:
        """Whether all that it asks for, the other asks for as well or for more of it."""
        theirs = {change.thing: change.amount for change in other.changes}
        return all(change.amount <= theirs.get(change.thing, -1) for change in self.changes)


def repairs_of_flow(
    graph: Graph, table: LatencyTable, sites: Sequence[Site], flow: Flow,
    ways: Sequence[Configuration],
) -> tuple[tuple[Repair, ...], tuple[str, ...]]:  # fmt: skip
    """What lets a flow run at alike sites: for each way all that it lacks; else what to look at.

    Advice is what the nearest way says where no amount of anything helps.
    """
    here, names = at_sites(graph, sites), [site.name for site in sites]
    wanted: dict[tuple[str, ...], tuple[Change, ...]] = {}
    nearest = sorted(ways, key=_distance)
    for way in nearest:
        cures = [_cure(failure, sites, flow, way) for failure in way.failures]
        if all(cure is not None for cure in cures):
            changes = _merged([cure for cure in cures if cure is not None])
            wanted.setdefault(tuple(change.words for change in changes), changes)
    for region in graph.regions:  # where a region is not allowed, its country could be
        if all(way.region is None or way.region.label != region.label for way in ways):
            changes = (country(sites[0].zone, region.country),)
            wanted.setdefault((changes[0].words,), changes)
    tried = [_try(here, table, changes, names, flow) for changes in list(wanted.values())[:_TRIED]]
    good = _best([one for one in tried if one is not None])
    advice = () if good else tuple(dict.fromkeys(f.remedy for f in nearest[0].failures))
    return tuple(one.repair for one in good), advice


def _distance(way: Configuration) -> tuple[int, int, str]:
    law = sum(failure.code in ("HS0301", "HS0310", "HS0315", "HS0321", "HS0603")
              for failure in way.failures)  # fmt: skip
    return law, len(way.failures), way.label


def _cure(failure: Failure, sites: Sequence[Site], flow: Flow, way: Configuration) -> Change | None:
    """The change with which a way no longer has a failure; None if no amount cures it."""
    site = sites[0]
    here = next((d for d in site.devices if way.device is not None
                 and d.device_class.name == way.device.name), None)  # fmt: skip
    code = failure.code
    if code == "HS0302" and way.latency is not None:
        return latency(flow, round_up(way.latency.high))
    if code == "HS0317":
        return bandwidth(flow, way.uplink * 8)
    if code == "HS0304" and failure.unit != "B":
        return offline(flow, 0)
    if code == "HS0424":
        return line([s.name for s in sites], ceil(way.uplink * 8 / MAX_UPLINK))
    if code == "HS0301" and failure.message.startswith("runs at sites"):
        return country(site.zone, site.country)
    if code in ("HS0301", "HS0310") and way.region is not None:
        return country(site.zone, way.region.country)
    return _hardware(failure, [s.name for s in sites], here, way) if here is not None else None


def _hardware(
    failure: Failure, sites: Sequence[str], here: SiteDevices, way: Configuration
) -> Change | None:
    """Devices that a way lacks, or larger ones."""
    device, room = here.device_class, here.device_class.board.disk // 2
    if failure.code == "HS0304" and room:
        return _several(sites, device, ceil(Fraction(way.waiting, room)))
    if failure.code == "HS0303":
        more = ceil(Fraction(failure.excess, _MIB))
        return memory(device, device.board.memory + more * _MIB) if more <= _MOST_MIB else None
    if failure.code == "HS0306" and failure.unit == "bit/s":
        bits = ceil(Fraction(way.uplink * 8) / (MAX_UPLINK * max(1, here.working)))
        return uplink(device, bits)
    if failure.code == "HS0306":
        return _several(sites, device, max(1, ceil(Fraction(way.demand, 10**6) / MAX_BUSY)))
    return None


def _several(sites: Sequence[str], device: DeviceClass, working: int) -> Change | None:
    """So many devices that work, if a spec may state as many."""
    enough = working + device.max_failed
    return count(sites, device.name, enough) if enough <= MOST_DEVICES else None


def _merged(changes: Sequence[Change]) -> tuple[Change, ...]:
    """Each thing once, with the largest of the amounts that are asked for."""
    found: dict[str, Change] = {}
    for change in changes:
        old = found.get(change.thing)
        if old is None or change.amount > old.amount:
            found[change.thing] = change
    return tuple(found[thing] for thing in sorted(found))


def repairs_of_sites(
    graph: Graph, table: LatencyTable, groups: Sequence[Sequence[Site]], clash: Sequence[Stated],
    *, one: bool,
) -> tuple[Repair, ...]:  # fmt: skip
    """What lets all flows of some sites run at once: of each clashing line the least amount.

    With `one`, each site of a group has the same conflict by itself.
    """
    sites = [site for group in groups for site in (group[:1] if one else group)]
    here, names = at_sites(graph, sites), [s.name for group in groups for s in group] if one else []
    tried = []
    for lever in _levers(here, names, clash):
        changes = _least(here, table, lever)
        if changes is not None:
            tried.append(_try(here, table, changes, [site.name for site in sites]))
    return tuple(one.repair for one in _best([one for one in tried if one is not None]))


def repairs_by(
    graph: Graph, table: LatencyTable, sites: Sequence[Site], wanted: Sequence[tuple[Change, ...]]
) -> tuple[Repair, ...]:
    """Those of some changes with which everything runs at the sites, the best first."""
    here, names = at_sites(graph, sites), [site.name for site in sites]
    tried = [_try(here, table, changes, names) for changes in wanted]
    return tuple(one.repair for one in _best([one for one in tried if one is not None]))


@dataclass(frozen=True, slots=True)
class _Amount:
    """A change by an amount: whole steps above what is now, up to so many."""

    change: Callable[[int], Change]
    steps: int


def _levers(graph: Graph, sites: Sequence[str], clash: Sequence[Stated]) -> Iterator[_Amount]:
    """For each clashing line, how it could be given way to, at all sites that are alike."""
    flows = {flow.name: flow for flow in graph.flows}
    classes = {d.device_class.name: d.device_class for site in graph.sites for d in site.devices}
    for stated in clash:
        key, _, at = stated.key.partition("@")
        kind, name, *rest = key.split(".")
        if stated.rank == LATENCY:
            yield from _bound(flows[name])
        elif stated.rank == COUNT:
            here = next(site for site in graph.sites if site.name == name)
            yield _number(here, sites or (name,), rest[-1])
        elif stated.rank == UPLINK and kind == "sites":
            here = next(site for site in graph.sites if site.name == name)
            yield _wider_line(here, sites or (name,))
        elif stated.rank == UPLINK:
            yield _wider(classes[name])
        elif stated.rank == MEMORY:
            several_held = rest == ["one_model"]
            yield _once(several(classes[name])) if several_held else _roomier(classes[name])
        elif stated.rank == QUOTA:
            yield from _raised(graph, rest[-1], at)
        elif stated.rank == OFFLINE and kind == "flows":
            yield _once(offline(flows[name], 0))
        elif stated.rank == RUNS and len(graph.flows) > 1:
            yield _once(elsewhere(flows[name], sites or (at,)))


def _once(change: Change) -> _Amount:
    return _Amount(lambda _: change, 1)


def _bound(flow: Flow) -> Iterator[_Amount]:
    if flow.latency is not None:
        first = -(-flow.latency.bound // 1000)
        yield _Amount(lambda n: latency(flow, (first + n) * 1000), first * _TIMES)


def _number(site: Site, sites: Sequence[str], device: str) -> _Amount:
    now = next(d.upto for d in site.devices if d.device_class.name == device)
    most = max(1, min(now * _TIMES, MOST_DEVICES - now))
    return _Amount(lambda n: count(sites, device, now + n), most)


def _wider(device: DeviceClass) -> _Amount:
    step = 1000 if device.uplink_bandwidth <= 10**7 else 10**6
    now = device.uplink_bandwidth
    return _Amount(lambda n: uplink(device, now + n * step), max(1, now // step) * _TIMES)


def _wider_line(site: Site, sites: Sequence[str]) -> _Amount:
    now = site.line or 0
    step = 1000 if now <= 10**7 else 10**6
    return _Amount(lambda n: line(sites, now + n * step), max(1, now // step) * _TIMES)


def _roomier(device: DeviceClass) -> _Amount:
    return _Amount(lambda n: memory(device, device.board.memory + n * _MIB), _MOST_MIB)


def _raised(graph: Graph, kind: str, region: str) -> Iterator[_Amount]:
    for limit in limits(graph):
        if limit.kind == kind and region in limit.regions:
            most = max(1, limit.stated) * _TIMES
            yield _Amount(lambda n: quota(limit, limit.stated + n), most)  # noqa: B023


def _least(graph: Graph, table: LatencyTable, lever: _Amount) -> tuple[Change, ...] | None:
    """The least amount with which there is a plan, if there is any."""
    low, high = 0, 1
    while not placeable(lever.change(high).apply(graph), table):
        if high >= lever.steps:
            return None
        low, high = high, min(high * 4, lever.steps)
    while high - low > 1:
        middle = (low + high) // 2
        if placeable(lever.change(middle).apply(graph), table):
            high = middle
        else:
            low = middle
    return (lever.change(high),)


def placeable(graph: Graph, table: LatencyTable) -> bool:
    """Whether there is a plan."""
    return not isinstance(decide(Candidates(graph, table)), Undecided)


def _try(
    graph: Graph, table: LatencyTable, changes: tuple[Change, ...], sites: Sequence[str],
    flow: Flow | None = None,
) -> _Tried | None:  # fmt: skip
    """A repair with what it costs; None if it is none: for one flow, or for all that runs there."""
    after = all_of(changes, graph)
    candidates = Candidates(after, table)
    chosen = _alone(candidates, sites, flow) if flow is not None else _all(candidates, sites)
    if chosen is None:
        return None
    devices = owned(after) - owned(graph)
    running = sum(way.cost for way in chosen)
    words = tuple(change.words for change in changes)
    repair = Repair(
        words=words, settings=tuple(c.setting for c in changes if c.setting), devices=devices,
        cost=running, then=(chosen[0].label,) if chosen else (), apply=partial(all_of, changes),
    )  # fmt: skip
    moved = sum(not change.key for change in changes)
    law = sum(change.key.startswith("zones.") for change in changes)
    return _Tried((law, moved, devices, len(changes), running, words), repair, changes)


def _alone(candidates: Candidates, sites: Sequence[str], flow: Flow) -> list[Configuration] | None:
    """The cheapest way of a flow at each site; the others are there, and may be in its way."""
    found = []
    for site in (site for site in candidates.graph.sites if site.name in sites):
        index = [one.name for one in candidates.flows(site)].index(flow.name)
        ways = [way for region in candidates.regions(site.zone)
                for way in candidates.options(site, region)[index] if not way.failures]  # fmt: skip
        if not ways:
            return None
        found.append(min(ways, key=lambda way: (way.cost, way.label)))
    return found


def _all(candidates: Candidates, sites: Sequence[str]) -> list[Configuration] | None:
    """How everything runs at the sites, if it fits."""
    decided = decide(candidates)
    if isinstance(decided, Undecided):
        return None
    return [way for site in sites if site in decided.planned
            for way in decided.planned[site].chosen]  # fmt: skip


def owned(graph: Graph) -> int:
    """What the declared devices cost wherever flows run."""
    return sum(term.amount for term in cost.fleet_terms(graph))


def _best(tried: Sequence[_Tried]) -> list[_Tried]:
    """The best repairs first; of two, none that asks for more without costing less."""
    kept: list[_Tried] = []
    for one in sorted(tried, key=lambda one: one.rank):
        money = one.repair.devices + one.repair.cost
        if not any(other.asks_less(one) and other.repair.devices + other.repair.cost <= money
                   for other in tried if other is not one and (
                       other.rank < one.rank or not one.asks_less(other))):  # fmt: skip
            kept.append(one)
    return kept[:MOST]

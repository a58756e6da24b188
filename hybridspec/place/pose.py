"""Poses the decision: everything that can be chosen as a `Problem` in numbers, with a way back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

import numpy as np

from hybridspec.ir.graph import Region, Site, Zone
from hybridspec.place import cost
from hybridspec.place.candidates import Candidates
from hybridspec.place.configuration import Power, Way
from hybridspec.place.problem import (
    ANY,
    MAX_MONEY,
    WHOLE,
    Choice,
    Ints,
    Options,
    Pair,
    Problem,
    Resource,
    SiteClass,
)
from hybridspec.place.shared import Room, ceilings, rooms, taken


class TooDear(Exception):
    """The costs of a plan could be more than can be added up exactly."""


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Sites that are alike; `ways` has those of each flow in the order of its pair's options."""

    sites: tuple[Site, ...]
    ways: tuple[tuple[Way, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Bundled:
    """A model of which the bundle of a device class holds one of several variants."""

    device: str
    model: str
    variants: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Posed:
    """A problem and what its numbers stand for.

    Its classes are `groups`; its choices are the regions of `stores`, then those of `bundled`.
    """

    problem: Problem
    groups: tuple[Group, ...]
    stores: tuple[tuple[Zone, tuple[Region, ...]], ...]
    bundled: tuple[Bundled, ...]


def pose(candidates: Candidates) -> Posed:
    """The problem of the whole graph; every zone with sites has a candidate for its store.

    Raises:
        TooManyWays: a flow branches so widely that enumeration would not end in time.
        TooDear: amounts of money that cannot be added up.
    """
    return _Poser(candidates).posed()


@dataclass(frozen=True, slots=True, eq=False)
class _Template:
    """The ways of one flow at sites of one shape, by label; `alternative` is that of the store.

    A way costs its `constant` and, for each of `powers` that it `draws`, what that costs there.
    """

    ways: tuple[Way, ...]
    alternative: tuple[int, ...]
    constant: Ints
    powers: tuple[Power, ...]
    draws: Ints


@dataclass(frozen=True, slots=True, eq=False)
class _Frame:
    """What is the same at all sites where the same devices stand and the same flows run.

    `pairs` are those of the problem with their rows by label and without costs.
    """

    templates: tuple[_Template, ...]
    resources: tuple[Resource, ...]
    pairs: tuple[Pair, ...]


_Held: TypeAlias = tuple[str, str]
"""A device class and a model."""


@dataclass(slots=True)
class _Poser:
    candidates: Candidates
    _templates: dict[tuple[int, int], _Template] = field(default_factory=dict)
    _frames: dict[tuple[object, ...], _Frame] = field(default_factory=dict)
    _pairs: dict[tuple[int, int, bytes], _Pair] = field(default_factory=dict)
    _store: dict[str, int] = field(default_factory=dict)
    _bundle: dict[_Held, tuple[int, dict[str, int]]] = field(default_factory=dict)

    def posed(self) -> Posed:
        """The problem, first what all share, then class by class."""
        graph = self.candidates.graph
        groups: dict[int, list[Site]] = {}
        for zone in graph.zones:
            for site in self.candidates.sites(zone):
                if self.candidates.flows(site):
                    groups.setdefault(self.candidates.key(site), []).append(site)
        stores = tuple(self._stores())
        bundled = tuple(self._bundled(groups.values(), len(stores)))
        classes, found = [], []
        for sites in groups.values():
            made, ways = self._class(sites)
            classes.append(made)
            found.append(Group(tuple(sites), ways))
        problem = Problem(
            classes=tuple(classes),
            choices=(*(self._store_choice(zone, regions) for zone, regions in stores),
                     *(_free(len(bundle.variants)) for bundle in bundled)),
            quotas=_ints([]),
        )  # fmt: skip
        _affordable(problem)
        return Posed(problem, tuple(found), stores, bundled)

    def _stores(self) -> Iterable[tuple[Zone, tuple[Region, ...]]]:
        for zone in self.candidates.graph.zones:
            regions = tuple(r for r in self.candidates.regions(zone) if r is not None)
            if regions and self.candidates.sites(zone):
                self._store[zone.name] = len(self._store)
                yield zone, regions

    def _store_choice(self, zone: Zone, regions: Sequence[Region]) -> Choice:
        amounts = [sum(term.amount for term in self.candidates.terms(zone, region))
                   for region in regions]  # fmt: skip
        return Choice(cost=_money(amounts), use=_table([()] * len(regions), 0))

    def _bundled(self, groups: Iterable[list[Site]], first: int) -> Iterable[Bundled]:
        """The models that several pairs could want on a class in different variants."""
        wanted: dict[_Held, set[str]] = {}
        users: dict[_Held, int] = {}
        for sites in groups:
            for index in range(len(self.candidates.flows(sites[0]))):
                mine: set[_Held] = set()
                for way in self._template(sites[0], index).ways:
                    for held, variant in _held(way):
                        wanted.setdefault(held, set()).add(variant)
                        mine.add(held)
                for held in mine:
                    users[held] = users.get(held, 0) + len(sites)
        for held in sorted(wanted):
            if users[held] > 1 and len(wanted[held]) > 1:
                variants = tuple(sorted(wanted[held]))
                numbers = {variant: number for number, variant in enumerate(variants)}
                self._bundle[held] = first + len(self._bundle), numbers
                yield Bundled(*held, variants)

    def _template(self, site: Site, index: int) -> _Template:
        key = (self.candidates.shape(site), self.candidates.kinds(site)[index])
        if key not in self._templates:
            self._templates[key] = self._enumerated(site, index)
        return self._templates[key]

    def _enumerated(self, site: Site, index: int) -> _Template:
        found: dict[str, tuple[Way, int]] = {}
        for alternative, region in enumerate(self.candidates.regions(site.zone)):
            for way in self.candidates.ways(site, index, region):
                if not way.unpriced.failures:
                    where = ANY if way.unpriced.region is None else alternative
                    found.setdefault(way.label, (way, where))
        ways = [found[label] for label in sorted(found)]
        powers: dict[Power, int] = {}
        for way, _ in ways:
            for part in way.parts:
                if isinstance(part, Power):
                    powers.setdefault(part, len(powers))
        draws = np.zeros((len(ways), len(powers)), np.int64)
        for row, (way, _) in enumerate(ways):
            for part in way.parts:
                if isinstance(part, Power):
                    draws[row, powers[part]] += 1
        constant = [sum(p.amount for p in way.parts if not isinstance(p, Power))
                    for way, _ in ways]  # fmt: skip
        return _Template(
            tuple(way for way, _ in ways), tuple(where for _, where in ways), _money(constant),
            tuple(powers), draws,
        )  # fmt: skip

    def _class(self, sites: list[Site]) -> tuple[SiteClass, tuple[tuple[Way, ...], ...]]:
        site = sites[0]
        key = (self.candidates.shape(site), self.candidates.kinds(site))
        if key not in self._frames:
            self._frames[key] = self._frame(site)
        frame = self._frames[key]
        pairs = [self._pair(frame, index, site) for index in range(len(frame.pairs))]
        made = SiteClass(
            sites=len(sites), pairs=tuple(pair for pair, _ in pairs), purchases=(),
            resources=frame.resources,
        )  # fmt: skip
        return made, tuple(ways for _, ways in pairs)

    def _frame(self, site: Site) -> _Frame:
        count = range(len(self.candidates.flows(site)))
        templates = tuple(self._template(site, index) for index in count)
        resources: list[Resource] = []
        columns: list[tuple[str, int]] = []
        for devices in site.devices:
            name = devices.device_class.name
            for which, room in enumerate(rooms(devices.device_class)):
                if _scarce(templates, name, which, room, devices.count):
                    resources.append(Resource(base=room.base + room.unit * devices.count))
                    columns.append((name, which))
        pairs = tuple(self._unsorted(site, template, columns) for template in templates)
        return _Frame(templates, tuple(resources), pairs)

    def _unsorted(
        self, site: Site, template: _Template, columns: Sequence[tuple[str, int]]
    ) -> Pair:
        """A pair with its rows by label, and with no cost."""
        choices, needs = self._needs(self._store.get(site.zone.name), template)
        rows, loads, tops = len(template.ways), [], []
        for way in template.ways:
            load, top, name = taken(way.unpriced), ceilings(way.unpriced), _name(way)
            loads.append([load[which] if of == name else 0 for of, which in columns])
            tops.append([top[which] if of == name else WHOLE for of, which in columns])
        options = Options(
            cost=_ints([0] * rows),
            load=_table(loads, len(columns)),
            ceiling=_table(tops, len(columns)),
            units=_table([()] * rows, 0),
            needs=needs,
            use=_table([()] * rows, 0),
        )  # fmt: skip
        return Pair(options=options, choices=choices, quotas=())

    def _needs(self, store: int | None, template: _Template) -> tuple[tuple[int, ...], Ints]:
        """The choices that any of the ways depends on, and the alternatives that each needs."""
        choices: list[int] = []
        needs: list[Sequence[int]] = []
        if store is not None and any(where != ANY for where in template.alternative):
            choices.append(store)
            needs.append(template.alternative)
        helds = [dict(_held(way)) for way in template.ways]
        for held in sorted(self._bundle.keys() & {held for mine in helds for held in mine}):
            choice, numbers = self._bundle[held]
            choices.append(choice)
            needs.append([numbers[mine[held]] if held in mine else ANY for mine in helds])
        table = np.array(needs, np.int64).reshape(len(needs), len(helds)).T
        return tuple(choices), _frozen(np.ascontiguousarray(table))

    def _pair(self, frame: _Frame, index: int, site: Site) -> _Pair:
        """A pair with its rows by cost and label; sites with the same order share all but costs."""
        template, plain = frame.templates[index], frame.pairs[index]
        amounts = [self._energy(site, power) for power in template.powers]
        costs = template.constant + template.draws @ _money(amounts)
        order = np.argsort(costs, kind="stable")
        key = (id(frame), index, order.tobytes())
        if key not in self._pairs:
            options = plain.options
            self._pairs[key] = _Pair(
                replace(plain, options=replace(
                    options, load=_frozen(options.load[order]),
                    ceiling=_frozen(options.ceiling[order]), units=_frozen(options.units[order]),
                    needs=_frozen(options.needs[order]), use=_frozen(options.use[order]),
                )),
                tuple(template.ways[row] for row in order),
            )  # fmt: skip
        pair, ways = self._pairs[key]
        options = replace(pair.options, cost=_frozen(costs[order]))
        return _Pair(replace(pair, options=options), ways)

    def _energy(self, site: Site, power: Power) -> int:
        """What a power costs at a site over the horizon."""
        known, key = self.candidates.known, (power, site.energy_price)
        if key not in known:
            graph = self.candidates.graph
            known[key] = cost.energy(graph, site, power.device, power.busy, power.stage)
        return known[key].amount


class _Pair(NamedTuple):
    """A pair of the problem, and what its rows are."""

    pair: Pair
    ways: tuple[Way, ...]


def _name(way: Way) -> str:
    device = way.unpriced.device
    return device.name if device is not None else ""


def _held(way: Way) -> Iterator[tuple[_Held, str]]:
    """The models that a way runs on its device class, with their variants."""
    for model, variant in way.unpriced.held:
        yield (_name(way), model), variant


def _scarce(
    templates: Sequence[_Template], name: str, which: int, room: Room, count: int
) -> bool:  # fmt: skip
    """Whether the flows of a site could want more of something than there is."""
    most, least = 0, WHOLE
    for template in templates:
        mine = [way.unpriced for way in template.ways if _name(way) == name]
        most += max((taken(way)[which] for way in mine), default=0)
        least = min([least, *(ceilings(way)[which] for way in mine if taken(way)[which])])
    return most * WHOLE > (room.base + room.unit * count) * least


def _affordable(problem: Problem) -> None:
    """The dearest of everything can be added up.

    Raises:
        TooDear: it cannot.
    """
    total = sum(int(choice.cost.max(initial=0)) for choice in problem.choices)
    for of in problem.classes:
        dearest = sum(int(pair.options.cost.max(initial=0)) for pair in of.pairs)
        dearest += sum(purchase.cost * purchase.most for purchase in of.purchases)
        total += of.sites * dearest
    if total >= MAX_MONEY:
        raise TooDear


def _money(amounts: Sequence[int]) -> Ints:
    """Amounts that can be added up, with room for hundreds of them.

    Raises:
        TooDear: one cannot.
    """
    if any(amount >= MAX_MONEY >> 8 for amount in amounts):
        raise TooDear
    return _ints(amounts)


def _free(alternatives: int) -> Choice:
    return Choice(cost=_ints([0] * alternatives), use=_table([()] * alternatives, 0))


def _ints(values: Sequence[int]) -> Ints:
    return _frozen(np.array(values, np.int64))


def _table(rows: Sequence[Sequence[int]], columns: int) -> Ints:
    return _frozen(np.array(rows, np.int64).reshape(len(rows), columns))


def _frozen(array: Ints) -> Ints:
    array.flags.writeable = False
    return array

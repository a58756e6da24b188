"""Ways as rows of tables: what is the same at all sites of a shape, and its order at one of them.

Rows are made by label, without costs; where energy has a price, they are sorted by cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from hybridspec.ir.graph import Site
from hybridspec.place import cost
from hybridspec.place.candidates import Candidates, Crowds
from hybridspec.place.configuration import Power, Way, class_name
from hybridspec.place.listing import ListedPair, Table, Traits, money
from hybridspec.place.problem import ANY, WHOLE, Purchase
from hybridspec.place.shared import Column, Single, Supply, single, supply

Held: TypeAlias = tuple[str, str]
"""A device class and a model."""


@dataclass(slots=True)
class Numbers:
    """The problem's numbers for what sites share: choices of stores and bundles, and quotas.

    `store` is by zone, `bundle` has the number of each variant, `hosting` is the quota of work in
    a region, by label.
    """

    store: dict[str, int] = field(default_factory=dict)
    bundle: dict[Held, tuple[int, Mapping[str, int]]] = field(default_factory=dict)
    hosting: dict[str, int] = field(default_factory=dict)


class Row(NamedTuple):
    """A way, and the alternative of the zone's store that it needs, or `ANY`."""

    way: Way
    store: int


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """The rows of one flow at sites of one shape, by label.

    A row costs its `constant` and, for each of `powers` that it `draws`, what that costs there.
    """

    rows: tuple[Row, ...]
    constant: tuple[int, ...]
    powers: tuple[Power, ...]
    draws: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """What is the same at all sites where the same devices stand and the same flows run.

    `pairs` are those of the problem with their rows by label and without costs.
    """

    templates: tuple[Template, ...]
    offered: Supply
    pairs: tuple[Traits, ...]


class Sorted(NamedTuple):
    """Rows by cost and label: what they take and need, and the way of each."""

    traits: Traits
    ways: tuple[Way, ...]


@dataclass(slots=True)
class Rows:
    """Makes the rows of every pair, each kind of them once."""

    candidates: Candidates
    numbers: Numbers
    _templates: dict[tuple[int, int, Crowds], Template] = field(default_factory=dict)
    _frames: dict[tuple[object, ...], Frame] = field(default_factory=dict)
    _sorted: dict[tuple[int, int, tuple[int, ...]], Sorted] = field(default_factory=dict)

    def template(self, site: Site, index: int) -> Template:
        """The rows of one flow at sites like this."""
        of = self.candidates
        key = (of.shape(site), of.kinds(site)[index], of.crowds(site, index))
        if key not in self._templates:
            self._templates[key] = _template(self._enumerated(site, index))
        return self._templates[key]

    def _enumerated(self, site: Site, index: int) -> list[Row]:
        found: dict[str, Row] = {}
        for alternative, region in enumerate(self.candidates.regions(site.zone)):
            for way in self.candidates.ways(site, index, region):
                if not way.unpriced.failures:
                    where = ANY if way.unpriced.region is None else alternative
                    found.setdefault(way.label, Row(way, where))
        return [found[label] for label in sorted(found)]

    def frame(self, site: Site) -> Frame:
        """What a site has in common with all where the same devices stand and flows run."""
        key = (self.candidates.shape(site), self.candidates.kinds(site))
        if key not in self._frames:
            self._frames[key] = self._frame(site)
        return self._frames[key]

    def _frame(self, site: Site) -> Frame:
        count, stores = range(len(self.candidates.flows(site))), self._stores(site)
        templates = tuple(self._of_each(site, index, stores) for index in count)

        def scarce(column: Column, base: int) -> bool:
            return _scarce(templates, column, base)

        models: Single = {}
        if any(devices.device_class.one_model for devices in site.devices):
            models = single(row.way.unpriced for template in templates for row in template.rows)
        offered = supply(site, stores, scarce, models, len(templates))
        pairs = tuple(self._unsorted(site, template, offered) for template in templates)
        return Frame(templates, offered, pairs)

    def _stores(self, site: Site) -> tuple[int, ...]:
        """The alternatives of the store between which one device more differs in cost."""
        regions = self.candidates.regions(site.zone)
        costs = {self.candidates.device_cost(site.zone, region) for region in regions}
        decided = any(devices.most is not None for devices in site.devices)
        return tuple(range(len(regions))) if decided and len(costs) > 1 else (ANY,)

    def _of_each(self, site: Site, index: int, stores: Sequence[int]) -> Template:
        """The rows of a flow; where devices are bought region by region, each way is in one."""
        plain = self.template(site, index)
        if stores == (ANY,):
            return plain
        return _template([Row(row.way, store) for row in plain.rows
                          for store in (stores if row.store == ANY else (row.store,))])  # fmt: skip

    def _unsorted(self, site: Site, template: Template, offered: Supply) -> Traits:
        """The rows of a pair by label, without their cost."""
        choices, needs = self._needs(self.numbers.store.get(site.zone.name), template)
        quotas, use = self._use(template)
        lacks = {d.device_class.name: 1 + d.device_class.max_failed - d.count for d in site.devices}
        loads, tops, units = [], [], []
        for way, store in template.rows:
            of = way.unpriced
            loads.append(tuple(column.load(of, store) for column in offered.columns))
            tops.append(tuple(column.ceiling(of, store) for column in offered.columns))
            units.append(tuple(
                max(0, lacks[bought.device])
                if bought.device == class_name(of) and bought.store in (ANY, store) else 0
                for bought in offered.bought
            ))  # fmt: skip
        return Traits(tuple(loads), tuple(tops), tuple(units), needs, use, choices, quotas)

    def purchases(self, site: Site) -> tuple[Purchase, ...]:
        """What may be bought for a site, at what one costs there."""
        devices = {d.device_class.name: d for d in site.devices}
        regions, found = self.candidates.regions(site.zone), []
        for name, store in self.frame(site).offered.bought:
            here = devices[name]
            region = regions[store] if store != ANY else next(iter(regions), None)
            each = cost.unit_cost(self.candidates.graph, site, here.device_class)
            each += self.candidates.device_cost(site.zone, region)
            (each,) = money([each])
            found.append(Purchase(cost=each, least=0, most=here.upto - here.count))
        return tuple(found)

    def _needs(self, store: int | None, template: Template) -> tuple[tuple[int, ...], Table]:
        """The choices that any of the ways depends on, and the alternatives that each needs."""
        choices: list[int] = []
        needs: list[Sequence[int]] = []
        if store is not None and any(row.store != ANY for row in template.rows):
            choices.append(store)
            needs.append([row.store for row in template.rows])
        helds = [dict(holding(row.way)) for row in template.rows]
        for held in sorted(self.numbers.bundle.keys() & {held for mine in helds for held in mine}):
            choice, variants = self.numbers.bundle[held]
            choices.append(choice)
            needs.append([variants[mine[held]] if held in mine else ANY for mine in helds])
        return tuple(choices), _columns(needs, len(helds))

    def _use(self, template: Template) -> tuple[tuple[int, ...], Table]:
        """The quotas that any of the ways takes from, and how much of them each takes."""
        hosted = [hosting(row.way) for row in template.rows]
        quotas = sorted({self.numbers.hosting[region] for region, work in hosted
                         if work and region in self.numbers.hosting})  # fmt: skip
        use = [[work if self.numbers.hosting.get(region) == quota else 0
                for region, work in hosted] for quota in quotas]  # fmt: skip
        return tuple(quotas), _columns(use, len(hosted))

    def pair(self, site: Site, index: int) -> tuple[ListedPair, tuple[Way, ...]]:
        """A pair with its rows by cost and label, and its ways; the same order is made once."""
        frame = self.frame(site)
        template = frame.templates[index]
        amounts = money([self._energy(site, power) for power in template.powers])
        costs = [
            constant + sum(map(amounts.__getitem__, draws))
            for constant, draws in zip(template.constant, template.draws, strict=True)
        ]
        order = tuple(sorted(range(len(costs)), key=costs.__getitem__))
        key = (id(frame), index, order)
        if key not in self._sorted:
            ways = tuple(template.rows[row].way for row in order)
            self._sorted[key] = Sorted(frame.pairs[index].ordered(order), ways)
        traits, ways = self._sorted[key]
        return ListedPair(tuple(map(costs.__getitem__, order)), traits), ways

    def _energy(self, site: Site, power: Power) -> int:
        """What a power costs at a site over the horizon."""
        known, key = self.candidates.known, (power, site.energy_price)
        if key not in known:
            graph = self.candidates.graph
            known[key] = cost.energy(graph, site, power.device, power.busy, power.stage)
        return known[key].amount


def _template(rows: Sequence[Row]) -> Template:
    powers: dict[Power, int] = {}
    draws = [tuple(powers.setdefault(part, len(powers)) for part in row.way.parts
                   if isinstance(part, Power)) for row in rows]  # fmt: skip
    constant = [sum(part.amount for part in row.way.parts if not isinstance(part, Power))
                for row in rows]  # fmt: skip
    return Template(tuple(rows), money(constant), tuple(powers), tuple(draws))


def _columns(columns: Sequence[Sequence[int]], rows: int) -> Table:
    return tuple(zip(*columns, strict=True)) if columns else ((),) * rows


def _scarce(templates: Iterable[Template], column: Column, base: int) -> bool:
    """Whether the flows of a site could want more of something than there is."""
    most, least = 0, WHOLE
    for template in templates:
        loads = [column.load(row.way.unpriced, ANY) for row in template.rows]
        most += max(loads, default=0)
        least = min([least, *(column.ceiling(row.way.unpriced, ANY)
                              for row, load in zip(template.rows, loads, strict=True)
                              if load)])  # fmt: skip
    return most * WHOLE > base * least


def holding(way: Way) -> Iterator[tuple[Held, str]]:
    """The models that a way runs on its device class, with their variants."""
    for model, variant in way.unpriced.held:
        yield (class_name(way.unpriced), model), variant


def hosting(way: Way) -> tuple[str, int]:
    """The region that a way works in, and for how long in microseconds per second."""
    region = way.unpriced.region
    return (region.label, way.unpriced.hosted) if region is not None else ("", 0)

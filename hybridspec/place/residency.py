"""The placement matrix: every asset, every facet, where it lies, and whether that is allowed.

Facets nobody has stated facts about are gaps: they are listed, and never count as allowed. Sites
of one country are judged as one, so that a row names thousands of sites and is judged once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from hybridspec.ir.graph import Graph, Region
from hybridspec.ir.half import written
from hybridspec.ir.label import BOTTOM, Label, join
from hybridspec.ir.plan import Decision, FleetMember, Residency, Store
from hybridspec.ir.verdict import ORDER, Certificate, Permission, Place, Reason
from hybridspec.law.certificate import certificate
from hybridspec.law.claim import WEIGHTS, Claims, claims, own
from hybridspec.law.claim import stops as stopped
from hybridspec.law.locate import (
    COMPUTED,
    HELD,
    SERVICE,
    Spot,
    at_sink,
)
from hybridspec.place.meet import in_words, together


class Cell(NamedTuple):
    """One asset of a zone at one spot; `node` is where its label is read, `names` who is there."""

    zone: str
    asset: str
    node: str
    label: Label
    spot: Spot
    names: tuple[str, ...]


class _At(NamedTuple):
    """Sites of a country that run a stage, there or in a region; `kept` is what ends.

    `place` names the region, `names` are those of the sites.
    """

    country: str
    region: Region | None
    kept: bool
    names: tuple[str, ...]
    place: str


_Names: TypeAlias = tuple[str, ...]
_Met: TypeAlias = tuple[int, Permission, tuple[str, str], tuple[_Names, _Names, _Names]]
"""Which of its cells decides, what it may, in words, and countries, operators and partitions."""
_Facet: TypeAlias = tuple[str, _Met, tuple[tuple[int, bool, bool], ...]]
"""A facet, its verdict, and the parts of a spread that are there: with sites, with the region."""


def residency(
    graph: Graph, decisions: tuple[Decision, ...], stores: tuple[Store, ...],
    fleet: tuple[FleetMember, ...],
) -> tuple[Residency, ...]:  # fmt: skip
    """One row per asset, zone and facet, sorted."""
    matrix = _Matrix(claims(graph), decisions, stores, fleet)
    cells: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in matrix.cells():
        for zone in (cell.zone,) if cell.asset not in matrix.trained else matrix.owners(cell):
            cells.setdefault((zone, cell.asset, cell.spot.facet), []).append(cell)
    rows = [matrix.row(zone, cells[zone, asset, facet]) for zone, asset, facet in sorted(cells)]
    return tuple(sorted((*rows, *matrix.stages()), key=itemgetter(1, 0, 2)))


class _Matrix:
    """What lies where in one plan."""

    def __init__(
        self, of: Claims, decisions: tuple[Decision, ...], stores: tuple[Store, ...],
        fleet: tuple[FleetMember, ...],
    ) -> None:  # fmt: skip
        self.claims, self.labels = of, of.law.labels
        self.decisions, self.fleet = decisions, fleet
        self.born: dict[tuple[str, str, str], list[_Names]] = {}
        self.run: dict[tuple[str, str, str], list[_Names]] = {}
        self.spread: dict[tuple[str, str], list[_At]] = {}
        self.seen: dict[tuple[tuple[int, int, str], ...], _Met] = {}
        self.regions = {store.zone.name: store.region for store in stores}
        self.trained = {
            f"{what} {model.name}" for model in of.graph.models if model.training is not None
            for what in ("model", "training")
        }  # fmt: skip
        self._gather()

    def _gather(self) -> None:
        """What each flow does at sites that are alike: its data, its models and its stages."""
        groups: dict[tuple[str, str, str, int], list[Decision]] = {}
        for decision in self.decisions:
            site, chosen = decision.site, decision.chosen
            key = (decision.flow.name, site.zone.name, site.country, id(chosen.hosts))
            groups.setdefault(key, []).append(decision)
        for (_, zone, country, _), group in groups.items():
            flow, chosen = group[0].flow, group[0].chosen
            names = tuple(sorted(f"site {decision.site.name}" for decision in group))
            self.born.setdefault((flow.data.name, zone, country), []).append(names)
            for stage, (_, host) in zip(flow.stages, chosen.hosts, strict=True):
                region = chosen.region if host.kind == "cloud" else None
                place = f"region {region.label}" if region is not None else ""
                at = _At(country, region, stage.place == "cloud", names, place)
                self.spread.setdefault((zone, f"{flow.name}.{written(stage.name)}"), []).append(at)
                if stage.model is not None and region is None:
                    self.run.setdefault((stage.model.name, zone, country), []).append(names)

    def cells(self) -> Iterator[Cell]:
        """Everything that the plan puts anywhere, except what stages work on."""
        yield from self._data()
        for zone, region in self.regions.items():
            yield from self._region(zone, region)
        yield from self._bundles()
        yield from self._channels()
        yield from self._telemetry()

    def owners(self, cell: Cell) -> tuple[str, ...]:
        """The zones that answer for weights: all that they learnt from."""
        return tuple(sorted({cell.zone, *(z for z in cell.label.zones if z in self.claims.zones)}))

    def _data(self) -> Iterator[Cell]:
        """What is born at sites, and the models that run there."""
        for (name, zone, country), names in self.born.items():
            node = f"data {name}@{zone}"
            for spot in self.claims.at_site(country, ("process",)):
                yield Cell(zone, f"data {name}", node, self.labels.of(node), spot, _all(names))
        for (model, zone, country), names in self.run.items():
            yield from self._weights(model, zone, country, _all(names))

    def stages(self) -> Iterator[Residency]:
        """The rows of what stages work on; those of stages that are alike are judged once."""
        known: dict[tuple[object, ...], list[_Facet]] = {}
        for zone, stage in sorted(self.spread):
            spread, node = self.spread[zone, stage], f"stage {stage}@{zone}"
            label = self.labels.within(node)
            key = (id(label), zone, *((at.country, at.place, at.kept) for at in spread))
            if key not in known:
                known[key] = [*self._facets(zone, label, spread)]
            for facet, met, parts in known[key]:
                yield _row(stage, zone, facet, _there(spread, parts), met,
                           certificate(self.labels, node, met[1]))  # fmt: skip

    def _facets(self, zone: str, label: Label, spread: list[_At]) -> Iterator[_Facet]:
        """The verdict of each facet of a stage, and who is there in which of its parts."""
        cells: dict[str, list[Cell]] = {}
        parts: dict[str, list[tuple[int, bool, bool]]] = {}
        for part, at in enumerate(spread):
            for spots, site in self._spots(at):
                for spot in spots:
                    cells.setdefault(spot.facet, []).append(Cell(zone, "", "", label, spot, ()))
                    parts.setdefault(spot.facet, []).append((part, site, at.region is not None))
        for facet, found in sorted(cells.items()):
            yield facet, self._met(_distinct(found)), tuple(dict.fromkeys(parts[facet]))

    def _spots(self, at: _At) -> Iterator[tuple[tuple[Spot, ...], bool]]:
        """Where what a stage works on lies, and whether that is at its site."""
        if at.region is None:
            yield self.claims.at_site(at.country, ("process", "logs")), True
        else:
            yield self.claims.in_region(at.region, HELD if at.kept else COMPUTED), False
            yield self.claims.between(at.country, at.region), True

    def _weights(
        self, model: str, zone: str, country: str, names: tuple[str, ...]
    ) -> Iterator[Cell]:
        """A zone's copy of a model at sites."""
        label = self.labels.copy(model, zone)
        for spot in self.claims.at_site(country, ("process", "model")):
            yield Cell(zone, f"model {model}", f"model {model}", label, spot, names)

    def _region(self, zone: str, region: Region) -> Iterator[Cell]:
        for need in self.claims.kept(zone):
            if need.carried:
                continue
            for spot in self.claims.in_region(region, need.facets):
                yield Cell(zone, need.asset, need.node, need.label, spot,
                           (f"region {region.label}",))  # fmt: skip

    def _bundles(self) -> Iterator[Cell]:
        """A class has one bundle: its models reach all its sites, and the channels of their zones.

        A zone that runs a model itself answers for its own copy of it.
        """
        owners: dict[tuple[str, str], set[str]] = {}
        for decision in self.decisions:
            for device, model in _held(decision):
                owners.setdefault((device, model), set()).add(decision.site.zone.name)
        runs = {zone: {m.name for m in self.claims.models(zone)} for zone in self.claims.zones}
        for member in self.fleet:
            where = _where(self.claims.graph, member.device_class.name)
            for model in sorted({model.name for model, _ in member.models}):
                for owner in sorted(owners.get((member.device_class.name, model), ())):
                    for (zone, country), sites in where.items():
                        if zone == owner or model not in runs.get(zone, ()):
                            yield from self._bundle(model, owner, zone, country, sites)

    def _bundle(
        self, model: str, owner: str, zone: str, country: str, sites: tuple[str, ...]
    ) -> Iterator[Cell]:
        yield from self._weights(model, owner, country, sites)
        region = self.regions.get(zone)
        if region is not None:
            label = self.labels.copy(model, owner)
            for spot in self.claims.in_region(region, WEIGHTS):
                yield Cell(owner, f"model {model}", f"model {model}", label, spot,
                           (f"region {region.label}",))  # fmt: skip

    def _channels(self) -> Iterator[Cell]:
        """Where bundles are offered to a zone's devices, and the way from there."""
        stands: dict[str, dict[str, list[str]]] = {}
        for site in self.claims.graph.sites:
            stands.setdefault(site.zone.name, {}).setdefault(site.country, []).append(site.name)
        for zone, countries in stands.items():
            offered = self.claims.offered(zone)
            label = reduce(join, (need.label for need in offered), own(zone))
            node = offered[0].node if offered else ""
            region = self.regions.get(zone)
            if region is None:
                held = label if offered else BOTTOM
                yield Cell(zone, "update channel", node, held, Spot("model", NOWHERE), ())
                continue
            place = f"region {region.label}"
            facets = ("store", *(("model",) if offered else ()), *SERVICE)
            for spot in self.claims.in_region(region, facets):
                yield Cell(zone, "update channel", node, label, spot, (place,))
            for country, names in countries.items():
                there = (*(f"site {name}" for name in names), place)
                for spot in self.claims.between(country, region):
                    yield Cell(zone, "update channel", node, label, spot, there)

    def _telemetry(self) -> Iterator[Cell]:
        for index, sink in enumerate(self.claims.graph.observability.sinks):
            for zone in self.claims.zones:
                node = f"telemetry {index}@{zone}"
                if node in self.labels:
                    for spot in at_sink(sink):
                        yield Cell(zone, f"telemetry {index} ({sink.type})", node,
                                   self.labels.of(node), spot, (spot.place.name,))  # fmt: skip

    def row(self, zone: str, cells: list[Cell]) -> Residency:
        """The meet over everything that one row is about."""
        first, distinct = cells[0], _distinct(cells)
        met = self._met(distinct)
        return _row(first.asset, zone, first.spot.facet, _names(cells), met,
                    self._certificate(list(distinct.values())[met[0]], met[1]))  # fmt: skip

    def _met(self, distinct: dict[tuple[int, int, str], Cell]) -> _Met:
        key = tuple(distinct)
        if key not in self.seen:
            self.seen[key] = self._meet([*distinct.values()])
        return self.seen[key]

    def _meet(self, cells: list[Cell]) -> _Met:
        """The meet over cells of different labels and spots; rows of many assets share it."""
        asked = [self.claims.ask(c.label, c.spot, c.zone) for c in cells]
        order = sorted(range(len(asked)), key=lambda n: ORDER.index(asked[n].verdict))
        whole = together([asked[n] for n in order])
        spots = [cell.spot.place for cell in cells]
        return order[0], whole, (whole.verdict.value, in_words(whole)), (
            tuple(sorted({c for place in spots for c in place.countries})),
            tuple(sorted({place.operator for place in spots if place.operator})),
            tuple(sorted({place.partition for place in spots if place.partition})),
        )  # fmt: skip

    def _certificate(self, cell: Cell, whole: Permission) -> Certificate | None:
        if cell.node not in self.labels:
            return Certificate(reasons=whole.reasons)
        return certificate(self.labels, cell.node, whole)


def _row(
    asset: str, zone: str, facet: str, places: _Names, met: _Met, shown: Certificate | None
) -> Residency:
    _, whole, (verdict, why), (countries, operators, partitions) = met
    return Residency(asset, zone, facet, places, countries, verdict, why, operators, partitions,
                     whole.obligations, shown)  # fmt: skip


def refused(graph: Graph, rows: tuple[Residency, ...]) -> list[Residency]:
    """The rows that no plan may hold: violations, and gaps in what a zone states."""
    known: dict[tuple[int, str], bool] = {}  # rows that share their reasons are judged once
    found = []
    for row in rows:
        if row.verdict == "gap" and row.certificate is not None:
            key = (id(row.certificate.reasons), row.facet)
            if key not in known:
                known[key] = _stops(graph, row.certificate.reasons, row.facet)
            found += [row] if known[key] else []
        elif row.verdict == "violated":
            found.append(row)
    return found


def _stops(graph: Graph, reasons: tuple[Reason, ...], facet: str) -> bool:
    """Whether a gap is one that a policy or a zone asks about."""
    asked = {reason.rule for reason in reasons}
    if any(stopped(graph, reason, facet, stated=False) for reason in reasons):
        return True  # a policy that nobody can decide
    return any(f"zone:{zone.name}" in asked and zone.states(facet) for zone in graph.zones)


NOWHERE = Place(name="where updates are kept", countries=())
"""Without a region, the user serves updates; nobody states from where."""


def _spot(cell: Cell) -> tuple[int, int, str]:
    """What the law is asked of a cell; labels and spots are kept, so that ids stand for them."""
    return id(cell.label), id(cell.spot), cell.zone


def _distinct(cells: list[Cell]) -> dict[tuple[int, int, str], Cell]:
    """The first cell by rank of each that the law is asked once about."""
    found: dict[tuple[int, int, str], Cell] = {}
    for cell in sorted(cells, key=_rank):
        found.setdefault(_spot(cell), cell)
    return found


def _rank(cell: Cell) -> tuple[object, ...]:
    """An order of cells that does not follow the one in which the spec names sites."""
    place = cell.spot.place
    return place.countries, place.name, place.recipient, cell.zone, cell.node


def _names(cells: list[Cell]) -> tuple[str, ...]:
    first = cells[0].names
    if len(cells) == 1 or all(cell.names is first for cell in cells):
        return first if len(first) == 1 else tuple(sorted(first))
    return tuple(sorted({name for cell in cells for name in cell.names}))


def _there(spread: list[_At], parts: tuple[tuple[int, bool, bool], ...]) -> _Names:
    """Who is in some parts of a spread."""
    if len(parts) == 1:
        part, site, cloud = parts[0]
        at = spread[part]
        if not cloud:
            return at.names
        return tuple(sorted((*at.names, at.place))) if site else (at.place,)
    found: set[str] = set()
    for part, site, cloud in parts:
        found.update(spread[part].names if site else ())
        found.update((spread[part].place,) if cloud else ())
    return tuple(sorted(found))


def _all(names: list[_Names]) -> _Names:
    return names[0] if len(names) == 1 else tuple({name for some in names for name in some})


def _where(graph: Graph, device: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """The sites of a class by zone and country."""
    found: dict[tuple[str, str], list[str]] = {}
    for site in graph.sites:
        if any(devices.device_class.name == device for devices in site.devices):
            found.setdefault((site.zone.name, site.country), []).append(f"site {site.name}")
    return {key: tuple(names) for key, names in found.items()}


def _held(decision: Decision) -> Iterator[tuple[str, str]]:
    """(class, model) pairs that a decision puts on devices."""
    device = decision.chosen.device
    if device is not None:
        for model, _ in decision.chosen.held:
            yield device.name, model

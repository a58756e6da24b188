"""The placement matrix: every asset, every facet, where it lies, and whether that is allowed.

Facets nobody has stated facts about are gaps: they are listed, and never count as allowed. Sites
of one country are judged as one, so that a row names thousands of sites and is judged once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import reduce
from typing import NamedTuple, TypeAlias

from hybridspec.ir.graph import Graph, Region
from hybridspec.ir.half import written
from hybridspec.ir.label import BOTTOM, Label, join
from hybridspec.ir.plan import Decision, FleetMember, Residency, Store
from hybridspec.ir.verdict import ORDER, Certificate, Permission, Place, Reason, Verdict, meet
from hybridspec.law.certificate import certificate
from hybridspec.law.claim import WEIGHTS, Claims, claims, own
from hybridspec.law.claim import stops as stopped
from hybridspec.law.duty import shortened
from hybridspec.law.locate import (
    COMPUTED,
    HELD,
    SERVICE,
    Spot,
    at_sink,
)


class Cell(NamedTuple):
    """One asset of a zone at one spot; `node` is where its label is read, `names` who is there."""

    zone: str
    asset: str
    node: str
    label: Label
    spot: Spot
    names: tuple[str, ...]


_Names: TypeAlias = tuple[str, ...]
_Met: TypeAlias = tuple[int, Permission, tuple[str, str], tuple[_Names, _Names, _Names]]
"""Which of its cells decides, what it may, in words, and countries, operators and partitions."""


def residency(
    graph: Graph, decisions: tuple[Decision, ...], stores: tuple[Store, ...],
    fleet: tuple[FleetMember, ...],
) -> tuple[Residency, ...]:  # fmt: skip
    """One row per asset, zone and facet, sorted."""
    matrix = _Matrix(claims(graph), decisions, stores, fleet)
    rows: dict[tuple[str, str, str], list[Cell]] = {}
    for cell in matrix.cells():
        for zone in (cell.zone,) if cell.asset not in matrix.trained else matrix.owners(cell):
            rows.setdefault((zone, cell.asset, cell.spot.facet), []).append(cell)
    return tuple(matrix.row(zone, cells) for (zone, _, _), cells in sorted(rows.items()))


class _Matrix:
    """What lies where in one plan."""

    def __init__(
        self, of: Claims, decisions: tuple[Decision, ...], stores: tuple[Store, ...],
        fleet: tuple[FleetMember, ...],
    ) -> None:  # fmt: skip
        self.claims, self.labels = of, of.law.labels
        self.decisions, self.fleet = decisions, fleet
        self.seen: dict[tuple[tuple[int, int, str], ...], _Met] = {}
        self.regions = {store.zone.name: store.region for store in stores}
        self.trained = {
            f"{what} {model.name}" for model in of.graph.models if model.training is not None
            for what in ("model", "training")
        }  # fmt: skip

    def cells(self) -> Iterator[Cell]:
        """Everything that the plan puts anywhere."""
        groups: dict[tuple[object, ...], list[Decision]] = {}
        for decision in self.decisions:
            site, chosen = decision.site, decision.chosen
            key = (decision.flow.name, site.zone.name, site.country, id(chosen.hosts))
            groups.setdefault(key, []).append(decision)
        for group in groups.values():
            names = tuple(f"site {decision.site.name}" for decision in group)
            yield from self._flow(group[0], names)
        for zone, region in self.regions.items():
            yield from self._region(zone, region)
        yield from self._bundles()
        yield from self._channels()
        yield from self._telemetry()

    def owners(self, cell: Cell) -> tuple[str, ...]:
        """The zones that answer for weights: all that they learnt from."""
        return tuple(sorted({cell.zone, *(z for z in cell.label.zones if z in self.claims.zones)}))

    def _flow(self, decision: Decision, names: tuple[str, ...]) -> Iterator[Cell]:
        """A flow at sites that are alike: its data, its stages and its models there."""
        site, flow, region = decision.site, decision.flow, decision.chosen.region
        zone, hosts = site.zone.name, dict(decision.chosen.hosts)
        data = f"data {flow.data.name}"
        node = f"{data}@{zone}"
        for spot in self.claims.at_site(site.country, ("process",)):
            yield Cell(zone, data, node, self.labels.of(node), spot, names)
        for stage in flow.stages:
            asset = f"{flow.name}.{written(stage.name)}"
            node = f"stage {asset}@{zone}"
            label = self.labels.within(node)
            if hosts[stage.name].kind == "cloud" and region is not None:
                place = (f"region {region.label}",)
                for spot in self.claims.in_region(
                    region, HELD if stage.place == "cloud" else COMPUTED
                ):
                    yield Cell(zone, asset, node, label, spot, place)
                for spot in self.claims.between(site.country, region):
                    yield Cell(zone, asset, node, label, spot, (*names, *place))
                continue
            for spot in self.claims.at_site(site.country, ("process", "logs")):
                yield Cell(zone, asset, node, label, spot, names)
            if stage.model is not None:
                yield from self._weights(stage.model.name, zone, site.country, names)

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
        first = cells[0]
        distinct = _distinct(cells) if len(cells) > 1 else {_spot(first): first}
        key = tuple(distinct)
        met = self.seen.get(key)
        if met is None:
            met = self.seen[key] = self._meet([*distinct.values()])
        worst, whole, (verdict, why), (countries, operators, partitions) = met
        return Residency(
            asset=first.asset, zone=zone, facet=first.spot.facet, places=_names(cells),
            countries=countries, operators=operators, partitions=partitions, verdict=verdict,
            why=why, obligations=whole.obligations,
            certificate=self._certificate(distinct[key[worst]], whole),
        )  # fmt: skip

    def _meet(self, cells: list[Cell]) -> _Met:
        """The meet over cells of different labels and spots; rows of many assets share it."""
        asked = [self.claims.ask(c.label, c.spot, c.zone) for c in cells]
        order = sorted(range(len(asked)), key=lambda n: ORDER.index(asked[n].verdict))
        whole = _together([asked[n] for n in order])
        spots = [cell.spot.place for cell in cells]
        return order[0], whole, (whole.verdict.value, _why(whole)), (
            tuple(sorted({c for place in spots for c in place.countries})),
            tuple(sorted({place.operator for place in spots if place.operator})),
            tuple(sorted({place.partition for place in spots if place.partition})),
        )  # fmt: skip

    def _certificate(self, cell: Cell, whole: Permission) -> Certificate | None:
        if cell.node not in self.labels:
            return Certificate(reasons=whole.reasons)
        return certificate(self.labels, cell.node, whole)


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


def _together(permissions: list[Permission]) -> Permission:
    if len(permissions) == 1:
        return permissions[0]
    return Permission(
        verdict=meet(*(p.verdict for p in permissions)),
        reasons=tuple(dict.fromkeys(r for p in permissions for r in p.reasons)),
        obligations=tuple(dict.fromkeys(o for p in permissions for o in p.obligations)),
    )  # fmt: skip


def _why(whole: Permission) -> str:
    """The certificate in words: the wall that holds it, then what decided, three of it."""
    words = _texts(r for r in whole.reasons if r.verdict is whole.verdict)
    if whole.verdict in (Verdict.SATISFIED, Verdict.CONDITIONAL):
        count = len(whole.obligations)
        counted = count > 1 and whole.verdict is Verdict.CONDITIONAL
        words = _walls(whole) + ([f"while {count} obligations are met"] if counted else _texts(
            r for r in whole.reasons
            if r.verdict is whole.verdict and not r.rule.startswith("zone:")
        ))  # fmt: skip
    words = [shortened(text) for text in dict.fromkeys(words)]
    more = f"; and {len(words) - 3} more" if len(words) > 3 else ""
    return "; ".join(words[:3]) + more or "no wall, policy or law of the spec restricts it"


def _texts(reasons: Iterable[Reason]) -> list[str]:
    """What reasons say, each rule once with all of the countries that its text ends in."""
    found: dict[tuple[str, str], set[str]] = {}
    for reason in reasons:
        ending = ", ".join(reason.countries)
        stem = reason.text.removesuffix(f" {ending}") if ending else reason.text
        found.setdefault((reason.rule, stem), set()).update(
            reason.countries if stem != reason.text else ())  # fmt: skip
    return [f"{stem} {_listed(sorted(countries))}" if countries else stem
            for (_, stem), countries in found.items()]  # fmt: skip


def _listed(countries: list[str]) -> str:
    more = f" and {len(countries) - 8} more" if len(countries) > 8 else ""
    return ", ".join(countries[:8]) + more


def _walls(whole: Permission) -> list[str]:
    """Each zone that allows it once, with all countries in which it does."""
    found: dict[str, set[str]] = {}
    for reason in whole.reasons:
        if reason.rule.startswith("zone:") and reason.verdict is Verdict.SATISFIED:
            found.setdefault(reason.rule.removeprefix("zone:"), set()).update(reason.countries)
    return [f"zone `{name}` allows it in {', '.join(sorted(countries))}"
            for name, countries in sorted(found.items())]  # fmt: skip


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

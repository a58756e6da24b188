"""Which laws' data can be where a zone allows it, facet by facet, and what each law says there.

This is asked before anything is placed: a zone that lists a country says that its data may be
there, whether or not a plan ever uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from hybridspec.ir.graph import Graph, StageKind
from hybridspec.ir.label import Bound, Label
from hybridspec.ir.law import FACETS
from hybridspec.ir.verdict import ORDER, Place
from hybridspec.ir.zone import Zone
from hybridspec.law.permit import Law, law_of
from hybridspec.law.regime import Ruling

_KEPT = ("store", "ciphertext", "backup")
"""Facets of what a store keeps; models have their own, every other one is of all data."""
_SEALED = ("ciphertext", "transit")
"""Facets on which nothing is ever in the clear."""

Bounds = dict[Bound, str]
"""Laws, and an asset that each of them is on."""


class Asked(NamedTuple):
    """What a law says of some facets of a zone in one country; `asset` is one that is under it."""

    bound: Bound
    asset: str
    facets: tuple[str, ...]
    country: str
    ruling: Ruling


class Reach:
    """What a graph's zones allow, law by law; each question is asked once."""

    def __init__(self, law: Law) -> None:
        self.law = law
        self.bounds = _reached(law)
        self._asked: dict[str, tuple[Asked, ...]] = {}

    def asked(self, zone: Zone) -> tuple[Asked, ...]:
        """What each known law says of every country that the zone allows for one of its facets."""
        if zone.name not in self._asked:
            self._asked[zone.name] = tuple(_ask(self.law, zone, self.bounds[zone.name]))
        return self._asked[zone.name]

    def names(self, zone: str) -> tuple[str, ...]:
        """The laws that data is under on account of a zone, as far as the facts know them."""
        bounds = {b for facets in self.bounds.values() for found in facets.values() for b in found}
        return tuple(sorted({
            b.regime for b in bounds if b.zone == zone and b.regime in self.law.regimes
        }))  # fmt: skip


def reach_of(graph: Graph) -> Reach:
    """The `Reach` of a graph; that of the last graph is kept, so that every rule may ask for it."""
    return _reach(law_of(graph))


_reach = lru_cache(maxsize=1)(Reach)


def _reached(law: Law) -> dict[str, dict[str, Bounds]]:
    """By zone and facet, the laws that data there can be under."""
    graph = law.graph
    found: dict[str, dict[str, Bounds]] = {
        zone.name: {kind: {} for kind in ("data", "kept", "model")} for zone in graph.zones
    }
    seen: set[tuple[str, str, int]] = set()

    def add(zone: str, kind: str, label: Label, asset: str) -> None:
        key = (zone, kind, id(label))
        if zone in found and key not in seen:
            seen.add(key)
            for bound in label.regimes:
                found[zone][kind].setdefault(bound, asset)

    for zone, kind, label, asset in (*_flows(law), *_learning(law)):
        add(zone, kind, label, asset)
    return {zone: {facet: _of(facet, kinds) for facet in FACETS} for zone, kinds in found.items()}


def _of(facet: str, kinds: dict[str, Bounds]) -> Bounds:
    if facet in _KEPT:
        return kinds["kept"]
    if facet == "model":
        return kinds["model"]
    return {**kinds["kept"], **kinds["data"]}


def _flows(law: Law) -> Iterator[tuple[str, str, Label, str]]:
    for flow in law.graph.flows:
        for zone in sorted({site.zone.name for site in flow.sites}):
            for stage in flow.stages:
                node = f"stage {flow.name}.{stage.name}@{zone}"
                within, asset = law.labels.within(node), f"{flow.name}.{stage.name}"
                yield zone, "data", within, asset
                yield zone, "data", law.labels.of(node), asset
                if stage.kind is StageKind.SINK and stage.operation == "store":
                    yield zone, "kept", within, asset
                if stage.model is not None:
                    copy = law.labels.copy(stage.model.name, zone)
                    yield zone, "model", copy, stage.model.name


def _learning(law: Law) -> Iterator[tuple[str, str, Label, str]]:
    """Data that a model learns from lies where it is born, and passes the store of its zone."""
    named = {name for model in law.graph.models if model.training for name in model.training.data}
    for node in law.labels.nodes if named else ():
        kind, _, rest = node.partition(" ")
        asset, _, zone = rest.rpartition("@")
        if kind == "data" and asset in named:
            yield zone, "data", law.labels.of(node), asset
            yield zone, "kept", law.labels.of(node), asset


def _ask(law: Law, zone: Zone, bounds: dict[str, Bounds]) -> Iterator[Asked]:
    assets = {bound: asset for facet in FACETS for bound, asset in bounds[facet].items()}
    for bound in sorted(assets):
        regime = law.regimes.get(bound.regime)
        governs = regime.governs if regime is not None else ()
        facets = [f for f in governs if bound in bounds[f] and zone.walled(f)]
        for alike in (
            [f for f in facets if f in _SEALED and regime and f in regime.sealed],
            [f for f in facets if not (f in _SEALED and regime and f in regime.sealed)],
        ):
            for country in sorted({c for facet in alike for c in zone.allowed(facet)}):
                there = tuple(f for f in alike if country in zone.allowed(f))
                rulings = (
                    law.ask(bound, there[0], where(country, zone, who, sealed=there[0] in _SEALED))
                    for who in _recipients(law, bound, country)
                )
                best = max(rulings, key=lambda ruling: ORDER.index(ruling.verdict))
                yield Asked(bound, assets[bound], there, country, best)


def _recipients(law: Law, bound: Bound, country: str) -> tuple[str, ...]:
    """Who may get data in a country: a zone allows it if there is a ground for any of them."""
    zone = law.zones.get(bound.zone)
    named = {t.recipient for t in zone.transfers if country in t.countries} if zone else set()
    return ("own", *sorted(named - {""}))


def where(country: str, zone: Zone, recipient: str = "own", *, sealed: bool = False) -> Place:
    """A place in a country, as far as a zone says; its operator is said to be of that country."""
    return Place(
        name=f"zone {zone.name} in {country}", countries=(country,), recipient=recipient,
        operator=country, sealed=sealed,
        keys_in=zone.allowed("keys") if sealed else (),
    )  # fmt: skip

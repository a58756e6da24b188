"""The placement matrix: every asset, every facet, where it lies, and whether that is allowed.

Facets nobody has stated facts about are gaps: they are listed, and never count as allowed.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.ir.graph import Flow, Graph, Region, Site, Zone
from hybridspec.ir.plan import Decision, FleetMember, Residency, Store


def residency(
    graph: Graph, decisions: tuple[Decision, ...], stores: tuple[Store, ...],
    fleet: tuple[FleetMember, ...],
) -> tuple[Residency, ...]:  # fmt: skip
    """One row per asset, zone and facet, sorted."""
    rows: dict[tuple[str, str, str], dict[str, str]] = {}
    zones = {zone.name: zone for zone in graph.zones}
    for asset, zone, facet, place, country in (
        *_flow_places(decisions),
        *_store_places(graph, stores),
        *_bundle_places(graph, decisions, stores, fleet),
    ):
        rows.setdefault((zone.name, asset, facet), {})[place] = country
    for model in graph.models:
        if model.training is not None:
            _join(rows, f"model {model.name}")
    found = [
        _row(zones[zone], asset, facet, places) for (zone, asset, facet), places in rows.items()
    ]
    found.extend(_gaps(graph, stores))
    return tuple(sorted(found, key=lambda row: (row.zone, row.asset, row.facet)))


def _row(zone: Zone, asset: str, facet: str, places: dict[str, str]) -> Residency:
    countries = tuple(sorted(set(places.values())))
    judged = {(place.startswith("site "), country) for place, country in places.items()}
    outside = sorted({
        country for at_site, country in judged
        if country not in zone.allowed(_judged(facet, at_site=at_site))
    })  # fmt: skip
    verdict = "violated" if outside else "satisfied"
    narrowed = any(name == facet for name, _ in zone.facets)
    bounds = "the facet's" if narrowed else "the zone's"
    why = (
        f"{', '.join(outside or countries)} {'not ' if outside else ''}in {bounds} countries "
        f"({zone.origin.ref})"
    )
    if facet == "transit" and not outside:
        verdict, why = "gap", f"both ends: {why}; the route between them is not stated"
    return Residency(
        asset=asset, zone=zone.name, facet=facet, places=tuple(sorted(places)),
        countries=countries, verdict=verdict, why=why,
    )  # fmt: skip


def _judged(facet: str, *, at_site: bool) -> str:
    """The facet that decides over a place: what a device holds, it holds to work with it."""
    return "process" if facet == "store" and at_site else facet


def _join(rows: dict[tuple[str, str, str], dict[str, str]], asset: str) -> None:
    """Weights that learn in several zones hold the data of each wherever they lie."""
    keys = [key for key in rows if key[1] == asset]
    everywhere = {place: country for key in keys for place, country in rows[key].items()}
    rows.update({key: dict(everywhere) for key in keys})


def _flow_places(decisions: tuple[Decision, ...]) -> Iterator[tuple[str, Zone, str, str, str]]:
    for decision in decisions:
        site, flow = decision.site, decision.flow
        yield f"data {flow.data.name}", site.zone, "process", f"site {site.name}", site.country
        for asset, facet, place, country in _stage_places(decision, site, flow):
            yield asset, site.zone, facet, place, country


def _stage_places(
    decision: Decision, site: Site, flow: Flow
) -> Iterator[tuple[str, str, str, str]]:
    region = decision.chosen.region
    hosts = dict(decision.chosen.hosts)
    for stage in flow.stages:
        asset = f"{flow.name}.{stage.name}"
        if hosts[stage.name].kind == "cloud" and region is not None:
            facet = "store" if stage.kind == "sink" else "process"
            yield asset, facet, f"region {region.label}", region.country
            yield asset, "transit", f"site {site.name}", site.country
            yield asset, "transit", f"region {region.label}", region.country
        else:
            yield asset, "process", f"site {site.name}", site.country
        if stage.model is not None and hosts[stage.name].kind == "edge":
            yield f"model {stage.model.name}", "store", f"site {site.name}", site.country


def _store_places(
    graph: Graph, stores: tuple[Store, ...]
) -> Iterator[tuple[str, Zone, str, str, str]]:
    for store in stores:
        zone, region = store.zone, store.region
        place, country = f"region {region.label}", region.country
        for facet in ("store", "keys", "backup"):
            yield "zone store", zone, facet, place, country
        for model in _models(graph, zone):
            yield f"model {model}", zone, "store", place, country
        for model in _trained(graph, zone):
            yield f"training {model}", zone, "process", place, country
        yield "update channel", zone, "store", place, country


def _bundle_places(
    graph: Graph, decisions: tuple[Decision, ...], stores: tuple[Store, ...],
    fleet: tuple[FleetMember, ...],
) -> Iterator[tuple[str, Zone, str, str, str]]:  # fmt: skip
    """A class has one bundle: its models reach all its sites, and the channels of their zones.

    A zone that runs a model itself answers for its own copy of it.
    """
    owners: dict[tuple[str, str], dict[str, Zone]] = {}
    for decision in decisions:
        for device, model in _held(decision):
            owners.setdefault((device, model), {})[decision.site.zone.name] = decision.site.zone
    channels = {store.zone.name: store.region for store in stores}
    own = {zone.name: set(_models(graph, zone)) for zone in graph.zones}
    for member in fleet:
        name = member.device_class.name
        sites = [s for s in graph.sites if any(d.device_class.name == name for d in s.devices)]
        for model in sorted({model.name for model, _ in member.models}):
            for site in sites:
                for zone in owners[name, model].values():
                    if site.zone.name != zone.name and model in own[site.zone.name]:
                        continue
                    yield f"model {model}", zone, "store", f"site {site.name}", site.country
                    region = channels.get(site.zone.name)
                    if region is not None:
                        place = f"region {region.label}"
                        yield f"model {model}", zone, "store", place, region.country


def _held(decision: Decision) -> Iterator[tuple[str, str]]:
    """(class, model) pairs that a decision puts on devices."""
    hosts = dict(decision.chosen.hosts)
    for stage in decision.flow.stages:
        if stage.model is not None and hosts[stage.name].kind == "edge":
            yield hosts[stage.name].name, stage.model.name


def _models(graph: Graph, zone: Zone) -> list[str]:
    return sorted({
        stage.model.name
        for flow in graph.flows if any(site.zone.name == zone.name for site in flow.sites)
        for stage in flow.stages if stage.model is not None
    })  # fmt: skip


def _trained(graph: Graph, zone: Zone) -> list[str]:
    trained = {model.name for model in graph.models if model.training is not None}
    return [name for name in _models(graph, zone) if name in trained]


def _gaps(graph: Graph, stores: tuple[Store, ...]) -> Iterator[Residency]:
    stored = {store.zone.name for store in stores}
    for zone in sorted({site.zone.name for site in graph.sites} - stored):
        yield Residency(
            asset="update channel", zone=zone, facet="store", places=(), countries=(),
            verdict="gap", why="no region lies in the zone; where updates are kept is not stated",
        )  # fmt: skip
    for store in stores:
        for facet, why in _unstated(store.region):
            yield Residency(
                asset="zone store", zone=store.zone.name, facet=facet,
                places=(f"region {store.region.label}",), countries=(), verdict="gap", why=why,
            )  # fmt: skip


def _unstated(region: Region) -> tuple[tuple[str, str], ...]:
    return (
        ("control plane", f"identity and billing of partition `{region.partition}` are global; "
         "no country is stated for their metadata"),
        ("logs", "where the provider keeps its own service logs is not stated"),
        ("operator", f"operated by {region.operator}; access under that law is not ruled on"),
        ("support", "no country is stated for the provider's support staff"),
    )  # fmt: skip

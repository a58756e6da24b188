"""HS0301: a place that the spec pins lies outside its compliance zone.

What it flags: a site whose country its zone does not list; a training region whose country is not
in the zone of every site that feeds the model; a model that learns from data of one zone (that of
a site which runs it, of `training.data` or of a site in `federated`) and runs at a site outside it;
a device class whose one bundle would carry a zone's model to such a site.
Why: everything a site or a region does with the zone's data happens under that country's law, and
weights hold what they were learnt from.
Example: `sites.oslo: {country: NO, zone: eu}` where `eu` lists only `[EU]`.
Fix: move the site to a zone that lists its country, or list the country in the zone; give each
zone device classes of its own, and models of its own where they are trained.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.ir.graph import Graph, Model, Site, Zone

_LEARNING = ("process", "store", "keys", "backup")
"""The facets of data that lie where a model learns from it."""


def residency_violated(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per pinned place outside its zone."""
    for site in graph.sites:
        if site.country not in site.zone.allowed("process"):
            yield Diagnostic(
                code="HS0301",
                message=f"site `{site.name}` stands in {site.country}, which zone "
                f"`{site.zone.name}` does not allow"
                + (" to process its data" if site.country in site.zone.countries else ""),
                span=site.country_origin,
                help=_help(graph, site.country, site.zone),
                notes=(_allowed(site.zone),),
            )
    for model in graph.models:
        yield from _training(graph, model)
        yield from _learnt(graph, model)
        yield from _bundled(graph, model)


def _training(graph: Graph, model: Model) -> Iterator[Diagnostic]:
    region = model.training.region if model.training else None
    if model.training is None or region is None:
        return
    for zone in _teachers(graph, model):
        if any(region.country not in zone.allowed(facet) for facet in _LEARNING):
            yield Diagnostic(
                code="HS0301",
                message=f"model `{model.name}` learns from data of zone `{zone.name}`, but trains "
                f"in `{region.name}` ({region.country})",
                span=model.training.origin,
                help="remove `region` to train where the zone's store is, or choose a region in "
                + ", ".join(zone.countries[:8]),
                notes=(_allowed(zone),),
            )


def _learnt(graph: Graph, model: Model) -> Iterator[Diagnostic]:
    """Weights that hold a zone's data, in another zone whose places may not see it."""
    if model.training is None:
        return
    zones = _zones_of(graph, model)
    for home, other in product(_teachers(graph, model), zones):
        if home == other:
            continue
        sites = [site for site in _sites_of(graph, model) if site.zone == other]
        place = _outside(graph, home, sites, _LEARNING)
        too = " as well" if home in zones else ""
        if place:
            yield Diagnostic(
                code="HS0301",
                message=f"model `{model.name}` learns from data of zone `{home.name}`, but zone "
                f"`{other.name}` runs it{too}, which reaches {place}",
                span=model.training.origin,
                help="declare the model, and the data that it learns from, once for each zone, "
                "so that each learns and stays in its own; the file may be the same",
                notes=(_allowed(home), *_runs(graph, model)),
            )


def _runs(graph: Graph, model: Model) -> Iterator[Label]:
    """Where flows run a model."""
    for flow in graph.flows:
        if any(stage.model is not None and stage.model.name == model.name for stage in flow.stages):
            yield Label(span=flow.origin, message=f"flow `{flow.name}` runs it")


def _bundled(graph: Graph, model: Model) -> Iterator[Diagnostic]:
    """A class has one bundle: what a site of one zone runs on it reaches the class everywhere."""
    own, teachers = _zones_of(graph, model), _teachers(graph, model)
    stands = {(devices.device_class.name, site.zone.name, site.country): (site, devices)
              for site in graph.sites for devices in site.devices}  # fmt: skip
    runs = {(site.zone.name, devices.device_class.name)
            for site in _sites_of(graph, model) for devices in site.devices}  # fmt: skip
    for home, other in product(teachers, graph.zones):
        if other == home or (other in own and (model.training is None or home not in own)):
            continue
        homes = [home] if home in own else own
        for key in sorted(stands):
            site, devices = stands[key]
            if site.zone != other or all((zone.name, key[0]) not in runs for zone in homes):
                continue
            place = _outside(graph, home, [site])
            if place:
                yield Diagnostic(
                    code="HS0301",
                    message=f"the bundle of `{key[0]}` would carry model `{model.name}` of zone "
                    f"`{home.name}` into zone `{other.name}`, which reaches {place}",
                    span=devices.origin,
                    help=f"give zone `{other.name}` a device class of its own, of the same board",
                    notes=(_allowed(home),),
                )


def _outside(
    graph: Graph, home: Zone, sites: Sequence[Site], facets: Sequence[str] = ("store",)
) -> str:
    """A site, or a region that the sites' zone may store in, that `home` does not allow."""
    for site in sites:
        if site.country not in home.allowed("process"):
            return f"`{site.name}` ({site.country})"
    for region in graph.regions:
        stores = region.country in sites[0].zone.allowed("store")
        if stores and any(region.country not in home.allowed(facet) for facet in facets):
            return f"{region.label} ({region.country})"
    return ""


def _sites_of(graph: Graph, model: Model) -> list[Site]:
    """Every site that runs the model."""
    sites = {
        site.name: site
        for flow in graph.flows
        if any(stage.model is not None and stage.model.name == model.name for stage in flow.stages)
        for site in flow.sites
    }
    return [sites[name] for name in sorted(sites)]


def _zones_of(graph: Graph, model: Model) -> list[Zone]:
    zones = {site.zone.name: site.zone for site in _sites_of(graph, model)}
    return [zones[name] for name in sorted(zones)]


def _teachers(graph: Graph, model: Model) -> list[Zone]:
    """The zones that own the model: those that run it, and those whose data it learns from."""
    zones = {zone.name: zone for zone in _zones_of(graph, model)}
    job = model.training
    if job is not None:
        named = {name for data in graph.data if data.name in job.data for name in data.born}
        named |= set(job.federated.sites if job.federated else ())
        born = [site for flow in graph.flows if flow.data.name in job.data for site in flow.sites]
        born += [site for site in graph.sites if site.name in named]
        zones |= {site.zone.name: site.zone for site in born}
    return [zones[name] for name in sorted(zones)]


def _allowed(zone: Zone) -> Label:
    return Label(span=zone.countries_origin, message=f"`{zone.name}` allows these countries")


def _help(graph: Graph, country: str, zone: Zone) -> str:
    if country in zone.countries:
        return f"add `{country}` to the facet `process` of `{zone.name}`, or move the site"
    fitting = sorted(z.name for z in graph.zones if country in z.allowed("process"))
    if fitting:
        return f"write `zone: {fitting[0]}`, which allows {country}"
    return f"add `{country}` to the countries of `{zone.name}`, or give the site a zone of its own"

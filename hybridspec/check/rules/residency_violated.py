"""HS0301: a place that the spec pins lies outside its compliance zone.

What it flags: a site whose country its zone does not list, and a training region whose country
is not in the zone of every site that feeds the model.
Why: everything a site or a region does with the zone's data happens under that country's law.
Example: `sites.oslo: {country: NO, zone: eu}` where `eu` lists only `[EU]`.
Fix: move the site to a zone that lists its country, or list the country in the zone.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.ir.graph import Graph, Model, Zone


def residency_violated(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per pinned place outside its zone."""
    for site in graph.sites:
        if site.country not in site.zone.countries:
            yield Diagnostic(
                code="HS0301",
                message=f"site `{site.name}` stands in {site.country}, which zone "
                f"`{site.zone.name}` does not allow",
                span=site.country_origin,
                help=_help(graph, site.country, site.zone),
                notes=(_allowed(site.zone),),
            )
    for model in graph.models:
        yield from _training(graph, model)


def _training(graph: Graph, model: Model) -> Iterator[Diagnostic]:
    region = model.training.region if model.training else None
    if model.training is None or region is None:
        return
    for zone in _zones_of(graph, model):
        if region.country not in zone.countries:
            yield Diagnostic(
                code="HS0301",
                message=f"model `{model.name}` learns from data of zone `{zone.name}`, but trains "
                f"in `{region.name}` ({region.country})",
                span=model.training.origin,
                help="remove `region` to train where the zone's store is, or choose a region in "
                + ", ".join(zone.countries[:8]),
                notes=(_allowed(zone),),
            )


def _zones_of(graph: Graph, model: Model) -> list[Zone]:
    zones = {
        site.zone.name: site.zone
        for flow in graph.flows
        if any(stage.model is not None and stage.model.name == model.name for stage in flow.stages)
        for site in flow.sites
    }
    return [zones[name] for name in sorted(zones)]


def _allowed(zone: Zone) -> Label:
    return Label(span=zone.countries_origin, message=f"`{zone.name}` allows these countries")


def _help(graph: Graph, country: str, zone: Zone) -> str:
    fitting = sorted(z.name for z in graph.zones if country in z.countries)
    if fitting:
        return f"write `zone: {fitting[0]}`, which allows {country}"
    return f"add `{country}` to the countries of `{zone.name}`, or give the site a zone of its own"

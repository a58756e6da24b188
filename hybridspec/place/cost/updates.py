"""What it takes to bring releases to devices: each carries the whole bundle of a class.

Bundles count with every model of the flows around a device, wherever these run, and as large as
the model's file is before it is optimised: more than is sent, never less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache

from hybridspec.ir.graph import DeviceClass, Graph, Model, Region, Site
from hybridspec.ir.plan import CostTerm
from hybridspec.ir.same import Same
from hybridspec.place.cost.term import GB, cloud, edge, money, shown


def releases(graph: Graph, models: Iterable[Model]) -> Fraction:
    """Releases over the horizon: models that are trained equally often come together."""
    every = {model.training.every for model in models if model.training is not None}
    if graph.release_every is not None:
        every.add(graph.release_every)
    return sum((Fraction(graph.horizon, one) for one in sorted(every)), Fraction(0))


def updates(
    graph: Graph, region: Region, models: tuple[Model, ...], devices: int
) -> Iterator[CostTerm]:
    """Egress of every release to every device of a zone, model by model; rounded for a device."""
    runs = releases(graph, models)
    for model in models if runs else ():
        size = Fraction(model.facts.size, GB)
        yield cloud(
            "updates", f"updates {model.name}", devices * round(runs * size * region.egress_price),
            f"{shown(runs)} releases x {devices} devices x {shown(size)} GB x "
            f"{money(graph, region.egress_price)}/GB",
        )  # fmt: skip


def fetched(graph: Graph, site: Site, device: DeviceClass) -> Iterator[CostTerm]:
    """Metered traffic of every release to one device of a site."""
    if not device.uplink_down_price:
        return
    models = _models(Same(graph)).get(site.name, ())
    runs, size = releases(graph, models), Fraction(sum(m.facts.size for m in models), GB)
    if runs and size:
        yield edge(
            "updates", "updates", runs * size * device.uplink_down_price,
            f"{shown(runs)} releases x {shown(size)} GB x "
            f"{money(graph, device.uplink_down_price)}/GB",
        )  # fmt: skip


@lru_cache(maxsize=1)
def _models(same: Same) -> Mapping[str, tuple[Model, ...]]:
    """The models of the flows of each site, by the site's name."""
    found: dict[str, dict[str, Model]] = {}
    for flow in same.graph.flows:
        mine = {stage.model.name: stage.model for stage in flow.stages if stage.model is not None}
        for site in flow.sites:
            found.setdefault(site.name, {}).update(mine)
    return {name: tuple(models.values()) for name, models in found.items()}

"""Changes of a Graph: one value of the spec as another, wherever the Graph holds it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hybridspec.base.units import parse_bandwidth, write_bandwidth, write_duration
from hybridspec.ir.graph import DeviceClass, Flow, Graph, Model, Site, Zone
from hybridspec.ir.rewritten import with_models
from hybridspec.place.quota import TRAINING, Limit


@dataclass(frozen=True, slots=True)
class Change:
    """What to write at `key` of the spec, in words and as what it makes of a graph.

    An empty `key` is something that no single key of the spec says. `amount` is how much is asked
    for, so that two changes of one thing can be compared; 0 is none.
    """

    key: str
    value: str
    words: str
    apply: Callable[[Graph], Graph]
    amount: int = 0

    @property
    def thing(self) -> str:
        """What is changed, whatever the amount."""
        return self.key or self.words.replace(self.value, "", 1)

    @property
    def setting(self) -> str:
        """It as `plan --what-if` takes it; empty where no single key says it."""
        return f"{self.key}={self.value}" if self.key else ""


def all_of(changes: tuple[Change, ...], graph: Graph) -> Graph:
    """The graph with every change made."""
    for change in changes:
        graph = change.apply(graph)
    return graph


def latency(flow: Flow, bound: int) -> Change:
    """Another end-to-end bound."""
    text = write_duration(bound)
    return Change(
        f"flows.{flow.name}.latency.bound", text, f"set the bound of `{flow.name}` to {text}",
        lambda graph: with_flow(graph, flow.name, latency=_bounded(graph, flow.name, bound)),
        bound,
    )  # fmt: skip


def _bounded(graph: Graph, name: str, bound: int) -> object:
    old = next(flow.latency for flow in graph.flows if flow.name == name)
    return replace(old, bound=bound) if old is not None else None


def bandwidth(flow: Flow, bits: int) -> Change:
    """Another limit of what a flow may send."""
    text = write_bandwidth(bits)
    return Change(
        f"flows.{flow.name}.bandwidth", text, f"set `bandwidth` of `{flow.name}` to {text}",
        lambda graph: with_flow(graph, flow.name, bandwidth=parse_bandwidth(text)), bits,
    )  # fmt: skip


def offline(flow: Flow, micros: int) -> Change:
    """Another time for which a flow has to work without a network, or none."""
    text = write_duration(micros) if micros else ""
    words = f"set `offline` of `{flow.name}` to {text}" if micros else (
        f"remove `offline` of `{flow.name}`")  # fmt: skip
    return Change(
        f"flows.{flow.name}.offline", text, words,
        lambda graph: with_flow(graph, flow.name, offline=micros),
    )  # fmt: skip


def count(sites: Sequence[str], device: str, number: int) -> Change:
    """Another number of devices of a class at some sites."""
    return Change(
        f"sites.{sites[0]}.devices.{device}" if len(sites) == 1 else "", str(number),
        f"put {number} `{device}` at {named(sites)}",
        lambda graph: with_sites(graph, lambda here: replace(here, devices=tuple(
            replace(d, count=number, most=None) if d.device_class.name == device else d
            for d in here.devices
        )) if here.name in sites else here), number,
    )  # fmt: skip


def elsewhere(flow: Flow, sites: Sequence[str]) -> Change:
    """A flow that no longer runs at some sites."""
    return Change(
        "", "", f"run `{flow.name}` at other sites than {named(sites)}",
        lambda graph: replace(graph, flows=tuple(
            replace(one, sites=tuple(s for s in one.sites if s.name not in sites))
            if one.name == flow.name else one for one in graph.flows
        )),
    )  # fmt: skip


def quota(limit: Limit, stated: int) -> Change:
    """Another quota of an account."""
    field = "training_quota" if limit.kind == TRAINING else "inference_quota"
    cloud = limit.regions[0].partition("/")[0]

    def apply(graph: Graph) -> Graph:
        for label in limit.regions:
            graph = with_region(graph, label, **{field: stated})
        return graph

    return Change(
        f"clouds.{cloud}.quotas.{limit.kind}", str(stated),
        f"have `{limit.kind}` in {' and '.join(limit.regions)} raised to {stated}", apply, stated,
    )  # fmt: skip


def country(zone: Zone, code: str) -> Change:
    """One more country in which a zone's data may be."""
    countries = tuple(sorted({*zone.countries, code}))

    def apply(graph: Graph) -> Graph:
        new = {z.name: replace(z, countries=countries) if z.name == zone.name else z
               for z in graph.zones}  # fmt: skip
        graph = replace(graph, zones=tuple(new.values()))
        return with_sites(graph, lambda site: replace(site, zone=new[site.zone.name]))

    return Change(f"zones.{zone.name}.countries", f"[{', '.join(countries)}]",
                  f"allow {code} in zone `{zone.name}`", apply)  # fmt: skip


def named(names: Sequence[str]) -> str:
    """Some names in words."""
    shown = [f"`{name}`" for name in names]
    if len(shown) > 4:
        return f"{', '.join(shown[:3])} and {len(shown) - 3} more sites"
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part)


def uplink(device: DeviceClass, bits: int) -> Change:
    """Another bandwidth of a class's uplink, wherever it stands."""
    text = write_bandwidth(bits)
    return Change(
        f"devices.{device.name}.uplink.bandwidth", text,
        f"use an uplink of {text} for `{device.name}`",
        lambda graph: with_device(
            graph, device.name, lambda old: replace(old, uplink_bandwidth=parse_bandwidth(text))
        ), bits,
    )  # fmt: skip


def line(sites: Sequence[str], bits: int) -> Change:
    """Another bandwidth of the uplink that all devices of a site share, at each of some sites."""
    text = write_bandwidth(bits)
    return Change(
        f"sites.{sites[0]}.uplink.shared" if len(sites) == 1 else "", text,
        f"raise the uplink that {named(sites)} share{'s' if len(sites) == 1 else ''} to {text}",
        lambda graph: with_sites(graph, lambda site: replace(
            site, line=parse_bandwidth(text)) if site.name in sites else site),
        bits,
    )  # fmt: skip


def network(sites: Sequence[str], bits: int) -> Change:
    """Another bandwidth of the network from sensors to devices, at each of some sites."""
    text = write_bandwidth(bits)
    return Change(
        f"sites.{sites[0]}.lan_bandwidth" if len(sites) == 1 else "", text,
        f"raise `lan_bandwidth` of {named(sites)} to {text}",
        lambda graph: with_sites(graph, lambda site: replace(
            site, lan=parse_bandwidth(text)) if site.name in sites else site),
        bits,
    )  # fmt: skip


def several(device: DeviceClass) -> Change:
    """Devices of a class that hold as many models as fit their memory."""
    return Change(
        f"devices.{device.name}.one_model", "false",
        f"let each `{device.name}` hold several models",
        lambda graph: with_device(graph, device.name, lambda old: replace(old, one_model=False)),
    )  # fmt: skip


def failed(device: DeviceClass, number: int) -> Change:
    """Another number of devices of a class that may have failed at a site."""
    return Change(
        f"devices.{device.name}.max_failed", str(number),
        f"let {number} `{device.name}` fail at a site",
        lambda graph: with_device(
            graph, device.name, lambda old: replace(old, max_failed=number)
        ), number,
    )  # fmt: skip


def memory(device: DeviceClass, size: int) -> Change:
    """A board with another size of memory for a class; `size` is in bytes, whole MiB."""
    more = (size - device.board.memory) // 2**20
    return Change(
        f"catalog.boards.{device.board.name}.memory", f"{size}B" if size % 2**20 else
        f"{size // 2**20}MiB", f"use a board with {more} MiB more memory for `{device.name}`",
        lambda graph: with_device(
            graph, device.name, lambda old: replace(old, board=replace(old.board, memory=size))
        ), size,
    )  # fmt: skip


def with_flow(graph: Graph, name: str, **fields: Any) -> Graph:
    """The graph in which a flow has other values."""
    return replace(graph, flows=tuple(
        replace(flow, **fields) if flow.name == name else flow for flow in graph.flows
    ))  # fmt: skip


def with_site(graph: Graph, name: str, change: Callable[[Site], Site]) -> Graph:
    """The graph in which a site is another, also where flows name it."""
    return with_sites(graph, lambda site: change(site) if site.name == name else site)


def with_sites(graph: Graph, change: Callable[[Site], Site]) -> Graph:
    """The graph in which every site is what `change` makes of it."""
    sites = {site.name: change(site) for site in graph.sites}
    flows = tuple(replace(flow, sites=tuple(sites[site.name] for site in flow.sites))
                  for flow in graph.flows)  # fmt: skip
    return replace(graph, sites=tuple(sites.values()), flows=flows)


def with_device(graph: Graph, name: str, change: Callable[[DeviceClass], DeviceClass]) -> Graph:
    """The graph in which a device class is another, also as it stands at sites."""
    graph = with_sites(graph, lambda site: replace(site, devices=tuple(
        replace(d, device_class=change(d.device_class)) if d.device_class.name == name else d
        for d in site.devices
    )))  # fmt: skip
    return replace(graph, device_classes=tuple(
        change(c) if c.name == name else c for c in graph.device_classes
    ))  # fmt: skip


def with_region(graph: Graph, label: str, **fields: Any) -> Graph:
    """The graph in which a region has other values, also where training is pinned to it."""
    regions = tuple(replace(region, **fields) if region.label == label else region
                    for region in graph.regions)  # fmt: skip
    pinned = any(_pin(model) == label for model in graph.models)
    graph = replace(graph, regions=regions)
    if not pinned:
        return graph
    region = next(region for region in regions if region.label == label)
    models = {model.name: _repinned(model, label, region) for model in graph.models}
    return with_models(graph, models)


def _pin(model: Model) -> str:
    job = model.training
    return job.region.label if job is not None and job.region is not None else ""


def _repinned(model: Model, label: str, region: Any) -> Model:
    if model.training is None or _pin(model) != label:
        return model
    return replace(model, training=replace(model.training, region=region))

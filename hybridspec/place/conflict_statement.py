"""Statements: the lines of a spec that can stand in each other's way, wishes before law."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from hybridspec.base.source import Span
from hybridspec.base.units import format_bandwidth, format_duration
from hybridspec.ir.graph import DeviceClass, Flow, Graph, Model, Site, SiteDevices, Zone
from hybridspec.ir.plan import Configuration, Failure
from hybridspec.place.conflict import smallest_hitting
from hybridspec.place.quota import INFERENCE, Limit, limits

(LATENCY, BANDWIDTH, COUNT, UPLINK, OFFLINE, MEMORY, QUOTA, RUNS, BUNDLE, FIGURES, REGION, FACET,
 POLICY, LAW) = range(14)  # fmt: skip
"""Ranks of statements: what a user may relax at will comes first, what the law says last."""


@dataclass(frozen=True, slots=True, order=True)
class Statement:
    """Something that the spec says at `key`, in words; the least `rank` is relaxed first."""

    rank: int
    key: str
    words: str = field(compare=False)
    span: Span | None = field(compare=False, repr=False)

    @property
    def is_law(self) -> bool:
        """Whether it is law, geography or a fact, and not the user's own wish."""
        return self.rank >= FIGURES


def statement_of(
    failure: Failure, flow: Flow, site: Site, way: Configuration, graph: Graph
) -> Statement:  # fmt: skip
    """What the spec says that a way breaks with a failure."""
    code, here = failure.code, _devices(site, way)
    if code == "HS0302" and flow.latency is not None:
        return latency(flow)
    if code == "HS0317":
        return Statement(BANDWIDTH, f"flows.{flow.name}.bandwidth",
                         f"`{flow.name}` sends at most {format_bandwidth(flow.bandwidth or 0)}",
                         flow.bandwidth_origin)  # fmt: skip
    if code == "HS0304" and failure.unit != "B":
        return Statement(OFFLINE, f"flows.{flow.name}.offline",
                         f"`{flow.name}` works offline for {format_duration(flow.offline)}",
                         flow.offline_origin)  # fmt: skip
    if here is not None and code in ("HS0303", "HS0304", "HS0306", "HS0425"):
        return shared(site, here, _RESOURCE.get((code, failure.unit), "busy"))
    if code == "HS0424":
        return line(site)
    if code == "HS0422" and way.region is not None:
        for limit in limits(graph):
            if limit.kind == INFERENCE and way.region.label in limit.regions:
                return quota(limit)
    if code == "HS0603" and here is not None:
        device = here.device_class
        words = f"nobody has figures for {device.board.title}{_runtime(device)}"
        return Statement(FIGURES, f"devices.{device.name}.board", words, device.board_origin)
    return _ruled(failure, site.zone, graph)


def _runtime(device: DeviceClass) -> str:
    """With what it runs models, if the catalogue's figures are of something else."""
    if device.runtime == "onnxruntime":
        return ""
    return f" with {device.runtime}; `measured` of the model states your own"


def clash(
    graph: Graph, flow: Flow, site: Site, options: Sequence[Configuration]
) -> tuple[Statement, ...]:
    """The fewest statements that leave a flow no way at a site; empty if it has one."""
    masks = [
        frozenset(statement_of(failure, flow, site, option, graph) for failure in option.failures)
        for option in options
    ]
    return smallest_hitting(masks, lambda statement: statement)


_RESOURCE = {("HS0303", "B"): "memory", ("HS0304", "B"): "disk", ("HS0306", "bit/s"): "uplink",
             ("HS0425", "models"): "model"}  # fmt: skip


def _devices(site: Site, way: Configuration) -> SiteDevices | None:
    if way.device is None:
        return None
    return next((d for d in site.devices if d.device_class.name == way.device.name), None)


def latency(flow: Flow) -> Statement:
    """The bound on a flow's latency."""
    bound = flow.latency
    text = f"within {format_duration(bound.bound)}" if bound is not None else "in time"
    return Statement(LATENCY, f"flows.{flow.name}.latency.bound",
                     f"`{flow.name}` reaches `{bound.to if bound else ''}` {text}",
                     bound.origin if bound is not None else flow.origin)  # fmt: skip


def shared(site: Site, devices: SiteDevices, resource: str) -> Statement:
    """What the spec says of something that flows at a site share: its devices and their parts."""
    device = devices.device_class
    name = device.name
    if resource == "memory":
        return Statement(MEMORY, f"devices.{name}.board", f"`{name}` is a {device.board.title}",
                         device.board_origin)  # fmt: skip
    if resource == "model":
        return Statement(MEMORY, f"devices.{name}.one_model", f"`{name}` holds one model at a time",
                         device.one_model_origin)  # fmt: skip
    if resource == "uplink":
        return Statement(UPLINK, f"devices.{name}.uplink.bandwidth",
                         f"the uplink of `{name}` carries "
                         f"{format_bandwidth(device.uplink_bandwidth)}", device.origin)  # fmt: skip
    if resource == "disk":
        days = device.max_offline
        words = f"the disk of `{name}`" + (f", {format_duration(days)} offline" if days else "")
        return Statement(OFFLINE, f"devices.{name}.max_offline", words, device.offline_origin)
    failed = f", of which {device.max_failed} may have failed" if device.max_failed else ""
    words = f"{devices.upto} `{name}` at `{site.name}`{failed}"
    return Statement(COUNT, f"sites.{site.name}.devices.{name}", words, devices.origin)


def line(site: Site) -> Statement:
    """What the uplink carries that all devices of a site share."""
    words = f"the uplink that `{site.name}` shares carries {format_bandwidth(site.line or 0)}"
    return Statement(UPLINK, f"sites.{site.name}.uplink.shared", words, site.line_origin)


def quota(limit: Limit) -> Statement:
    """What an account may have at once in a region."""
    cloud = limit.regions[0].partition("/")[0]
    what = limit.kind.replace("_", " ")
    words = f"at most {limit.stated} {what} in {' and '.join(limit.regions)}"
    return Statement(QUOTA, f"clouds.{cloud}.quotas.{limit.kind}@{limit.regions[0]}", words,
                     limit.origin)  # fmt: skip


def runs(flow: Flow, site: Site) -> Statement:
    """That a flow runs at a site."""
    return Statement(RUNS, f"flows.{flow.name}@{site.name}",
                     f"`{flow.name}` runs at `{site.name}`", flow.origin)  # fmt: skip


def bundle(graph: Graph, device: str, model: str) -> Statement:
    """That all devices of a class hold one variant of a model."""
    origin = next((c.origin for c in graph.device_classes if c.name == device), None)
    words = f"all `{device}` have one bundle, with one variant of `{model}`"
    return Statement(BUNDLE, f"devices.{device}#{model}", words, origin)


def allowed(zone: Zone) -> Statement:
    """Where the zone's store may be."""
    words = f"zone `{zone.name}` allows {_few(zone.countries)}"
    return Statement(REGION, f"zones.{zone.name}.countries", words, zone.countries_origin)


def pinned(model: Model) -> Statement:
    """Where a model's training has to be."""
    job = model.training
    if job is None:
        raise AssertionError("a model without training has no pins")
    where = job.region.label if job.region else job.cloud or "any region"
    return Statement(BUNDLE, f"models.{model.name}.training", f"`{model.name}` trains in {where}",
                     job.origin)  # fmt: skip


def _ruled(failure: Failure, zone: Zone, graph: Graph) -> Statement:
    """A rule of a policy, a zone or a law, as the failure cites it."""
    rule = failure.message.partition(": ")[2] or failure.message
    policy = re.search(r"policy[: ]`?([a-z0-9-]+)", rule)
    found = next((p for p in graph.policies if policy and p.name == policy[1]), None)
    if found is not None:
        return Statement(POLICY, f"policies.{found.name}", f"policy `{found.name}`", found.origin)
    if failure.code == "HS0321":
        words = f"zone `{zone.name}` says where facets of its data may lie"
        return Statement(FACET, f"zones.{zone.name}.facets", words, zone.countries_origin)
    named = re.search(r"zone `([a-z0-9-]+)`", rule)
    law = re.search(r"\(([a-z0-9-]+):[a-z0-9-]+", rule)
    if failure.code == "HS0301" and law is not None and named is None:
        return Statement(LAW, f"zones.{zone.name}.regimes", f"zone `{zone.name}` is under {law[1]}",
                         zone.regimes_origin or zone.origin)  # fmt: skip
    return allowed(next((z for z in graph.zones if named and z.name == named[1]), zone))


def _few(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 6} more countries" if len(names) > 6 else ""
    return ", ".join(names[:6]) + more

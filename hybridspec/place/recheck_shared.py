"""The independent checker on quotas of cloud accounts, and on devices that the plan buys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from hybridspec.ir.graph import Graph, Region, Site
from hybridspec.ir.plan import Decision, Plan

Time = Callable[[Decision, str], int | None]
"""The upper end of the time that a stage of a decision takes, in microseconds."""


def quotas(graph: Graph, plan: Plan, groups: list[list[Decision]], time: Time) -> list[str]:
    """Training and work in a region stay within what its account may have there at once."""
    jobs: dict[tuple[str, str, str], int] = {}
    work: dict[tuple[str, str, str], Fraction] = {}
    names = {region.label: _account(region) for region in graph.regions}
    for store in plan.stores:
        models = {stage.model.name for flow in graph.flows for stage in flow.stages
                  if stage.model is not None and stage.model.training is not None
                  and any(site.zone.name == store.zone.name for site in flow.sites)}  # fmt: skip
        key = names[store.region.label]
        jobs[key] = jobs.get(key, 0) + len(models)
    for group in groups:
        for key, seconds in _work(group[0], names, time).items():
            work[key] = work.get(key, Fraction(0)) + seconds * len(group)
    faults = []
    for region in graph.regions:
        key = names[region.label]
        if region.training_quota is not None and jobs.get(key, 0) > region.training_quota:
            faults.append(f"{region.label}: more training instances than its quota")
        most = region.inference_quota
        if most is not None and work.get(key, Fraction(0)) > Fraction(7, 10) * most:
            faults.append(f"{region.label}: more work at once than its quota")
    return faults


def counted(graph: Graph, plan: Plan) -> list[str]:
    """As many devices as the spec lets stand, wherever something runs, and the same everywhere."""
    faults = []
    left = {(count.site, count.device): count.count for count in plan.counts}
    stand: dict[tuple[str, str], int] = {}
    failed = {(site.name, here.device_class.name): here.device_class.max_failed
              for site in graph.sites for here in site.devices}  # fmt: skip
    for site in graph.sites:
        for here in site.devices:
            key = site.name, here.device_class.name
            stand[key] = here.count if here.most is None else left.pop(key, -1)
            if not here.count <= stand[key] <= (here.count if here.most is None else here.most):
                faults.append(f"{key[1]} at {key[0]}: not as many devices as may stand there")
    faults += [f"{device} at {site}: counted, but not to be bought" for site, device in left]
    for decision in plan.decisions:
        for here in decision.site.devices:
            key = decision.site.name, here.device_class.name
            if here.count != stand.get(key):
                faults.append(f"{decision.flow.name} at {key[0]}: placed on other devices")
        device = decision.chosen.device
        if device is None:
            continue
        number = stand.get((decision.site.name, device.name), 0)
        if not number:
            faults.append(f"{decision.flow.name} at {decision.site.name}: on no device at all")
        elif number <= failed[decision.site.name, device.name]:
            faults.append(f"{decision.flow.name} at {decision.site.name}: on devices that may all "
                          "have failed")  # fmt: skip
    return faults


def exclusive(graph: Graph, plan: Plan) -> list[str]:
    """Devices that hold one model at a time have one, whichever flows run it."""
    apart = {(site.name, here.device_class.name) for site in graph.sites for here in site.devices
             if here.device_class.one_model}  # fmt: skip
    models: dict[tuple[str, str], set[str]] = {}
    for decision in plan.decisions if apart else ():
        hosts = dict(decision.chosen.hosts)
        for stage in decision.flow.stages:
            key = decision.site.name, hosts[stage.name].name
            if stage.model is not None and hosts[stage.name].kind == "edge" and key in apart:
                models.setdefault(key, set()).add(stage.model.name)
    return [f"{device} at {site}: more models than the one that it holds"
            for (site, device), names in sorted(models.items()) if len(names) > 1]  # fmt: skip


def settled(graph: Graph, plan: Plan) -> Graph:
    """The graph with as many devices as the plan says, where the spec leaves that to it."""
    left = {(count.site, count.device): count.count for count in plan.counts}
    if not left:
        return graph

    def here(site: Site) -> Site:
        return replace(site, devices=tuple(
            replace(d, count=left.get((site.name, d.device_class.name), d.count), most=None)
            for d in site.devices
        ))  # fmt: skip

    sites = {site.name: here(site) for site in graph.sites}
    flows = tuple(replace(flow, sites=tuple(sites[site.name] for site in flow.sites))
                  for flow in graph.flows)  # fmt: skip
    return replace(graph, sites=tuple(sites.values()), flows=flows)


def _account(region: Region) -> tuple[str, str, str]:
    """What shares a quota."""
    return (region.account and region.provider, region.account or region.cloud, region.name)


def _work(
    decision: Decision, names: Mapping[str, tuple[str, str, str]], time: Time
) -> dict[tuple[str, str, str], Fraction]:
    """Seconds of work per second that a decision puts on regions."""
    hosts = dict(decision.chosen.hosts)
    found: dict[tuple[str, str, str], Fraction] = {}
    for stage in decision.flow.stages:
        if hosts[stage.name].kind == "cloud":
            taken = stage.input_rate * (time(decision, stage.name) or 0)
            key = names[hosts[stage.name].name]
            found[key] = found.get(key, Fraction(0)) + taken / 10**6
    return found

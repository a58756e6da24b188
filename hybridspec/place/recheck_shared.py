"""The independent checker on what sites share with others: quotas of cloud accounts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from hybridspec.ir.graph import Graph, Region
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

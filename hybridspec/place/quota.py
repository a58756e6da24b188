"""Quotas of cloud accounts: which there are, and what takes how much of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor

from hybridspec.base.source import Span
from hybridspec.base.units import SECOND
from hybridspec.ir.graph import Graph, Model, Region, Zone
from hybridspec.ir.plan import Decision, QuotaUse, Store
from hybridspec.ir.share import MAX_BUSY

TRAINING, INFERENCE = "training_instances", "inference_concurrency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A quota of an account in one region: what the spec says, and what may be planned with.

    `capacity` is in training instances, or in microseconds of work per second.
    """

    kind: str
    regions: tuple[str, ...]
    stated: int
    capacity: int
    origin: Span | None

    def scaled(self, stated: int) -> int:
        """The capacity if the quota were `stated`."""
        return stated if self.kind == TRAINING else floor(MAX_BUSY * stated * SECOND)


def limits(graph: Graph) -> tuple[Limit, ...]:
    """The quotas of all accounts and regions; clouds that name one account share them."""
    found: dict[tuple[str, ...], list[tuple[int, Region]]] = {}
    for region in graph.regions:
        account = (region.provider, region.account) if region.account else ("", region.cloud)
        for kind, stated in ((TRAINING, region.training_quota),
                             (INFERENCE, region.inference_quota)):  # fmt: skip
            if stated is not None:
                found.setdefault((*account, region.name, kind), []).append((stated, region))
    made = []
    for key, regions in sorted(found.items(), key=lambda pair: pair[0]):
        stated, strictest = min(regions, key=lambda pair: (pair[0], pair[1].label))
        kind = key[-1]
        limit = Limit(
            kind=kind, regions=tuple(sorted({region.label for _, region in regions})),
            stated=stated, capacity=0,
            origin=strictest.training_quota_origin if kind == TRAINING
            else strictest.inference_quota_origin,
        )  # fmt: skip
        made.append(replace(limit, capacity=limit.scaled(stated)))
    return tuple(made)


def quota_uses(
    graph: Graph, decisions: tuple[Decision, ...], stores: tuple[Store, ...]
) -> tuple[QuotaUse, ...]:
    """What a plan takes of every quota that the spec states."""
    taken: dict[tuple[str, str], int] = {}
    for decision in decisions if any(r.inference_quota is not None for r in graph.regions) else ():
        region = decision.chosen.region
        if region is not None:
            key = (INFERENCE, region.label)
            taken[key] = taken.get(key, 0) + decision.chosen.hosted
    for store in stores:
        jobs = trained(models_of(graph, store.zone))
        taken[TRAINING, store.region.label] = taken.get((TRAINING, store.region.label), 0) + (
            jobs * SECOND
        )
    return tuple(
        QuotaUse(kind=limit.kind, regions=limit.regions, stated=limit.stated,
                 used=sum(taken.get((limit.kind, region), 0) for region in limit.regions))
        for limit in limits(graph)
    )  # fmt: skip


def models_of(graph: Graph, zone: Zone) -> tuple[Model, ...]:
    """The models that flows run at the sites of a zone, by name."""
    found = {
        stage.model.name: stage.model
        for flow in graph.flows if any(site.zone.name == zone.name for site in flow.sites)
        for stage in flow.stages if stage.model is not None
    }  # fmt: skip
    return tuple(found[name] for name in sorted(found))


def trained(models: tuple[Model, ...]) -> int:
    """Training instances that the store of a zone with these models takes, all at once."""
    return sum(model.training is not None for model in models)

"""HS0310: a zone needs a cloud region, but the spec allows none that may hold what lies there.

What it flags: a zone with a `store` sink or a training job, and no region of `clouds` that its
walls, the laws of its data and the spec's policies leave to it. Each region is listed with the
rule that refuses it.
Why: the store, the keys and the training data must lie inside the zone, and so must all that a
provider adds.
Example: a zone `[FR]` with `clouds.aws.regions: [eu-central-1]`, which is in Germany.
Fix: allow a region inside the zone, narrow the policy that forbids it, state the ground of a
transfer, or drop the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.check.rules.duty_unmet import unmet
from hybridspec.ir.graph import Flow, Graph, Region, Zone
from hybridspec.law.cause import follows
from hybridspec.law.claim import Claims, claims
from hybridspec.law.refusal import UNSTATED, Refusal, because, strongest


def no_region(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per zone and need."""
    of = claims(graph)
    left: dict[str, bool] = {}
    for flow in graph.flows:
        need = _need(flow)
        if need is None:
            continue
        for zone in {site.zone.name: site.zone for site in flow.sites}.values():
            if zone.name not in left:
                left[zone.name] = _left(of, zone)
            if not left[zone.name]:
                yield _finding(of, flow, zone, need)


def _left(of: Claims, zone: Zone) -> bool:
    """Whether a region is left to a zone, but for what other rules tell: HS0342 tells of duties."""
    found = []
    for region in of.graph.regions:
        found.append({refusal.reason.rule for refusal in of.refusing(zone.name, region)
                      if _counts(of, refusal)})  # fmt: skip
        if not found[-1]:
            return True
    duties = {duty.id for one, duty, _ in unmet(of.graph) if one.name == zone.name}
    return any(rules <= duties for rules in found)


def _counts(of: Claims, refusal: Refusal) -> bool:
    """Whether it is this rule's to tell: HS0321 tells what is unknown, HS0301 what is pinned.

    Where weights or bundles bring another zone's data, that is what has to be repaired.
    """
    return refusal.code != UNSTATED and not follows(of, refusal)


def _finding(of: Claims, flow: Flow, zone: Zone, need: str) -> Diagnostic:
    refusals = [(region, of.refused(zone.name, region)) for region in of.graph.regions]
    there = [f"{region.name} ({region.country})" for region, _ in refusals[:8]]
    return Diagnostic(
        code="HS0310",
        message=f"zone `{zone.name}` needs a cloud region for {need}, but "
        + (f"{_none(there)} hold what would lie there" if there else "`clouds` allows none"),
        span=flow.origin,
        help=_help(of, zone, refusals),
        notes=(
            _allowed(zone, refusals),
            *(
                Label(span=region.origin, message=f"`{region.name}` ({region.country}) is "
                      f"refused: {_why(found)}")
                for region, found in refusals[:8]
            ),
        ),
    )  # fmt: skip


def _none(places: Sequence[str]) -> str:
    """`X may not`, or `none of X and Y may`."""
    if len(places) == 1:
        return f"{places[0]} may not"
    return f"none of {', '.join(places[:-1])} and {places[-1]} may"


def _allowed(zone: Zone, refusals: list[tuple[Region, tuple[Refusal, ...]]]) -> Label:
    """Where the zone says what it allows: at the one facet that refuses them, if there is one."""
    facets = sorted({refusal.facet for _, found in refusals for refusal in found})
    span = zone.facet_origin(facets[0]) if len(facets) == 1 else zone.countries_origin
    return Label(span=span, message="the zone allows these")


def _why(found: tuple[Refusal, ...]) -> str:
    return because(found, most=1)


def _help(of: Claims, zone: Zone, refusals: list[tuple[Region, tuple[Refusal, ...]]]) -> str:
    """What the region that is refused least would take, or another region."""
    inside = [found for region, found in refusals if region.country in zone.countries]
    if not inside:
        return f"under `clouds`, allow a region in {' or '.join(zone.countries[:8])}"
    nearest = min(inside, key=lambda found: len({refusal.reason.rule for refusal in found}))
    wanted = dict.fromkeys(refusal.remedy(of.graph) for refusal in strongest(nearest))
    return f"{'; and '.join(list(wanted)[:3])}; or allow another region under `clouds`"


def _need(flow: Flow) -> str | None:
    for stage in flow.stages:
        if stage.place == "cloud":
            return f"the store `{stage.name}`"
        if stage.model is not None and stage.model.training is not None:
            return f"training `{stage.model.name}`"
    return None

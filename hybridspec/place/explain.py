"""Why nothing fits: the fewest bounds that stand in the way, at the user's own lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from hybridspec.base.diagnostic import About, Diagnostic, Edit, Label
from hybridspec.base.edit import Edits, number_behind, put
from hybridspec.base.source import Span
from hybridspec.base.units import format_money
from hybridspec.ir.graph import Flow, Graph, Model, Site, Zone
from hybridspec.ir.plan import Configuration, Failure, Residency
from hybridspec.place.conflict_statement import clash
from hybridspec.place.problem import MAX_MONEY
from hybridspec.place.quota import TRAINING, Limit

# Wishes before law: among equally short ways out, relax what is the user's own to relax.
_ORDER = (
    "HS0302", "HS0317", "HS0306", "HS0424", "HS0304", "HS0415", "HS0303", "HS0425", "HS0422",
    "HS0603", "HS0310", "HS0321", "HS0315", "HS0301",
)  # fmt: skip
# Law, geography and unknown figures: no amount of anything cures them.
_FIXED = ("HS0301", "HS0310", "HS0315", "HS0321", "HS0603")
_FAR = 10
"""A way that takes so many times its bound is no near one, whatever else the others lack."""

CROWDED = Failure(
    code="HS0401", excess=1, unit="",
    message="is cheaper alone, but the flows of the site do not fit or cost more beside it",
    remedy="add devices, or move a flow to other sites",
)  # fmt: skip

FULL = Failure(
    code="HS0422", excess=1, unit="",
    message="is cheaper alone, but others take what the account's quota leaves in its region",
    remedy="have the quota raised, or allow another region",
)  # fmt: skip

MIXED = Failure(
    code="HS0401", excess=1, unit="",
    message="runs another variant of a model than other sites of its device class, and a class "
    "has one bundle",
    remedy="give the site a device class of its own, of the same board",
)  # fmt: skip


def infeasible(
    graph: Graph, flow: Flow, stuck: Sequence[tuple[Sequence[Site], Sequence[Configuration]]]
) -> Iterator[Diagnostic]:
    """One finding for each way out that helps a flow at sites where it cannot run.

    `stuck` holds groups of sites that are alike, with everything that was tried there. The way
    out is the configuration that breaks the fewest bounds; its first bound in the order "wishes
    before law" names the finding, unless no amount of anything would cure another.
    """
    groups: dict[tuple[str, tuple[Failure, ...]], list[Site]] = {}
    tried: dict[tuple[str, tuple[Failure, ...]], Sequence[Configuration]] = {}
    for sites, options in stuck:
        nearest = min(options, key=distance)
        groups.setdefault((nearest.label, nearest.failures), []).extend(sites)
        tried.setdefault((nearest.label, nearest.failures), options)
    for (label, failures), sites in groups.items():
        full = any(map(_overloads, failures))
        first, *others = sorted(failures, key=lambda f: (
            f.code not in _FIXED, full and f.code == "HS0302", _rank(f)
        ))  # fmt: skip
        also = "".join(f"; and {failure.message}" for failure in others)
        yield Diagnostic(
            code=first.code,
            message=f"flow `{flow.name}` cannot run at {_named(sites)}: its nearest placement "
            f"({label}) {first.message}{also}",
            span=_limited(first, sites[0], tried[label, failures]) or _span(first, flow),
            help="; and ".join(dict.fromkeys(failure.remedy for failure in (first, *others))),
            fixes=_mended((first, *others), flow, sites, tried[label, failures], label),
            notes=(*_clashing(graph, flow, sites[0], tried[label, failures], first),
                   *_others(sites[0], tried[label, failures], label)),
        )  # fmt: skip


def _clashing(
    graph: Graph, flow: Flow, site: Site, options: Sequence[Configuration], first: Failure
) -> Iterator[Label]:
    """The other lines of the smallest set that leaves the flow no way, where it has several."""
    found = clash(graph, flow, site, options)
    here = _limited(first, site, options) or _span(first, flow)
    for statement in found if len(found) > 1 else ():
        if statement.span is not None and statement.span != here:
            yield Label(span=statement.span, message=f"it clashes with this: {statement.words}")


def _mended(
    failures: Sequence[Failure], flow: Flow, sites: Sequence[Site],
    options: Sequence[Configuration], label: str,
) -> Edits:  # fmt: skip
    """Wishes and numbers of the user's own may be written anew, if that is all that it takes."""
    way = next(option for option in options if option.label == label)
    edits: list[Edits] = []
    for failure in failures:
        found = _raised(failure, flow) or _more(failure, sites, way)
        if not found:
            return _raised(failures[0], flow)
        edits.append(found)
    return tuple({edit.span: edit for found in edits for edit in found}.values())


def _raised(failure: Failure, flow: Flow) -> Edits:
    """A bound of the flow with the amount that helps; law and geography have none."""
    amount = re.search(r"(?:raise the bound|raise `bandwidth`) to (P?[0-9]+[a-zA-Z/]+)",
                       failure.remedy)  # fmt: skip
    if amount is None:
        return ()
    if failure.code == "HS0302" and flow.latency is not None:
        return put(flow.latency.origin, amount[1])
    if failure.code == "HS0317" and flow.bandwidth_origin is not None:
        return put(flow.bandwidth_origin, amount[1])
    return ()


def _more(failure: Failure, sites: Sequence[Site], way: Configuration) -> Edits:
    """The number of devices that helps, at each of the sites."""
    amount = re.search(r"put ([0-9]+) `([a-z0-9-]+)` there", failure.remedy)
    if failure.code != "HS0306" or amount is None or way.device is None:
        return ()
    edits: list[Edit] = []
    for site in sites:
        spans = [d.origin for d in site.devices if d.device_class.name == amount[2]]
        found = number_behind(spans[0]) if spans else None
        if found is None:
            return ()
        edits += put(found, int(amount[1]))
    return tuple(edits)


def _named(sites: Sequence[Site]) -> str:
    names = [f"`{site.name}`" for site in sites]
    if len(names) > 4:
        return f"{', '.join(names[:3])} and {len(names) - 3} more sites"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _limited(
    failure: Failure, site: Site, options: Sequence[Configuration]
) -> Span | None:  # fmt: skip
    """The line of the quota, the shared uplink or the device class that a failure is about."""
    if failure.code == "HS0424":
        return site.line_origin
    if failure.code == "HS0425":
        devices = (option.device for option in options if failure in option.failures)
        return next((device.one_model_origin for device in devices if device is not None), None)
    return next((
        option.region.inference_quota_origin for option in options
        if failure.code == "HS0422" and failure in option.failures and option.region is not None
    ), None)  # fmt: skip


def _rank(failure: Failure) -> int:
    return _ORDER.index(failure.code)


def _overloads(failure: Failure) -> bool:
    """Whether more is sent than an uplink carries: how long that takes says nothing."""
    return failure.code == "HS0424" or (failure.code, failure.unit) == ("HS0306", "bit/s")


def distance(option: Configuration) -> tuple[int, bool, int, list[int], int, str]:
    """How much would have to change for a way to do; what is far off its bound comes late."""
    fixed = sum(failure.code in _FIXED for failure in option.failures)
    high = option.latency.high if option.latency is not None else 0
    far = any(failure.code == "HS0302" and high > _FAR * (high - failure.excess)
              for failure in option.failures)  # fmt: skip
    ranks = sorted((_rank(failure) for failure in option.failures), reverse=True)
    excess = sum(failure.excess for failure in option.failures)
    return (fixed, far, len(option.failures), ranks, excess, option.label)


def _span(failure: Failure, flow: Flow) -> Span:
    if failure.code == "HS0302" and flow.latency is not None:
        return flow.latency.origin
    if failure.code == "HS0317" and flow.bandwidth_origin is not None:
        return flow.bandwidth_origin
    if failure.code in ("HS0304", "HS0415"):
        return flow.offline_origin if flow.offline else flow.origin
    if failure.code == "HS0303" and failure.message.startswith("holds "):
        return flow.data.origin
    if failure.code == "HS0303":
        largest = max(
            (s.model for s in flow.stages if s.model is not None),
            key=lambda model: model.facts.weights + model.facts.peak_activations,
        )
        return largest.source_origin
    if failure.code == "HS0306":
        return flow.data.origin
    return flow.origin


def _others(site: Site, options: Sequence[Configuration], nearest: str) -> list[Label]:
    """How every other device class fails, one line each."""
    notes = []
    for devices in site.devices:
        name = devices.device_class.name
        mine = [o for o in options if o.device is not None and o.device.name == name]
        best = min(mine, key=distance, default=None)
        if best is not None and best.label != nearest:
            notes.append(Label(
                span=devices.origin,
                message=f"on `{name}` it {'; '.join(f.message for f in best.failures)}",
            ))  # fmt: skip
    return notes


def together_infeasible(
    sites: Sequence[Site], flows: Sequence[Flow], additions: Sequence[str]
) -> Diagnostic:
    """Each flow fits alone, but the devices of the sites cannot carry them together."""
    exclusive = [f"`{d.device_class.name}`" for d in sites[0].devices if d.device_class.one_model]
    nothing = (
        f"{' and '.join(exclusive)} holds one model at a time: give each model a device class of "
        "its own, or move a flow to other sites"
        if exclusive
        else "they need different variants of a model: move a flow to other sites, or give each "
        "a model of its own"
    )
    return Diagnostic(
        code="HS0401",
        message=f"each flow fits alone at {_named(sites)}, but the devices there cannot carry "
        f"{', '.join(f'`{flow.name}`' for flow in flows)} together",
        span=sites[0].origin,
        help=f"{'; and '.join(additions)}, or move a flow to other sites" if additions
        else nothing,
        notes=tuple(Label(span=flow.origin, message=f"`{flow.name}` is one of them")
                    for flow in flows),
    )  # fmt: skip


def disagreement(graph: Graph, device: str, model: str) -> Diagnostic:
    """Every site has a plan, but they do not agree on what is in the bundle that they share."""
    return Diagnostic(
        code="HS0401",
        message=f"the sites of device class `{device}` need different variants of model "
        f"`{model}`, and a class has one bundle",
        span=next(c.origin for c in graph.device_classes if c.name == device),
        help="give some of the sites a device class of their own, of the same board",
        notes=tuple(Label(span=m.origin, message="the model is defined here")
                    for m in graph.models if m.name == model),
    )  # fmt: skip


def untrainable(zone: Zone, models: Sequence[Model]) -> Diagnostic:
    """No region holds the zone's store and suits every model that is trained there."""
    pins = [
        f"`{model.name}` in {job.region.name if job.region else job.cloud or 'any region'}"
        for model in models if (job := model.training) is not None
    ]  # fmt: skip
    span = next(m.training.origin for m in models if m.training is not None)
    return Diagnostic(
        code="HS0310",
        message=f"no region of `clouds` may hold zone `{zone.name}` and suits its training: "
        f"{', '.join(pins)}",
        span=span,
        help="the store of a zone and its training share one region: pin one that lies in "
        f"{', '.join(zone.countries[:8])}, or none",
        notes=(Label(span=zone.countries_origin, message="the zone allows these"),),
    )


def no_common_region(zone: Zone, left: Mapping[str, Sequence[Site]]) -> Diagnostic:
    """Every site of a zone has a plan, but no region of the store suits all of them."""
    notes = tuple(
        Label(span=sites[0].origin, message=f"with the store in {label}, {_named(sites)} has no "
              "plan")
        for label, sites in sorted(left.items())[:8]
    )  # fmt: skip
    return Diagnostic(
        code="HS0310",
        message=f"no region can hold the store of zone `{zone.name}` for all of its sites",
        span=zone.countries_origin,
        help="give the sites that cannot share a region zones of their own, or allow another "
        "region",
        notes=notes,
    )


def over_quota(graph: Graph, limit: Limit, least: int) -> Diagnostic:
    """Everything fits but for a quota of an account."""
    where = " and ".join(f"`{label}`" for label in limit.regions)
    what = "training jobs" if limit.kind == TRAINING else "cloud stages"
    return Diagnostic(
        code="HS0422",
        message=f"no placement fits into the quota of {limit.stated} `{limit.kind}` in {where}: "
        f"the {what} there take at least {least}",
        span=limit.origin or graph.sites_origin,
        help=f"have the quota raised to {least} and write that here, or allow another region",
    )


def leaves_zone(graph: Graph, row: Residency) -> Diagnostic:
    """A cell of the placement matrix that may not be: the last door, which no plan passes."""
    zone = next(zone for zone in graph.zones if zone.name == row.zone)
    places = f"{', '.join(row.places[:8])}" + (" and more" if len(row.places) > 8 else "")
    if row.verdict == "gap":
        return Diagnostic(
            code="HS0321",
            message=f"zone `{row.zone}` states the facet `{row.facet}`, but nobody knows where "
            f"that of {row.asset} would be ({places or 'no region is left'}): {row.why}",
            span=zone.facet_origin(row.facet),
            help=f"allow a region under `clouds` for which it is known, or leave "
            f"`zones.{row.zone}.facets.{row.facet}` out",
            about=About(facet=row.facet),
        )  # fmt: skip
    return Diagnostic(
        code="HS0301",
        message=f"{row.asset} of zone `{row.zone}` would lie outside it ({row.facet}: "
        f"{places}): {row.why}",
        span=zone.countries_origin,
        help="give each zone device classes and models of its own, or allow the country",
    )


def too_large(graph: Graph) -> Diagnostic:
    """The search space is beyond what can be searched exactly."""
    widest = max(graph.flows, key=lambda flow: len(flow.stages))
    return Diagnostic(
        code="HS0402",
        message="the flows can be combined in more ways than can be searched exactly; the widest "
        f"is `{widest.name}` with {len(widest.stages)} stages",
        span=widest.origin,
        help="split the flow, or allow fewer variants and devices per site",
    )


def too_dear(graph: Graph, *, heavy: bool = False) -> Diagnostic:
    """Prices, rates or counts are so large that their sum is no figure to decide by."""
    found = graph.steepest()
    return Diagnostic(
        code="HS0420",
        message="what the sites carry is beyond what can be added up exactly" if heavy else
        "the costs over the horizon are beyond what can be added up exactly: more than "
        f"{format_money(MAX_MONEY, graph.currency)}",
        span=graph.sites_origin if found is None else found[1],
        help="look for a price, a rate or a count with too many digits" + (
            "" if found is None else f"; `{found[0]}` is furthest beyond what is usual"
        ),
    )  # fmt: skip

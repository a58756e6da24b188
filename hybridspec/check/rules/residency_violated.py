"""HS0301: a place that the spec pins is refused by a zone or a law.

What it flags: a site whose country its zone, or a law that its data is under, does not allow; a
training region that refuses data which the model learns from; a model that learns from data of one
zone (that of a site which runs it, of `training.data` or of a site in `federated`) and runs at a
site outside it; a device class whose one bundle would carry a zone's model to such a site.
Why: everything a site or a region does with the zone's data happens under that country's law, and
weights hold what they were learnt from.
Example: `sites.oslo: {country: NO, zone: eu}` where `eu` lists only `[EU]`.
Fix: move the site to a zone that lists its country, or list the country in the zone; state the
ground of a transfer under `transfers`; give each zone device classes of its own, and models of its
own where they are trained.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.base.source import Span
from hybridspec.check.recipient import standing
from hybridspec.ir.graph import Graph, Model, Site, Zone
from hybridspec.law.claim import Claims, claims
from hybridspec.law.duty import Duties, trusted
from hybridspec.law.permit import law_of
from hybridspec.law.pinned import Pinned, pinned
from hybridspec.law.refusal import Refusal


def residency_violated(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per pinned place and rule that refuses it."""
    of, duties = claims(graph), law_of(graph).duties
    for case in pinned(of):
        if case.refusal.code == "HS0301" and not _told(duties, case):
            yield _FINDINGS[case.kind](of, case)


def _told(duties: Duties, case: Pinned) -> bool:
    """Whether HS0337 or HS0342 says of the site's own zone that a duty is not met there."""
    site = case.site
    if case.kind != "site" or site is None:
        return False
    own = standing(duties.graph, site.zone)
    return any(
        duty.id == case.refusal.reason.rule and duty.hard
        and (duty.kind != "device" or not all(trusted(device, duty.needs) for device in own))
        for regime, categories in duties.under[site.zone.name].items()
        for duty in duties.binding(regime, categories)
    )  # fmt: skip


def _site(of: Claims, case: Pinned) -> Diagnostic:
    refusal, site = case.refusal, case.site
    assert site is not None
    if refusal.reason.rule == f"zone:{site.zone.name}" and refusal.facet == "process":
        inside = site.country in site.zone.countries
        return Diagnostic(
            code="HS0301",
            message=f"site `{site.name}` stands in {site.country}, which zone "
            f"`{site.zone.name}` does not allow" + (" to process its data" if inside else ""),
            span=site.country_origin,
            help=_help(of.graph, site.country, site.zone),
            notes=(_allowed(site.zone),),
        )
    return Diagnostic(
        code="HS0301",
        message=f"site `{site.name}`{case.others} has {refusal.asset} of zone `{site.zone.name}` "
        f"in {site.country}: {refusal.words}",
        span=site.country_origin,
        help=refusal.remedy(of.graph),
        notes=_walls(of, refusal),
    )


def _training(of: Claims, case: Pinned) -> Diagnostic:
    job = case.model.training if case.model is not None else None
    assert case.model is not None
    assert job is not None
    assert job.region is not None
    home = of.zones.get(_home(case.refusal))
    where = ", ".join(home.countries[:8]) if home is not None else "another country"
    return Diagnostic(
        code="HS0301",
        message=f"model `{case.model.name}` learns from data of zone `{_home(case.refusal)}`, but "
        f"trains in `{job.region.name}` ({job.region.country}): {case.refusal.words}",
        span=job.origin,
        help=f"remove `region` to train where the zone's store is, or choose a region in {where}",
        notes=_walls(of, case.refusal),
    )


def _learnt(of: Claims, case: Pinned) -> Diagnostic:
    """Weights that hold a zone's data, in another zone whose places may not see it."""
    model, site, home = case.model, case.site, _home(case.refusal)
    assert model is not None
    assert model.training is not None
    assert site is not None
    too = " as well" if any(m.name == model.name for m in of.models(home)) else ""
    return Diagnostic(
        code="HS0301",
        message=f"model `{model.name}` learns from data of zone `{home}`, but zone "
        f"`{site.zone.name}` runs it{too}, which reaches `{site.name}` ({site.country}): "
        f"{case.refusal.words}",
        span=model.training.origin,
        help="declare the model, and the data that it learns from, once for each zone, so that "
        "each learns and stays in its own; the file may be the same",
        notes=(*_walls(of, case.refusal), *_runs(of.graph, model)),
    )


def _bundled(of: Claims, case: Pinned) -> Diagnostic:
    """A class has one bundle: what a site of one zone runs on it reaches the class everywhere."""
    model, site = case.model, case.site
    assert model is not None
    assert site is not None
    return Diagnostic(
        code="HS0301",
        message=f"the bundle of `{case.device}` would carry model `{model.name}` of zone "
        f"`{_home(case.refusal)}` into zone `{site.zone.name}`, which reaches `{site.name}` "
        f"({site.country}): {case.refusal.words}",
        span=_stands(site, case.device),
        help=f"give zone `{site.zone.name}` a device class of its own, of the same board",
        notes=_walls(of, case.refusal),
    )


_FINDINGS = {"site": _site, "training": _training, "learnt": _learnt, "bundled": _bundled}


def _stands(site: Site, device: str) -> Span:
    return next(d.origin for d in site.devices if d.device_class.name == device)


def _home(refusal: Refusal) -> str:
    """The zone on whose account it is refused."""
    kind, _, name = refusal.reason.rule.partition(":")
    return name if kind == "zone" else refusal.zone


def _runs(graph: Graph, model: Model) -> Iterator[Label]:
    """Where flows run a model."""
    for flow in graph.flows:
        if any(stage.model is not None and stage.model.name == model.name for stage in flow.stages):
            yield Label(span=flow.origin, message=f"flow `{flow.name}` runs it")


def _walls(of: Claims, refusal: Refusal) -> tuple[Label, ...]:
    zone = of.zones.get(_home(refusal))
    return (_allowed(zone),) if zone is not None else ()


def _allowed(zone: Zone) -> Label:
    return Label(span=zone.countries_origin, message=f"`{zone.name}` allows these countries")


def _help(graph: Graph, country: str, zone: Zone) -> str:
    if country in zone.countries:
        return f"add `{country}` to the facet `process` of `{zone.name}`, or move the site"
    fitting = sorted(z.name for z in graph.zones if country in z.allowed("process"))
    if fitting:
        return f"write `zone: {fitting[0]}`, which allows {country}"
    return f"add `{country}` to the countries of `{zone.name}`, or give the site a zone of its own"

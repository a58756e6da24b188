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
from typing import TypeAlias

from hybridspec.base.diagnostic import Diagnostic, Label
from hybridspec.base.source import Span
from hybridspec.check.recipient import standing
from hybridspec.ir.graph import DeviceClass, Graph, Model, Site, Zone
from hybridspec.law.cause import homes
from hybridspec.law.claim import Claims, claims
from hybridspec.law.duty import Duties, trusted
from hybridspec.law.permit import law_of
from hybridspec.law.pinned import Pinned, pinned
from hybridspec.law.refusal import UNSTATED, Refusal, because, strongest

_Ground: TypeAlias = tuple[str, str, str]
_SHOWN = 4


def residency_violated(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per pinned place, or model, or bundle, with every rule that refuses it."""
    of, duties = claims(graph), law_of(graph).duties
    groups: dict[tuple[str, str, str], list[Pinned]] = {}
    for case in pinned(of):
        if case.refusal.code != UNSTATED and not _told(duties, case):
            groups.setdefault(_cause(case), []).append(case)
    sites = {_ground(case) for case in pinned(of) if case.kind == "site"}
    for (kind, _, _), cases in groups.items():
        if any(case.refusal.code == "HS0301" for case in cases):
            yield from _FINDINGS[kind](of, cases, sites)


def _ground(case: Pinned) -> _Ground:
    """The rule that refuses it and where, as a site's own finding may have told already."""
    where = (case.site.zone.name, case.site.country) if case.site is not None else ("", "")
    return (*where, case.refusal.reason.rule)


def _cause(case: Pinned) -> tuple[str, str, str]:
    """What has to be changed: a site, a model, or a class at the sites of a zone."""
    if case.kind == "site" and case.site is not None:
        return case.kind, case.site.name, ""
    if case.kind == "bundled" and case.site is not None:
        return case.kind, case.device, case.site.zone.name
    return case.kind, case.model.name if case.model is not None else "", ""


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


def _site(of: Claims, cases: list[Pinned], _: set[_Ground]) -> Iterator[Diagnostic]:
    cases = [case for case in cases if case.refusal.code == "HS0301"]
    site = cases[0].site
    assert site is not None
    wall = next((case.refusal for case in cases if _is_wall(case, site)), None)
    rest = strongest(case.refusal for case in cases if case.refusal is not wall)
    if wall is None:
        first = next(case for case in cases if case.refusal is rest[0])
        message = (f"site `{site.name}`{first.others} has {rest[0].asset} of zone "
                   f"`{site.zone.name}` in {site.country}: {because(rest)}")  # fmt: skip
        help, notes = rest[0].remedy(of.graph), _walls(of, rest[0])
    else:
        inside = site.country in site.zone.countries
        message = (f"site `{site.name}` stands in {site.country}, which zone `{site.zone.name}` "
                   "does not allow" + (" to process its data" if inside else ""))  # fmt: skip
        message += f"; nor may {rest[0].asset} be there: {because(rest)}" if rest else ""
        help = _help(of.graph, site.country, site.zone)
        help = f"{rest[0].remedy(of.graph)}; then {help}" if rest else help
        notes = (_allowed(site.zone),)
    yield Diagnostic(code="HS0301", message=message, span=site.country_origin, help=help,
                     notes=notes)  # fmt: skip


def _is_wall(case: Pinned, site: Site) -> bool:
    refusal = case.refusal
    return refusal.reason.rule == f"zone:{site.zone.name}" and refusal.facet == "process"


def _training(of: Claims, cases: list[Pinned], _: set[_Ground]) -> Iterator[Diagnostic]:
    cases = [case for case in cases if case.refusal.code == "HS0301"]
    model = cases[0].model
    assert model is not None
    assert model.training is not None
    assert model.training.region is not None
    region = model.training.region
    owners = _homes(of, cases)
    home = of.zones.get(owners[0])
    where = ", ".join(home.countries[:8]) if home is not None else "another country"
    yield Diagnostic(
        code="HS0301",
        message=f"model `{model.name}` learns from data of {_zones(owners)}, but "
        f"trains in `{region.name}` ({region.country}): "
        f"{because(case.refusal for case in cases)}",
        span=model.training.origin,
        help=f"remove `region` to train where the zone's store is, or choose a region in {where}",
        notes=_homely(of, owners),
    )


def _learnt(of: Claims, cases: list[Pinned], told: set[_Ground]) -> Iterator[Diagnostic]:
    """Weights that hold a zone's data, at sites that may not see it."""
    foreign = [case for case in cases if case.site is not None
               and set(homes(of, case)) - {case.site.zone.name}]  # fmt: skip
    other = [case for case in cases if case not in foreign and _ground(case) not in told
             and case.refusal.code == "HS0301"]  # fmt: skip
    if any(case.refusal.code == "HS0301" for case in foreign):
        yield _learnt_elsewhere(of, foreign)
    elif other:
        yield _learnt_here(of, other)


def _learnt_elsewhere(of: Claims, cases: list[Pinned]) -> Diagnostic:
    model, owners = cases[0].model, _homes(of, cases)
    assert model is not None
    assert model.training is not None
    zones = sorted({case.site.zone.name for case in cases if case.site is not None})
    classes = sorted(
        {
            device.name
            for zone in zones
            for device in _classes(of.graph, zone)
            if any(device in _classes(of.graph, o) for o in owners if o != zone)
        }
    )
    apart = (f", and a device class of its own beside `{'`, `'.join(classes[:4])}`, since a class "
             "has one bundle" if classes else "")  # fmt: skip
    return Diagnostic(
        code="HS0301",
        message=f"model `{model.name}` learns from data of {_zones(owners)}, and may "
        f"not run everywhere that flows run it: not {_places(cases)}",
        span=model.training.origin,
        help="give each zone a model of its own, which learns from its data alone (the file may "
        f"be the same){apart}",
        notes=(*_homely(of, owners), *_runs(of.graph, model)),
    )


def _learnt_here(of: Claims, cases: list[Pinned]) -> Diagnostic:
    model, refusals = cases[0].model, strongest(case.refusal for case in cases)
    assert model is not None
    assert model.training is not None
    return Diagnostic(
        code="HS0301",
        message=f"model `{model.name}` learns from data of {_zones(_homes(of, cases))}, and may "
        f"not run everywhere that flows run it: not {_places(cases)}",
        span=model.training.origin,
        help=refusals[0].remedy(of.graph),
        notes=(*_walls(of, refusals[0]), *_runs(of.graph, model)),
    )


def _bundled(of: Claims, cases: list[Pinned], _: set[_Ground]) -> Iterator[Diagnostic]:
    """A class has one bundle: what a site of one zone runs on it reaches the class everywhere."""
    site, device = cases[0].site, cases[0].device
    assert site is not None
    models = sorted({case.model.name for case in cases if case.model is not None})
    owners = _homes(of, cases)
    yield Diagnostic(
        code="HS0301",
        message=f"the bundle of `{device}` would carry {_named('model', models)} of "
        f"{_zones(owners)} into zone `{site.zone.name}`; it may "
        f"not be {_places(cases)}",
        span=_stands(site, device),
        help=f"give zone `{site.zone.name}` a device class of its own, of the same board",
        notes=_homely(of, owners),
    )


_FINDINGS = {"site": _site, "training": _training, "learnt": _learnt, "bundled": _bundled}


def _stands(site: Site, device: str) -> Span:
    return next(d.origin for d in site.devices if d.device_class.name == device)


def _homes(of: Claims, cases: list[Pinned]) -> list[str]:
    """The zones on whose account something is refused, sorted."""
    return sorted({home for case in cases for home in homes(of, case)})


def _places(cases: list[Pinned]) -> str:
    """Each place with the rules that refuse it, the strongest first."""
    found: dict[tuple[str, str], list[Refusal]] = {}
    for case in cases:
        if case.site is not None:
            found.setdefault((case.site.name, case.site.country), []).append(case.refusal)
    said = [f"at `{name}` ({country}): {because(why)}" for (name, country), why in found.items()]
    more = f"; nor at {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return "; not ".join(said[:_SHOWN]) + more


def _zones(names: list[str]) -> str:
    return _named("zone", names)


def _named(kind: str, names: list[str]) -> str:
    """Names with what they are of, such as zones `a`, `b` and `c`."""
    shown = [f"`{name}`" for name in names[:_SHOWN]]
    shown += [f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else []
    last = f" and {shown.pop()}" if len(shown) > 1 else ""
    return f"{kind}{'s' if last else ''} {', '.join(shown)}{last}"


def _homely(of: Claims, owners: list[str]) -> tuple[Label, ...]:
    return tuple(_allowed(of.zones[name]) for name in owners if name in of.zones)


def _classes(graph: Graph, zone: str) -> list[DeviceClass]:
    return next((standing(graph, one) for one in graph.zones if one.name == zone), [])


def _runs(graph: Graph, model: Model) -> Iterator[Label]:
    """Where flows run a model."""
    for flow in graph.flows:
        if any(stage.model is not None and stage.model.name == model.name for stage in flow.stages):
            yield Label(span=flow.origin, message=f"flow `{flow.name}` runs it")


def _walls(of: Claims, refusal: Refusal) -> tuple[Label, ...]:
    kind, _, name = refusal.reason.rule.partition(":")
    zone = of.zones.get(name if kind == "zone" else refusal.zone)
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

"""A second opinion on sovereignty: what leaves its zone, in a spec and in a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Flow, Graph, Model, Region, Site, Zone
from hybridspec.ir.plan import CloudSlice, Plan


def flows_of(graph: Graph, site: Site) -> list[Flow]:
    """The flows of a site."""
    return [flow for flow in graph.flows if any(s.name == site.name for s in flow.sites)]


def facet(zone: Zone, name: str) -> set[str]:
    """The countries of a facet, written out."""
    narrowed = {key: set(countries) for key, countries in zone.facets}
    return narrowed.get(name, set(zone.countries))


def rules_on(graph: Graph, zone: Zone, flow: Flow) -> list[Policy]:
    """The policies that bind the data of a flow in a zone."""
    steps = flow.data.category.split(".")
    paths = {".".join(steps[: n + 1]) for n in range(len(steps))}
    return [
        rule for rule in graph.policies
        if (zone.name in rule.zones or not rule.zones)
        and (paths & set(rule.categories) or not rule.categories)
    ]  # fmt: skip


def models_of(graph: Graph, zone: Zone) -> list[Model]:
    """Every model that runs in a zone."""
    return list({
        stage.model.name: stage.model
        for flow in graph.flows if any(s.zone.name == zone.name for s in flow.sites)
        for stage in flow.stages if stage.model is not None
    }.values())  # fmt: skip


KEPT = ("store", "keys", "backup", "ciphertext")
"""The facets of what a region keeps, as far as any of the graphs narrow them."""


def teachers(graph: Graph, model: Model) -> set[str]:
    """The zones that trained weights hold data of: wherever an asset is born that they run on."""
    if model.training is None:
        return set()
    runs = [
        f
        for f in graph.flows
        if any(st.model is not None and st.model.name == model.name for st in f.stages)
    ]
    assets = {f.data.name for f in runs}
    return {s.zone.name for f in graph.flows if f.data.name in assets or f in runs
            for s in f.sites}  # fmt: skip


def read_by(graph: Graph, flow: Flow, name: str) -> set[str]:
    """The zones, beside its own, whose data a stage reads: those that models before it learnt."""
    stages = {stage.name: stage for stage in flow.stages}
    seen: set[str] = set()
    queue = [name]
    while queue:
        here = queue.pop()
        if here not in seen and here in stages:
            seen.add(here)
            queue += [*stages[here].inputs, *stages[here].feedback]
    models = [stages[s].model for s in seen if stages[s].model is not None]
    return {zone for model in models for zone in teachers(graph, model)}  # type: ignore[arg-type]


def brought(graph: Graph, zone: Zone) -> list[tuple[Model, str]]:
    """Models of other zones that a bundle may bring into a zone, with whose they are."""
    here = {d.device_class.name for s in graph.sites if s.zone.name == zone.name
            for d in s.devices}  # fmt: skip
    own = {model.name for model in models_of(graph, zone)}
    found = {}
    for flow in graph.flows:
        for site in flow.sites:
            shared = here & {d.device_class.name for d in site.devices}
            if site.zone.name != zone.name and shared:
                for stage in flow.stages:
                    if stage.model and (stage.model.training or stage.model.name not in own):
                        found[stage.model.name, site.zone.name] = stage.model
    return [(model, owner) for (_, owner), model in found.items()]


def weights(graph: Graph, model: Model, owner: str) -> tuple[set[str], bool]:
    """The zones whose walls are on a copy of a model, and whether it holds any data."""
    learnt = teachers(graph, model)
    return {owner} | learnt, bool(learnt)


def ruled(graph: Graph, zones: set[str], *, data: bool, category: str = "") -> list[Policy]:
    """The policies on something of some zones, with data of a category or with none."""
    steps = category.split(".") if data else []
    paths = {".".join(steps[: n + 1]) for n in range(len(steps))}
    return [
        rule for rule in graph.policies
        if (set(rule.zones) & zones or not rule.zones)
        and (paths & set(rule.categories) or not rule.categories)
    ]  # fmt: skip


CATEGORY = "system.operations"
"""Of all data in the graphs."""


def refused(graph: Graph, zone: Zone, region: Region) -> set[str]:
    """The codes by which something that lies in the zone's region may not lie in this one."""
    flows = [f for f in graph.flows if any(s.zone.name == zone.name for s in f.sites)]
    sinks = [(f, st.name) for f in flows for st in f.stages if st.place == "cloud"]
    stages = sinks or [(f, st.name) for f in flows for st in f.stages]
    things = [({zone.name} | read_by(graph, f, name), True) for f, name in stages]
    things += [] if stages else [({zone.name}, False)]
    copies = [(model, zone.name) for model in models_of(graph, zone)] + brought(graph, zone)
    held = [weights(graph, model, owner) for model, owner in copies]
    found: set[str] = set()
    for zones, data in things + held:
        found |= astray(graph, zones, KEPT, region, data=data)
    for zones, data in held:
        found |= astray(graph, zones, ("transit",), region, data=data)
        found |= {"HS0321"} if states(graph, zones, "transit") else set()
    return found


def astray(
    graph: Graph, zones: set[str], facets: Sequence[str], region: Region, *, data: bool
) -> set[str]:
    """The codes by which facets of something may not be in a region."""
    walls = [graph_zone(graph, name) for name in zones]
    found = set()
    if any(region.country not in facet(wall, what) for wall in walls for what in facets):
        found.add("HS0301")
    names = {region.country, f"{region.cloud}/{region.name}"}
    if any(names & {*rule.countries, *rule.regions}
           for rule in ruled(graph, zones, data=data, category=CATEGORY)):  # fmt: skip
        found.add("HS0315")
    return found


def states(graph: Graph, zones: set[str], name: str) -> bool:
    """Whether one of some zones says where a facet has to be."""
    return any(key == name for zone in zones for key, _ in graph_zone(graph, zone).facets)


def forbidden(graph: Graph) -> Iterator[str]:
    """What no placement can repair: places that the spec itself pins outside a zone.

    A site outside its zone; weights that would reach a country outside a zone that they hold data
    of, or belong to, because the same bundle or the same model serves sites of another zone.
    """
    for site in graph.sites:
        if site.country not in facet(site.zone, "process") or site.country not in facet(
            site.zone, "logs"
        ):
            yield f"{site.name} is outside {site.zone.name}"
        if any(site.country in rule.countries for flow in flows_of(graph, site)
               for rule in rules_on(graph, site.zone, flow)):  # fmt: skip
            yield f"{site.name} is where a policy forbids it"
    for zone in graph.zones:
        codes = [refused(graph, zone, region) for region in graph.regions]
        if {"HS0321"} in codes and all(codes) and any(s.zone.name == zone.name
                                                      for s in graph.sites):  # fmt: skip
            yield f"nobody knows what {zone.name} states"
        for model in models_of(graph, zone):
            yield from _taught(graph, zone, model)
            runs = {s.name for f in graph.flows for s in f.sites if _runs(f, model)}
            if model.training is not None:
                yield from _strays(graph, zone, zone.name, model, runs)
        for model, owner in brought(graph, zone):
            classes = {d.device_class.name for f in graph.flows if _runs(f, model)
                       for s in f.sites if s.zone.name == owner for d in s.devices}  # fmt: skip
            reached = {s.name for s in graph.sites
                       if classes & {d.device_class.name for d in s.devices}}  # fmt: skip
            yield from _strays(graph, zone, owner, model, reached)


def _runs(flow: Flow, model: Model) -> bool:
    return any(st.model is not None and st.model.name == model.name for st in flow.stages)


def _strays(graph: Graph, zone: Zone, owner: str, model: Model, reached: set[str]) -> Iterator[str]:
    """Sites of a zone that weights reach and a zone does not allow whose data they hold."""
    for site in graph.sites:
        if site.zone.name == zone.name and site.name in reached:
            for name in {owner} | teachers(graph, model):
                if site.country not in facet(graph_zone(graph, name), "process"):
                    yield f"{model.name} of {name} reaches {site.name}"


def _taught(graph: Graph, zone: Zone, model: Model) -> Iterator[str]:
    """Training that is pinned where it may not be."""
    pinned = model.training.region if model.training else None
    if pinned is not None:
        for name in teachers(graph, model) | {zone.name}:
            if any(pinned.country not in facet(graph_zone(graph, name), what)
                   for what in ("process", *KEPT)):  # fmt: skip
                yield f"{model.name} of {name} trains in {pinned.country}"


def leaks(graph: Graph, plan: Plan, slices: Sequence[CloudSlice] = ()) -> list[str]:
    """Every place of the plan and of the emitted slices that lies outside a zone's countries."""
    zones = {zone.name: set(zone.countries) for zone in graph.zones}
    work = {zone.name: facet(zone, "process") for zone in graph.zones}
    country = {f"{r.cloud}/{r.name}": r.country for r in graph.regions}
    found = []
    for decision in plan.decisions:
        zone, chosen = decision.site.zone, decision.chosen
        sinks = {stage.name for stage in decision.flow.stages if stage.kind == "sink"}
        places = {("process", decision.site.country)}
        for name, host in chosen.hosts:
            if host.kind == "cloud":
                where = country.get(host.name, "?")
                places |= {("store" if name in sinks else "process", where), ("transit", where),
                           ("transit", decision.site.country)}  # fmt: skip
        found += [f"{decision.flow.name} of {zone.name} in {c} ({what})"
                  for what, c in places if c not in facet(zone, what)]  # fmt: skip
        used = {c for _, c in places} | {host.name for _, host in chosen.hosts}
        used.add(chosen.device.board.name if chosen.device is not None else "")
        found += [f"{decision.flow.name} of {zone.name} against {rule.name}"
                  for rule in rules_on(graph, zone, decision.flow)
                  if used & {*rule.countries, *rule.regions, *rule.boards}]  # fmt: skip
    for store in plan.stores:
        where = country[f"{store.region.cloud}/{store.region.name}"]
        found += [f"{what} of {store.zone.name} in {where}" for what in ("store", "keys", "backup")
                  if where not in facet(store.zone, what)]  # fmt: skip
    for member in plan.fleet:
        found += _bundle_leaks(graph, plan, member.device_class.name, work)
    for part in slices:
        for held in part.zones:
            where = country.get(f"{part.cloud}/{held.region}", "?")
            if where not in zones[held.zone] or where != held.country:
                found.append(f"slice of {held.zone} in {where}")
            if set(held.countries) != zones[held.zone]:
                found.append(f"slice of {held.zone} allows {held.countries}")
            strangers = set(held.models) - {
                m.name for m in models_of(graph, graph_zone(graph, held.zone))
            }
            found += [f"model {name} in the slice of {held.zone}" for name in strangers]
    return found


def graph_zone(graph: Graph, name: str) -> Zone:
    """The zone of a name."""
    return next(zone for zone in graph.zones if zone.name == name)


def _bundle_leaks(
    graph: Graph, plan: Plan, device: str, zones: Mapping[str, set[str]]
) -> list[str]:
    """Models in a class's bundle that reach a site outside the zone they belong to."""
    held = {
        (stage.model.name, decision.site.zone.name)
        for decision in plan.decisions if decision.chosen.device.name == device
        for stage in decision.flow.stages
        if stage.model is not None and dict(decision.chosen.hosts)[stage.name].kind == "edge"
    }  # fmt: skip
    trained = {m.name for m in graph.models if m.training is not None}
    found = []
    for name, zone in held:
        for site in graph.sites:
            if all(d.device_class.name != device for d in site.devices):
                continue
            runs = name in {m.name for m in models_of(graph, site.zone)}
            if site.country not in zones[zone] and (name in trained or not runs):
                found.append(f"{name} of {zone} in the bundle of {device} at {site.name}")
    return found

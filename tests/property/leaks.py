"""A second opinion on sovereignty: what leaves its zone, in a spec and in a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Flow, Graph, Model, Site, Zone
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


def forbidden(graph: Graph) -> Iterator[str]:
    """What no placement can repair: places that the spec itself pins outside a zone.

    A site outside its zone; weights that would reach a country outside the zone they belong to,
    because the same bundle or the same trained model serves sites of another zone.
    """
    for site in graph.sites:
        if site.country not in facet(site.zone, "process"):
            yield f"{site.name} is outside {site.zone.name}"
        if any(site.country in rule.countries for flow in flows_of(graph, site)
               for rule in rules_on(graph, site.zone, flow)):  # fmt: skip
            yield f"{site.name} is where a policy forbids it"
    for zone in graph.zones:
        for model in models_of(graph, zone):
            for country, why in _reached(graph, zone, model):
                kept = "store" if why.startswith("the store") else "process"
                if country not in facet(zone, kept):
                    yield f"{model.name} of {zone.name} reaches {country}: {why}"
            pinned = model.training.region if model.training else None
            if pinned is not None and any(
                pinned.country not in facet(zone, name)
                for name in ("process", "store", "keys", "backup")
            ):
                yield f"{model.name} of {zone.name} trains in {pinned.country}"


def _reached(graph: Graph, zone: Zone, model: Model) -> Iterator[tuple[str, str]]:
    """Countries that a zone's model reaches through other zones: their sites and their stores."""
    runs = {
        s.name: s for f in graph.flows for s in f.sites
        if any(st.model is not None and st.model.name == model.name for st in f.stages)
    }  # fmt: skip
    classes = {d.device_class.name for s in runs.values() if s.zone.name == zone.name
               for d in s.devices}  # fmt: skip
    for site in graph.sites:
        own = any(s.zone.name == site.zone.name for s in runs.values())
        if site.zone.name == zone.name:
            continue
        shared = classes & {d.device_class.name for d in site.devices}
        learnt = model.training is not None and site.name in runs
        if learnt or (shared and (not own or model.training is not None)):
            yield site.country, f"{sorted(shared) or 'weights'} at {site.name}"
            for region in graph.regions:
                if region.country in facet(site.zone, "store"):
                    yield region.country, f"the store of {site.zone.name}"


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

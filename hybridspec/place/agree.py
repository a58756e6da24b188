"""One bundle per class: the cheapest solution in which a class runs one variant of each model.

Sites share nothing else across zones and regions, so they are solved apart first. Where two of
them want different variants of a model on one class, each variant is tried for the whole class;
a branch that is no cheaper than a solution already found is left. Nothing else is cut off, so the
cost found is still the least.
"""

from __future__ import annotations

from hybridspec.base.diagnostic import Sink
from hybridspec.place.explain import disagreement
from hybridspec.place.solve import SearchTooLarge
from hybridspec.place.zones import Solution, Zones

MAX_BRANCHES = 2_000


def agree(root: Zones, sink: Sink) -> Solution | None:
    """The cheapest solution without a clash; None with findings if there is none.

    Raises:
        SearchTooLarge: sites disagree in more ways than can be tried.
    """
    best: Solution | None = None
    first: tuple[str, str] | None = None
    open_branches = [root]
    tried = 0
    while open_branches:
        zones = open_branches.pop()
        found = zones.solve()
        if found is None or (best is not None and found.cost >= best.cost):
            continue
        clash = _clash(found)
        if clash is None:
            best = found
            continue
        tried += 1
        if tried > MAX_BRANCHES:
            raise SearchTooLarge
        first = first or clash
        variants = next(m.variants for m in root.graph.models if m.name == clash[1])
        open_branches += [zones.pinned(*clash, v) for v in sorted(variants, reverse=True)]
    if best is None and first is not None:
        sink.add(disagreement(root.graph, *first))
    elif best is None:
        root.explain(sink)
    return best


def held(solution: Solution) -> dict[tuple[str, str], dict[str, list[str]]]:
    """By class and model: the sites that need each variant in the class's bundle."""
    needs: dict[tuple[str, str], dict[str, list[str]]] = {}
    for site, plan in solution.plans:
        for option in plan.chosen:
            for model, variant in option.held:
                name = option.device.name if option.device is not None else ""
                needs.setdefault((name, model), {}).setdefault(variant, []).append(site.name)
    return needs


def _clash(solution: Solution) -> tuple[str, str] | None:
    """The first class and model, by name, with more than one variant."""
    needs = held(solution)
    return next((pair for pair in sorted(needs) if len(needs[pair]) > 1), None)

"""Where labels begin: what is known of a data asset as it is born in a zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from operator import is_

from hybridspec.ir.graph import Data, Flow, Graph, Site
from hybridspec.ir.label import IDENTIFIABILITY, SENSITIVITY, Bound, Label
from hybridspec.ir.law import Trigger
from hybridspec.law.release import UNKNOWN

Births = Mapping[tuple[str, str], Mapping[str, Site]]
"""By asset and zone, the sites where it is born."""
_SPECIAL = (
    "user.health_and_medical", "user.health", "user.biometric", "user.genetic", "user.demographic",
    "user.political_opinion", "user.religious_belief", "user.sexual_orientation", "user.race",
    "user.criminal_history", "user.location.precise",
)  # fmt: skip
"""Categories whose leak does most harm, if the spec does not say otherwise."""


def under(category: str, parent: str) -> bool:
    """Whether a category is another or below it."""
    return category == parent or category.startswith(f"{parent}.")


def established(graph: Graph) -> Mapping[str, set[str]]:
    """By zone, the countries where its sites stand, and the controller's for every zone."""
    controller = graph.controller.country if graph.controller else None
    found = {zone.name: {controller} if controller else set[str]() for zone in graph.zones}
    for site in graph.sites:
        found.setdefault(site.zone.name, {controller} if controller else set()).add(site.country)
    return found


def births(graph: Graph) -> Births:
    """Every asset with the zones and sites where it is born, those of its flows among them.

    An asset that a model is made from and that nobody says is born anywhere may come from every
    zone that has sites.
    """
    found: dict[tuple[str, str], dict[str, Site]] = {}
    sites = {site.name: site for site in graph.sites}

    def bear(data: str, where: Iterable[Site]) -> None:
        for site in where:
            found.setdefault((data, site.zone.name), {})[site.name] = site

    pairs = zip(graph.flows, alike(graph.flows), strict=True)
    for name, where in {(f.data.name, id(at)): (f.data.name, at) for f, at in pairs}.values():
        bear(name, where)
    for data in graph.data:
        bear(data.name, (sites[name] for name in data.born if name in sites))
    born, known = {data for data, _ in found}, {data.name for data in graph.data}
    for model in graph.models:
        for name in (*model.lineage, *(model.training.data if model.training else ())):
            if name in known and name not in born:
                bear(name, graph.sites)
    return found


def alike(flows: Sequence[Flow]) -> list[tuple[Site, ...]]:
    """The sites of each flow, as one tuple for all flows that run at the same ones."""
    known: dict[tuple[int, str, str], list[tuple[Site, ...]]] = {}
    shared: list[tuple[Site, ...]] = []
    for flow in flows:
        sites = flow.sites
        key = (len(sites), sites[0].name, sites[-1].name) if sites else (0, "", "")
        same = known.setdefault(key, [])
        found = next((other for other in same if all(map(is_, other, sites))), None)
        if found is None:
            same.append(sites)
        shared.append(sites if found is None else found)
    return shared


class Sources:
    """Source labels of one graph; the sums that thresholds ask for are made once."""

    def __init__(self, graph: Graph, born: Births) -> None:
        self._graph, self._born = graph, born
        self._zones = {zone.name: zone for zone in graph.zones}
        self._established = established(graph)
        self._homes: dict[str, set[str]] = {}
        for (data, _), where in born.items():
            self._homes.setdefault(data, set()).update(site.country for site in where.values())
        self._mixed: dict[Trigger, bool] = {}
        self._totals: dict[tuple[str, frozenset[str]], int | None] = {}

    def label(self, data: Data, zone: str) -> Label:
        """The label of an asset as it is born in a zone."""
        where = self._born.get((data.name, zone), {})
        subjects = frozenset(data.subjects or (site.country for site in where.values()))
        claimed = self._zones[zone].regimes if zone in self._zones else ()
        bounds = {*claimed, *self._derived(data, subjects, zone)}
        if data.personal:
            covered = self._graph.law.covered
            bounds |= {f"{UNKNOWN}{country}" for country in subjects - covered}
            bounds |= set() if subjects else {UNKNOWN}
        return Label(
            categories=frozenset({data.category}),
            subjects=subjects,
            regimes=frozenset(Bound(regime, zone) for regime in bounds),
            zones=frozenset({zone}),
            born=frozenset({zone}),
            sensitivity=_sensitivity(data),
            identifiability=_identifiability(data),
            volume=data.subject_count if data.personal else data.subject_count or 0,
        )

    def _derived(self, data: Data, subjects: frozenset[str], zone: str) -> set[str]:
        here, day = self._established.get(zone, set()), date.fromisoformat(self._graph.as_of)
        return {
            regime.name for regime in self._graph.law.regimes
            if regime.fact.holds(day) and any(self._fires(trigger, data, subjects, here)
                   for trigger in regime.triggers)
        }  # fmt: skip

    def _fires(
        self, trigger: Trigger, data: Data, subjects: frozenset[str], established: set[str]
    ) -> bool:
        return (
            (not trigger.categories or any(under(data.category, c) for c in trigger.categories))
            and (not trigger.subjects or not trigger.subjects.isdisjoint(subjects))
            and (not trigger.established or not trigger.established.isdisjoint(established))
            and (not trigger.roles or not set(trigger.roles).isdisjoint(self._graph.roles))
            and (not trigger.thresholds or self._many(trigger, data))
        )

    def _many(self, trigger: Trigger, data: Data) -> bool:
        """Whether, of a category that the asset is in, there are as many people as it takes."""
        if trigger.combined:
            if trigger not in self._mixed:
                self._mixed[trigger] = self._combined(trigger)
            if self._mixed[trigger]:
                return True
        for category, people in trigger.thresholds:
            if under(data.category, category):
                total = self._total(category, trigger.subjects)
                if total is None or total >= people:
                    return True
        return False

    def _combined(self, trigger: Trigger) -> bool:
        """Whether data of several categories is there, of one of which the lowest is reached."""
        thresholds = dict(trigger.thresholds)
        present = {
            max((c for c in thresholds if under(data.category, c)), key=len, default="")
            for data in self._graph.data if self._about(data, trigger.subjects)
        } - {""}  # fmt: skip
        if len(present) < 2:
            return False
        lowest = min(thresholds[category] for category in present)
        totals = [self._total(category, trigger.subjects) for category in present]
        return any(total is None or total >= lowest for total in totals)

    def _about(self, data: Data, subjects: frozenset[str]) -> bool:
        """Whether an asset is, or may be, about people of some countries."""
        return not subjects or not subjects.isdisjoint(
            data.subjects or self._homes.get(data.name) or subjects
        )

    def _total(self, category: str, subjects: frozenset[str]) -> int | None:
        """People of all assets of a category, of those countries; None if one does not say."""
        key = (category, subjects)
        if key not in self._totals:
            counts = [
                data.subject_count for data in self._graph.data
                if under(data.category, category) and self._about(data, subjects)
            ]  # fmt: skip
            self._totals[key] = None if None in counts else sum(n for n in counts if n is not None)
        return self._totals[key]


def _sensitivity(data: Data) -> int:
    if data.sensitivity is not None:
        return SENSITIVITY.index(data.sensitivity)
    if any(under(data.category, special) for special in _SPECIAL):
        return SENSITIVITY.index("high")
    return SENSITIVITY.index("medium" if data.personal else "low")


def _identifiability(data: Data) -> int:
    """That people in personal data cannot be told is proved by a release, not by saying so."""
    stated = data.identifiability
    if stated is None or (data.personal and stated == "anonymous"):
        return IDENTIFIABILITY.index("raw" if data.personal else "anonymous")
    return IDENTIFIABILITY.index(stated)

"""Permission: whether something with a label may have a facet at a place, and who says so.

The meet over the walls of its zones, the policies of the spec and every regime it is under. A
larger label never gets more. `Law(graph)` holds what is worked out once for a graph.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cached_property, lru_cache, partial

from hybridspec.base.source import Span
from hybridspec.ir.graph import Graph
from hybridspec.ir.label import Bound, Label
from hybridspec.ir.same import Same
from hybridspec.ir.verdict import Permission, Place, Reason, Verdict
from hybridspec.law.duty import Duties
from hybridspec.law.label import Labels, labels
from hybridspec.law.policy import policies
from hybridspec.law.regime import Judge, Ruling, by_name, countries_of, gather, known
from hybridspec.law.release import UNKNOWN
from hybridspec.law.source import established, under


def permit(graph: Graph, label: Label, facet: str, place: Place) -> Permission:
    """Whether something with a label may have a facet at a place, by the law of a graph."""
    return law_of(graph).permit(label, facet, place)


def law_of(graph: Graph) -> Law:
    """The `Law` of a graph: the same one for as long as the same graph is asked about."""
    return _law(Same(graph))


@lru_cache(maxsize=4)
def _law(key: Same) -> Law:
    return Law(key.graph)


class Law:
    """Everything that is asked of a graph's law, each question answered once."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.as_of = date.fromisoformat(graph.as_of)
        self.regimes = by_name(graph.law)
        self.zones = {zone.name: zone for zone in graph.zones}
        self.duties = Duties(graph)
        self._judges: dict[Bound, Judge] = {}
        self._bounds: dict[tuple[Bound, str, Place], Ruling] = {}
        self._walls: dict[tuple[str, str, Place], Ruling] = {}
        self._known: dict[tuple[Label, str, Place], Permission] = {}

    @cached_property
    def _established(self) -> Mapping[str, set[str]]:
        return established(self.graph)

    @cached_property
    def labels(self) -> Labels:
        """The labels of the graph."""
        return labels(self.graph)

    def permit(self, label: Label, facet: str, place: Place) -> Permission:
        """The meet over everything that has a say."""
        key = (label, facet, place)
        if key not in self._known:
            found = gather(self._rulings(label, facet, place))
            self._known[key] = Permission(
                verdict=found.verdict, reasons=found.reasons,
                obligations=tuple(dict.fromkeys(found.obligations)),
            )  # fmt: skip
        return self._known[key]

    def _rulings(self, label: Label, facet: str, place: Place) -> Iterator[Ruling]:
        for zone in sorted(label.zones):
            yield self._wall(zone, facet, place)
        for said in policies(self.graph, label, facet, place):
            yield Ruling((said.reason,), (said.obligation,) if said.obligation else ())
        for bound in sorted(label.regimes):
            yield self._bound(bound, facet, place)
            yield self.duties.ask(bound, label.categories, facet, place)

    def _wall(self, name: str, facet: str, place: Place) -> Ruling:
        key = (name, facet, place)
        if key not in self._walls:
            self._walls[key] = self._judge_wall(name, facet, place)
        return self._walls[key]

    def _judge_wall(self, name: str, facet: str, place: Place) -> Ruling:
        zone, rule = self.zones.get(name), f"zone:{name}"
        if zone is None:
            return _ruling(rule, Verdict.GAP, f"nothing is known of zone `{name}`", ())
        if not zone.walled(facet):
            return Ruling()
        countries, allowed = countries_of(facet, place), zone.allowed(facet)
        line = zone.facet_origin(facet)
        outside = tuple(country for country in countries if country not in allowed)
        if not known(countries) and not any(known((country,)) for country in outside):
            return _ruling(rule, Verdict.GAP, "nobody states where it is", countries, line)
        if outside:
            return _ruling(rule, Verdict.VIOLATED, f"zone `{name}` does not allow it in "
                           + ", ".join(outside), outside, line)  # fmt: skip
        return _ruling(rule, Verdict.SATISFIED, f"zone `{name}` allows it in "
                       + ", ".join(countries), countries, line)  # fmt: skip

    def ask(self, bound: Bound, facet: str, place: Place) -> Ruling:
        """What one regime says of a facet at a place, on account of one zone."""
        return self._bound(bound, facet, place)

    def _bound(self, bound: Bound, facet: str, place: Place) -> Ruling:
        key = (bound, facet, place)
        if key not in self._bounds:
            self._bounds[key] = self._judge(bound, facet, place)
        return self._bounds[key]

    def senders(self, zone: str) -> frozenset[str]:
        """Where those are established who send data of a zone."""
        return frozenset(self._established.get(zone, ()))

    def people(self, regime: str, category: str) -> int | None:
        """How many people of a category the spec has data about under a regime, if known."""
        counts = [
            data.subject_count for data in self.graph.data if under(data.category, category)
            and any(Bound(regime, zone) in self.labels.of(node).regimes for zone in self.zones
                    if (node := f"data {data.name}@{zone}") in self.labels)
        ]  # fmt: skip
        return None if None in counts else sum(count for count in counts if count is not None)

    def _judge(self, bound: Bound, facet: str, place: Place) -> Ruling:
        name = bound.regime
        if name.startswith(UNKNOWN):
            country = name.removeprefix(UNKNOWN)
            return _ruling(
                name,
                Verdict.GAP,
                "no law is known that protects people in " + (country or "an unknown country"),
                (country,) if country else (),
            )
        if name not in self.regimes:
            return _ruling(f"{name}:unknown", Verdict.GAP, f"the facts know no law `{name}`", ())
        if bound not in self._judges:
            self._judges[bound] = Judge(
                self.regimes[name], self.zones.get(bound.zone), self.graph.law, self.as_of,
                self.senders(bound.zone), partial(self.people, name),
            )  # fmt: skip
        return self._judges[bound].ask(facet, place)


def _ruling(
    rule: str, verdict: Verdict, text: str, countries: tuple[str, ...], origin: Span | None = None
) -> Ruling:
    return Ruling((Reason(rule=rule, verdict=verdict, text=text, countries=countries,
                          origin=origin),))  # fmt: skip

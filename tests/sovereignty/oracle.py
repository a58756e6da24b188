"""A second judgement on where data may be: one law, one wall, one policy at a time.

For each of them alone, plain reachability over the raw graph says which nodes it follows to, with
its valid releases as cuts; then each country of a place is looked up in the rows of the pack.
Nothing is joined, nothing is remembered between questions, and only types are shared with `law`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from sovereignty.duties import duties
from sovereignty.fact_table import FactTable, Row, contested, in_force, under
from sovereignty.people import many, mixed
from sovereignty.raw_graph import RawGraph, homes
from sovereignty.released import proved, states

from hybridspec.base.country import COUNTRIES as COUNTRY_CODES
from hybridspec.ir.graph import Data, Graph
from hybridspec.ir.verdict import Place
from hybridspec.ir.zone import Transfer, Zone

WORST = ("violated", "gap", "waived", "conditional", "satisfied")
PEOPLE_AND_NAMES = ("support", "control_plane", "operator")
"""Facets without a wall unless the zone states them."""
ISO = frozenset(COUNTRY_CODES)
Cut = Callable[[str], bool]


def worst(verdicts: Iterable[str]) -> str:
    """The worst verdict; of none, `satisfied`."""
    return min(verdicts, key=WORST.index, default="satisfied")


@dataclass(frozen=True)
class Component:
    """One law on account of a zone, one wall or one policy: where it has come, and where it goes.

    `arrives` are nodes that get it, `leaves` those whose output still is under it.
    """

    kind: str
    name: str
    zone: str
    arrives: frozenset[str]
    leaves: frozenset[str]


@dataclass
class Oracle:
    """Judges a graph by the rows of a pack; `tally` counts what each law, wall or policy said."""

    graph: Graph
    table: FactTable
    raw: RawGraph = field(init=False)
    components: list[Component] = field(init=False)
    kinds: list[tuple[str, frozenset[str]]] = field(init=False)
    tally: Counter[tuple[str, str]] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.raw = RawGraph(self.graph)
        self.on = date.fromisoformat(self.graph.as_of)
        self.zones = {zone.name: zone for zone in self.graph.zones}
        self.kinds = [
            (asset.category, self._follow({node}, lambda _: False)[0])
            for node, (asset, _) in self.raw.assets.items()
        ]
        self.components = [*self._laws()]
        self.components += [*self._walls()]
        self.components += [*self._policies()]

    def verdict(self, node: str, facet: str, place: Place, *, before: bool = False) -> str:
        """The worst that anything says about a facet of a node at a place.

        `before` asks about what a stage works on, before it releases anything.
        """
        here = self.at(node, before=before)
        kinds = self.categories(node)
        said = [(component, self.ask(component, facet, place, kinds)) for component in here]
        for component, verdict in said:
            name = component.name if component.kind == "law" else component.kind
            self.tally[name, verdict] += 1
        return worst(verdict for _, verdict in said)

    def parts(self, node: str, *, before: bool) -> set[tuple[str, str]]:
        """The laws and walls that a node is under."""
        return {
            ("wall" if component.kind == "wall" else component.name, component.zone)
            for component in self.at(node, before=before) if component.kind != "policy"
        }  # fmt: skip

    def at(self, node: str, *, before: bool = False) -> list[Component]:
        """What has come to a node, or to what it works on."""
        return [c for c in self.components if node in (c.arrives if before else c.leaves)]

    def ask(self, component: Component, facet: str, place: Place, categories: set[str]) -> str:
        """What one component says about all countries of a place, for data of some categories."""
        if component.kind == "wall":
            return self._wall(self.zones[component.zone], facet, place)
        if component.kind == "unknown":
            return "gap"
        if component.kind == "policy":
            return self._policy(component.name, facet, place)
        row = self.table.regime(component.name, self.on)
        if row is None:
            return "gap"
        zone = self.zones[component.zone]
        asked = duties(self.graph, self.table, row, zone, categories, facet, place)
        return worst([self._law(row, zone, facet, place), *asked])

    def categories(self, node: str) -> set[str]:
        """The categories of every asset that has come to a node, whatever was released."""
        return {category for category, reached in self.kinds if node in reached}

    # Which nodes a component follows to.

    def _follow(self, sources: set[str], cut: Cut) -> tuple[frozenset[str], frozenset[str]]:
        arrives: set[str] = set()
        leaves: set[str] = set()
        queue = sorted(sources)
        while queue:
            node = queue.pop()
            if node in arrives:
                continue
            arrives.add(node)
            queue.extend(self.raw.heard.get(node, ()))
            if not cut(node):
                leaves.add(node)
                queue.extend(self.raw.edges.get(node, ()))
        return frozenset(arrives), frozenset(leaves)

    def _laws(self) -> Iterator[Component]:
        sources: dict[tuple[str, str, str], set[str]] = {}
        for node, (asset, zone) in self.raw.assets.items():
            for kind, name in self._born_under(asset, self.zones[zone]):
                sources.setdefault((kind, name, zone), set()).add(node)
        for zone in self.graph.zones:
            for name in zone.regimes:
                heard = self.raw.listening(zone.name)
                sources.setdefault(("law", name, zone.name), set()).update(heard)
        for (kind, name, where), nodes in sorted(sources.items()):
            arrives, leaves = self._follow(nodes, lambda node, name=name: self._cuts(node, name))
            yield Component(kind, name, where, arrives, leaves)

    def _walls(self) -> Iterator[Component]:
        for name in self.zones:
            nodes = {node for node, (_, zone) in self.raw.assets.items() if zone == name}
            nodes |= self.raw.listening(name) | self.raw.owners.get(name, set())
            arrives, leaves = self._follow(nodes, lambda node, name=name: self._lifts(node, name))
            yield Component("wall", name, name, arrives, leaves)

    def _policies(self) -> Iterator[Component]:
        """Where what a policy binds has come: nothing takes that off."""
        every = frozenset(self.raw.nodes)
        walls = [component for component in self.components if component.kind == "wall"]
        for policy in self.graph.policies:
            born, kinds = every, every
            if policy.zones:
                born = self._everything_from(lambda _, zone, of=policy.zones: zone in of)
            if policy.categories:
                kinds = self._everything_from(
                    lambda asset, _, of=policy.categories: (
                        asset is not None and under(asset.category, of)
                    )
                )
            mine = [wall for wall in walls if wall.zone in policy.zones]
            arrives, leaves = (
                kinds & born.union(*sets)
                for sets in ([w.arrives for w in mine], [w.leaves for w in mine])
            )
            yield Component("policy", policy.name, "", arrives, leaves)

    def _everything_from(self, born: Callable[[Data | None, str], bool]) -> frozenset[str]:
        nodes = {node for node, (asset, zone) in self.raw.assets.items() if born(asset, zone)}
        for zone in self.zones:
            if born(None, zone):
                nodes |= self.raw.listening(zone)
        return self._follow(nodes, lambda _: False)[0]

    def _policy(self, name: str, facet: str, place: Place) -> str:
        rule = next(policy for policy in self.graph.policies if policy.name == name)
        if rule.facets and facet not in rule.facets:
            return "satisfied"
        where = lands(facet, place)
        forbidden = () if facet in PEOPLE_AND_NAMES and not rule.facets else rule.countries
        unknown = bool(forbidden) and not known(where)
        unknown |= place.recipient != "own" and (
            (bool(rule.operators) and not place.operator)
            or (bool(rule.partitions) and not place.partition)
        )
        if (
            any(country in forbidden for country in where)
            or place.operator in rule.operators
            or place.partition in rule.partitions
        ):
            return "violated"
        return "gap" if unknown else "satisfied"

    def _cuts(self, node: str, regime: str) -> bool:
        """Whether a stage takes a law off its output, by a release that the law knows."""
        row = self.table.regime(regime, self.on)
        if node not in self.raw.stages or row is None:
            return False
        methods = row.get("releases", {})
        stage = self.raw.stages[node][1]
        return any(
            release.regime == regime and release.method in methods
            and proved(release) and states(release, methods[release.method])
            for release in stage.releases
        )  # fmt: skip

    def _lifts(self, node: str, wall: str) -> bool:
        """Whether a stage of the zone lifts its wall: no law about places is left on its output."""
        if node not in self.raw.stages:
            return False
        _, stage, zone = self.raw.stages[node]
        return (
            zone == wall
            and any(r.regime == "zone" and proved(r) and states(r, []) for r in stage.releases)
            and not any(node in law.leaves and self._places(law) for law in self.components)
        )

    def _places(self, law: Component) -> bool:
        """Whether a law has a say about places; what nobody knows may have one."""
        row = self.table.regime(law.name, self.on)
        return row is None or bool(row.get("governs"))

    # Which laws an asset is born under.

    def _born_under(self, asset: Data, zone: Zone) -> Iterator[tuple[str, str]]:
        for name in zone.regimes:
            yield "law", name
        for name in sorted(self.table.names - set(zone.regimes)):
            row = self.table.regime(name, self.on)
            if (
                row is not None
                and in_force(row, self.on)
                and any(self._triggers(trigger, asset, zone) for trigger in row.get("applies", ()))
            ):
                yield "law", name
        if asset.personal:
            for country in sorted(self._subjects(asset, zone) - self.table.covered(self.on)):
                yield "unknown", f"unknown:{country}"

    def _triggers(self, trigger: Row, asset: Data, zone: Zone) -> bool:
        subjects = self._subjects(asset, zone)
        wanted = self.table.countries(trigger.get("subjects", ()))
        there = self._established(zone)
        established = self.table.countries(trigger.get("established", ()))
        roles = trigger.get("roles", ())
        return (
            (not trigger.get("categories") or under(asset.category, trigger["categories"]))
            and (not wanted or bool(wanted & subjects))
            and (not established or bool(established & there))
            and (not roles or any(role in roles for role in self.graph.roles))
            and (
                many(self.graph, trigger.get("thresholds", {}), asset, wanted)
                or (
                    trigger.get("combined") == "true"
                    and mixed(self.graph, trigger["thresholds"], wanted)
                )
            )
        )

    def _established(self, zone: Zone) -> set[str]:
        """Where those are who run a zone: at its sites, and where the controller is."""
        there = {site.country for site in self.graph.sites if site.zone.name == zone.name}
        office = self.graph.controller.country if self.graph.controller is not None else None
        return there | ({office} if office else set())

    def _subjects(self, asset: Data, zone: Zone) -> set[str]:
        here = [site for site in homes(self.graph, asset) if site.zone.name == zone.name]
        return set(asset.subjects) or {site.country for site in here}

    # What a component says about a place.

    def wall(self, zone: str, facet: str, place: Place) -> str:
        """What the wall of a zone says, whether or not a label carries it."""
        return self._wall(self.zones[zone], facet, place)

    def _wall(self, zone: Zone, facet: str, place: Place) -> str:
        stated = dict(zone.facets)
        if facet in PEOPLE_AND_NAMES and facet not in stated:
            return "satisfied"
        where = lands(facet, place)
        allowed = stated.get(facet, zone.countries)
        if not known(where):
            return "gap" if all(c in allowed for c in where if c in ISO) else "violated"
        return "satisfied" if all(country in allowed for country in where) else "violated"

    def _law(self, row: Row, zone: Zone, facet: str, place: Place) -> str:
        if facet not in row.get("governs", ()) or not in_force(row, self.on):
            return "satisfied"
        where = lands(facet, place)
        says = [self._country(row, zone, facet, place, c) if c in ISO else "gap" for c in where]
        says.append(self._operator(row, place))
        return worst(says if where else [*says, "gap"])

    def _operator(self, row: Row, place: Place) -> str:
        """A law that refuses countries refuses those whom their law binds, wherever they are."""
        denied = self.table.countries(row.get("denied", ()))
        if not denied or (place.recipient == "own" and place.operator is None):
            return "satisfied"
        if place.operator is None:
            return "gap"
        return "violated" if place.operator in denied else "satisfied"

    def _country(self, row: Row, zone: Zone, facet: str, place: Place, country: str) -> str:
        denied, home = (self.table.countries(row.get(key, ())) for key in ("denied", "home"))
        if country in denied:
            return "violated"
        if country in home:
            return "satisfied"
        keys = set(place.keys_in)
        sealed = facet in row.get("sealed", ()) and place.sealed and bool(keys) and keys <= home
        return self._decided(row, zone, country, place) or ("conditional" if sealed else _else(row))

    def _decided(self, row: Row, zone: Zone, country: str, place: Place) -> str:
        """What adequacy and transfers say; nothing if there is no ground."""
        grounds = [t for t in zone.transfers if country in t.countries and self._alive(t, place)]
        found = ""
        senders = self._established(zone) & self.table.countries(row.get("home", ()))
        for decision in self.table.adequate(row["name"], country, self.on):
            exporters = self.table.countries(decision.get("exporters", ()))
            if exporters and not (senders and senders <= exporters):
                continue
            scope = decision.get("scope", "all")
            if scope == "certified" and not any(t.mechanism == "adequacy" for t in grounds):
                continue
            if scope == "all" and not contested(decision):
                return "satisfied"
            found = "conditional"
        known = row.get("mechanisms", {})
        usable = any(
            self._usable(known.get(t.mechanism), t, country)
            and self._few(known[t.mechanism].get("at_most", {}), row["name"])
            for t in grounds if t.mechanism != "adequacy"  # which takes a decision
        )  # fmt: skip
        return found or ("conditional" if usable else "")

    def _usable(self, mechanism: Row | None, transfer: Transfer, country: str) -> bool:
        if mechanism is None or not in_force(mechanism, self.on):
            return False
        limit = self.table.countries(mechanism.get("countries", ()))
        if mechanism.get("longest") and transfer.expires:
            last = self.on + timedelta(days=int(mechanism["longest"]))
            if date.fromisoformat(transfer.expires) > last:
                return False
        return not limit or country in limit

    def _few(self, limits: Row, law: str) -> bool:
        """Whether there are no more people under a law than a mechanism is open to."""
        bound = [
            asset for asset in self.graph.data
            if any(("law", law) in self._born_under(asset, self.zones[zone])
                   for other, zone in self.raw.assets.values() if other.name == asset.name)
        ]  # fmt: skip
        return all(
            asset.subject_count is not None for asset in bound if under(asset.category, [*limits])
        ) and all(
            sum(a.subject_count or 0 for a in bound if under(a.category, [category])) <= int(most)
            for category, most in limits.items()
        )

    def _alive(self, transfer: Transfer, place: Place) -> bool:
        """Proved, with whoever is there, and not past its last day."""
        there = transfer.recipient in ("", place.recipient)
        return there and bool(transfer.evidence) and str(self.on) <= (transfer.expires or "9999")


def _else(row: Row) -> str:
    return {"deny": "violated", "allow": "satisfied", "gap": "gap"}[row["elsewhere"]]


def lands(facet: str, place: Place) -> tuple[str, ...]:
    """The countries that count on a facet: whoever operates is where the law is that binds them."""
    operator = (place.operator,) if place.operator else ()
    return operator if facet == "operator" else place.countries


def known(countries: tuple[str, ...]) -> bool:
    """Whether somebody says where it is, and every country exists."""
    return bool(countries) and all(country in ISO for country in countries)

"""What cannot run in parts of a spec of which the faults found so far say nothing.

It is told together with those faults, so that nobody repairs a spec wave by wave.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Graph, Site
from hybridspec.ir.latency import LatencyTable
from hybridspec.ir.rewritten import at_sites
from hybridspec.place.candidates import Candidates
from hybridspec.place.configuration import TooManyWays
from hybridspec.place.decide import Undecided, decide
from hybridspec.place.engine.api import SearchTooLarge
from hybridspec.place.listing import TooDear

_AMOUNTS = frozenset(
    ("HS0302", "HS0303", "HS0304", "HS0306", "HS0317", "HS0401", "HS0415", "HS0422", "HS0424")
)
"""Faults of amounts, of which the law says nothing."""
_APART = frozenset(("HS0309",))
"""Faults that have no part in what can run where, whatever they name."""
_WORD = re.compile("[a-z0-9_-]+")


def untouched(graph: Graph, errors: Iterable[Diagnostic]) -> list[Site]:
    """The sites whose zone, devices, flows, data and models no error names; none if one names none.

    What shares any of these belongs together, however long the way between them is.
    """
    parts = _Parts()
    for site in graph.sites:
        parts.join(site.name, site.zone.name, *(d.device_class.name for d in site.devices))
    for flow in graph.flows:
        models = (stage.model.name for stage in flow.stages if stage.model is not None)
        parts.join(flow.name, flow.data.name, *models, *(site.name for site in flow.sites))
    spoilt: set[str] = set()
    for error in errors:
        said = " ".join((error.message, error.help, *(note.message for note in error.notes)))
        named = {parts.of(word) for word in _WORD.findall(said) if word in parts.above}
        if not named and error.code not in _APART:
            return []
        spoilt |= named
    return [site for site in graph.sites if parts.of(site.name) not in spoilt]


@dataclass(slots=True)
class _Parts:
    """Names that belong together; each part goes by the name that stands above all others."""

    above: dict[str, str] = field(default_factory=dict)

    def of(self, name: str) -> str:
        """The part of a name."""
        way = []
        while (higher := self.above.setdefault(name, name)) != name:
            way.append(name)
            name = higher
        self.above.update(dict.fromkeys(way, name))
        return name

    def join(self, first: str, *others: str) -> None:
        """Make one part of the names."""
        for other in others:
            self.above[self.of(other)] = self.of(first)


def beside(graph: Graph, table: LatencyTable, sites: list[Site]) -> Iterator[Diagnostic]:
    """What cannot run at some sites alone; what all sites share is at least as short with them."""
    try:
        decided = decide(Candidates(at_sites(graph, sites), table))
        if isinstance(decided, Undecided):
            from hybridspec.place.unplaceable import unplaceable

            yield from (f for f in unplaceable(decided) if f.code in _AMOUNTS)
    except (TooManyWays, SearchTooLarge, TooDear):
        return

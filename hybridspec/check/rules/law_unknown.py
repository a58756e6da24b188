"""HS0332: personal data is about people in a country whose law nobody has put into the facts.

What it flags: a data asset below `user` with `subjects` (or, where none are stated, sites where it
is born) in a country that no law of the facts covers on `as_of`.
Why: unknown is not allowed: there may be a law that keeps such data in the country, and nothing
here would know. `hybridspec facts show` lists the countries that are covered.
Example: `data.patients: {category: user.health_and_medical, subjects: [KE]}`.
Fix: have somebody who knows that law look at it, and waive this with their name, as
`{rule: "unknown:KE", at: data.patients, countries: [KE], ...}`; state what the law asks as a
policy or as the zone's countries. Or take the people out of the data.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.country_names import country_name
from hybridspec.base.diagnostic import About, Diagnostic
from hybridspec.ir.graph import Graph
from hybridspec.law.permit import law_of
from hybridspec.law.release import UNKNOWN


def law_unknown(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per asset and country."""
    labels = law_of(graph).labels
    found: dict[str, set[str]] = {}
    for node in labels.nodes:
        kind, _, rest = node.partition(" ")
        if kind == "data":
            names = (bound.regime for bound in labels.of(node).regimes)
            found.setdefault(rest.rpartition("@")[0], set()).update(
                name.removeprefix(UNKNOWN) for name in names if name.startswith(UNKNOWN)
            )
    for data in graph.data:
        for country in sorted(found.get(data.name, ())):
            named = country_name(country)
            yield Diagnostic(
                code="HS0332",
                message=f"`{data.name}` is about people in {named + ' (' if named else ''}{country}"
                f"{')' if named else ''}, whose law on personal data is not among the facts on "
                f"{graph.as_of}",
                span=data.origin,
                help="have the law looked at and waive this under `waivers`, with `rule: "
                f"\"unknown:{country}\"`, `at: data.{data.name}`, `countries: [{country}]`, "
                "and who answers for it, why and until when",
                about=About(rule=f"{UNKNOWN}{country}", countries=(country,) if country else ()),
            )  # fmt: skip

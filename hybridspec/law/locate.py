"""Where things are: every place that follows, facet by facet, once a region, site or sink is used.

A place is judged for what it is, whoever's data comes there; which data does is the matrix's to
say. What a provider adds by itself is in the catalogue (`Region.implicit`); what nobody states is
a place without countries, which is a gap and never allowed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hybridspec.ir.governance import TelemetrySink
from hybridspec.ir.law import Implicit
from hybridspec.ir.region import Region
from hybridspec.ir.verdict import Obligation, Place

SERVICE = ("logs", "support", "control_plane", "operator")
"""Facets of every service that touches data, whether it keeps it or only computes."""
HELD = ("store", "ciphertext", "keys", "key_admin", "backup", *SERVICE)
"""Facets of what a region keeps."""
COMPUTED = ("process", *SERVICE)
"""Facets of what a region computes on and forgets."""
ROUTE = "EDPB Recommendations 01/2020, use case 3"


class Spot(NamedTuple):
    """One facet at one place; `guards` are rules by which what is emitted keeps others away."""

    facet: str
    place: Place
    guards: tuple[Obligation, ...] = ()


def in_region(region: Region, facets: Iterable[str]) -> tuple[Spot, ...]:
    """The places of some facets of what is in a region, with those that the provider adds."""
    return tuple(spot for facet in facets for spot in _facet(region, facet))


def _facet(region: Region, facet: str) -> Iterator[Spot]:
    rows = [row for row in region.implicit if row.facet == facet and _used(region, row)]
    added = [row for row in rows if not row.avoided_by]
    guards = tuple(
        Obligation(rule=row.id, text=row.text, met_by=guarded(row.avoided_by))
        for row in rows if row.avoided_by
    )  # fmt: skip
    if facet not in ("support", "control_plane") or (rows and not added):
        yield Spot(facet, _base(region, facet), guards)
    for row in added:
        yield Spot(facet, _place(region, f"{region_name(region)}: {row.text}", row.countries,
                                 row.source, sealed=row.carries == "ciphertext"))  # fmt: skip
    missing = _UNSTATED.get(facet)
    if missing and not rows:
        yield Spot(facet, _place(region, f"{region_name(region)}: {missing}", ()))
    if facet == "backup" and region.pair and not rows:
        yield Spot(facet, _place(region, f"the pair {region.pair} of {region_name(region)}", ()))


_UNSTATED = {
    "support": "the provider's support staff",
    "control_plane": "the provider's names, settings and bills",
    "logs": "the provider's own logs of its services",
}
"""What nobody states unless the catalogue does."""


def _base(region: Region, facet: str) -> Place:
    """Where what we put there is, without anything that the provider adds."""
    if facet == "key_admin":
        return _place(region, f"administrators of {region.cloud}", region.administered_from,
                      "the spec's word")  # fmt: skip
    if facet == "operator":
        countries = (region.operator_country,) if region.operator_country else ()
        return _place(region, f"{region.operator}, which runs {region_name(region)}", countries)
    return _place(region, region_name(region), (region.country,), sealed=facet == "ciphertext")


def _place(
    region: Region, name: str, countries: tuple[str, ...], source: str = "", *, sealed: bool = False
) -> Place:
    return Place(
        name=name, countries=tuple(sorted(countries)), recipient=region.cloud,
        operator=region.operator_country, partition=region.partition, sealed=sealed,
        keys_in=region.keys_in if sealed else (), source=source or region.source,
    )  # fmt: skip


def guarded(guard: str) -> str:
    """A guard as what it is: set by the stack that is emitted, and proved before it is deployed."""
    return f"guard `{guard}`, which the emitted stack sets and `preview` proves"


def _used(region: Region, row: Implicit) -> bool:
    return row.service == "*" or row.service in region.services


def region_name(region: Region) -> str:
    """How a matrix names a region."""
    return f"region {region.label}"


def at_site(country: str, facets: Iterable[str]) -> tuple[Spot, ...]:
    """The places of what a device does at a site: what it holds, it holds to work with it.

    Models, logs and crash dumps stay on its disk; all sites of a country are judged as one.
    """
    here = Place(name=f"sites in {country}", countries=(country,), source="the spec's word")
    return tuple(Spot(facet, here) for facet in facets)


ROUTED = Place(name="the route through the internet", countries=(), source=ROUTE)
"""Nobody states by which countries packets pass."""


def between(country: str, region: Region) -> tuple[Spot, ...]:
    """The way from a site's country to a region: its two ends, and what lies between them."""
    ends = Place(
        name=f"{country} to {region_name(region)}",
        countries=tuple(sorted({country, region.country})), recipient=region.cloud,
        operator=region.operator_country, partition=region.partition, source=region.source,
    )  # fmt: skip
    return Spot("transit", ends), Spot("transit", ROUTED)


ENCRYPTED = Obligation(
    rule="edpb:rec-01-2020-use-case-3", met_by="TLS on every connection that is emitted",
    text="no country on the route can read what passes: it is encrypted from end to end "
    f"({ROUTE})",
)  # fmt: skip
"""Why a route that nobody knows is allowed where nobody said which one it has to be."""


def at_sink(sink: TelemetrySink) -> tuple[Spot, ...]:
    """Where metrics and logs go; a sink of a zone collects inside of it."""
    where = sink.address or f"zone {sink.zone}"
    return (Spot("logs", Place(
        name=f"{sink.type} ({where})", countries=tuple(sorted(sink.countries)),
        recipient="own" if sink.zone else sink.type, source="the spec's word",
    )),)  # fmt: skip

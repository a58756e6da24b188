"""Implicit flows of a region or a device: rows of the catalogue with the countries they reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace

from hybridspec.base.country import COUNTRIES
from hybridspec.ir.law import Implicit
from hybridspec.spec.catalog import Catalog, RegionRow
from hybridspec.spec.implicit import (
    GEOGRAPHY,
    HERE,
    PAIR,
    PARTITION,
    ImplicitRow,
    LocationRow,
)

ON_DEVICES = ("onnxruntime", "system")
"""Services of an edge catalogue that every device has."""


def of_region(provider: str, name: str, catalog: Catalog) -> tuple[Implicit, ...]:
    """What the provider adds by itself to whoever uses the region's services, by id."""
    row = catalog.regions[name]
    found = (
        _implicit(provider, key, flow, _reached(flow, row, catalog), catalog)
        for key, flow in catalog.implicit.items()
        if flow.service in ("*", *row.services)
        and (not flow.partitions or row.partition in flow.partitions)
        and name not in flow.exempt
        and (row.pair is not None or flow.where != [PAIR])
    )
    return tuple(sorted(found, key=lambda flow: flow.id))


def of_devices(target: str, catalog: Catalog) -> tuple[Implicit, ...]:
    """What the software on every board of an edge target sends by itself, by id."""
    found = (
        _implicit(target, key, flow, _named(flow.where, catalog), catalog)
        for key, flow in catalog.implicit.items() if flow.service in ON_DEVICES
    )  # fmt: skip
    return tuple(sorted(found, key=lambda flow: flow.id))


def only_guarded(
    rows: tuple[Implicit, ...], guards: Mapping[str, Collection[str]]
) -> tuple[Implicit, ...]:
    """The flows, where those happen that are avoided by what is no guard of their target.

    The names of a target whose guards are not given are believed.
    """

    def avoided(row: Implicit) -> bool:
        owner = row.id.partition(":")[0]
        return not row.avoided_by or owner not in guards or row.avoided_by in guards[owner]

    if all(map(avoided, rows)):
        return rows
    return tuple(row if avoided(row) else replace(row, avoided_by="") for row in rows)


def countries_of(name: str, catalog: Catalog) -> tuple[str, ...]:
    """Where a name of a region or of a location may be, all of it; none if nobody states it."""
    return _named([name], catalog)


def _implicit(
    owner: str, key: str, row: ImplicitRow, countries: tuple[str, ...], catalog: Catalog
) -> Implicit:
    return Implicit(
        id=f"{owner}:{key}", service=row.service, facet=row.facet, carries=row.carries,
        countries=countries, avoided_by=row.avoided_by, text=row.text, source=row.source,
        checked_on=row.as_of or catalog.as_of,
    )  # fmt: skip


def _reached(flow: ImplicitRow, row: RegionRow, catalog: Catalog) -> tuple[str, ...]:
    """The countries that a flow reaches from a region; none if one of its places is unknown."""
    names: list[str] = []
    for item in flow.where:
        if item == HERE:
            names.append(row.country)
        elif item == PAIR:
            names += [row.pair] if row.pair else []
        elif item == GEOGRAPHY:
            names.append(row.geography or row.country)
        elif item == PARTITION:
            names += _partition(row.partition, catalog)
        else:
            names.append(item)
    return _named(names, catalog)


def _named(names: Iterable[str], catalog: Catalog) -> tuple[str, ...]:
    found: set[str] = set()
    for name in names:
        known = {name} if name in COUNTRIES else set(_place(name, catalog))
        if not known:
            return ()
        found |= known
    return tuple(sorted(found))


def _place(name: str, catalog: Catalog) -> Iterator[str]:
    if name in catalog.regions:
        yield catalog.regions[name].country
    elif name in catalog.locations:
        yield from _location(catalog.locations[name], catalog)


def _location(row: LocationRow, catalog: Catalog) -> Iterator[str]:
    yield from row.countries
    for region in row.regions:
        if region in catalog.regions:
            yield catalog.regions[region].country
    if row.whole:
        yield from _partition(row.partition, catalog)


def _partition(partition: str, catalog: Catalog) -> list[str]:
    """Countries of the regions of a partition; services of a whole partition skip local zones."""
    return [row.country for row in catalog.regions.values()
            if row.partition == partition and row.kind == "region"]  # fmt: skip

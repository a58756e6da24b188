"""Restrictions drawn on top of a random Graph: facets, policies, bandwidths, batches, uplinks."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from hybridspec.base.source import SourceFile, Span
from hybridspec.base.units import HOUR
from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Flow, Graph, Site, Sync, Zone

FACETS = ("process", "store", "keys", "backup", "ciphertext", "transit")
SPAN = Span(
    file=SourceFile(shown="hybridspec.yaml", name="hybridspec.yaml", text=""),
    line=90, column=1, end_line=90, end_column=2,
)  # fmt: skip


def restricted(of: Graph, rng: random.Random) -> Graph:
    """The graph, in one of four cases with restrictions of one or several kinds."""
    if rng.random() < 0.75:
        return of
    zones = {
        zone.name: _narrowed(zone, {s.country for s in of.sites if s.zone == zone}, rng)
        for zone in of.zones
    }
    sites = {site.name: replace(site, zone=zones[site.zone.name]) for site in of.sites}
    flows = tuple(_flow(flow, sites, rng) for flow in of.flows)
    policies = tuple(_policy(of, index, rng) for index in range(rng.choice((0, 0, 1, 1, 2))))
    return replace(
        of, zones=tuple(zones.values()), sites=tuple(sites.values()), flows=flows,
        policies=policies,
    )  # fmt: skip


def sharing(of: Graph, rng: random.Random) -> Graph:
    """The graph, in one of eight cases with uplinks that all devices of a site share."""
    if rng.random() < 0.88:
        return of

    def line(site: Site) -> Site:
        sent = sum(int(f.data.rate * f.data.size * 8) for f in of.flows if site in f.sites) or 8
        times = rng.choice((None, Fraction(1, 3), 1, Fraction(5, 4), Fraction(3, 2), 4, 1_000))
        wide = rng.choice((None, Fraction(5, 4), Fraction(3, 2), 30, 10**5))
        line = None if times is None else max(1, int(sent * times))
        return replace(site, line=line, lan=None if wide is None else int(sent * wide) + 8)

    sites = {site.name: line(site) for site in of.sites}
    flows = tuple(replace(flow, sites=tuple(sites[site.name] for site in flow.sites))
                  for flow in of.flows)  # fmt: skip
    return replace(of, sites=tuple(sites.values()), flows=flows)


def failing(of: Graph, rng: random.Random) -> Graph:
    """The graph, in one of eight cases with devices that may have failed or hold one model."""
    if rng.random() < 0.88:
        return of
    failed = {d.name: rng.choice((0, 0, 1, 1, 2)) for d in of.device_classes}
    single = {d.name for d in of.device_classes if rng.random() < 0.5}

    def weaker(site: Site) -> Site:
        old = [d.device_class for d in site.devices]
        classes = [replace(of, max_failed=failed[of.name], one_model=of.name in single)
                   for of in old]  # fmt: skip
        return replace(site, devices=tuple(
            replace(d, device_class=of) for d, of in zip(site.devices, classes, strict=True)
        ))  # fmt: skip

    sites = {site.name: weaker(site) for site in of.sites}
    flows = tuple(replace(flow, sites=tuple(sites[site.name] for site in flow.sites))
                  for flow in of.flows)  # fmt: skip
    classes = tuple(replace(d, max_failed=failed[d.name], one_model=d.name in single)
                    for d in of.device_classes)  # fmt: skip
    return replace(of, sites=tuple(sites.values()), flows=flows, device_classes=classes)


def _some(values: Sequence[str], rng: random.Random) -> tuple[str, ...]:
    return tuple(sorted(rng.sample(values, rng.randint(1, len(values)))))


def _narrowed(zone: Zone, here: set[str], rng: random.Random) -> Zone:
    """The zone with up to two facets narrowed, mostly not so far that its sites fall out."""
    names = sorted(rng.sample(FACETS, rng.choice((0, 1, 1, 2))))
    kept = here & set(zone.countries) if rng.random() < 0.9 else set()
    return replace(zone, facets=tuple(
        (name, tuple(sorted({*_some(zone.countries, rng)[:1], *kept}))) for name in names
    ))  # fmt: skip


def _flow(flow: Flow, sites: dict[str, Site], rng: random.Random) -> Flow:
    raw = int(flow.data.rate * flow.data.size * 8)
    limit = rng.choice((None, None, 100, raw, max(1, raw - 1), 2 * raw + 1))
    sync = rng.choice((None, None, Sync(every=9_000, largest=None), Sync(every=HOUR, largest=None)))
    return replace(
        flow, sites=tuple(sites[site.name] for site in flow.sites),
        bandwidth=None if limit is None else max(1, limit), sync=sync,
    )  # fmt: skip


def _policy(of: Graph, index: int, rng: random.Random) -> Policy:
    countries = sorted({site.country for site in of.sites} | {r.country for r in of.regions})
    boards = sorted({d.board.name for d in of.device_classes})
    labels = sorted(region.label for region in of.regions)
    kind = rng.choice(("country", "board", "region", "region"))
    return Policy(
        name=f"p{index}",
        zones=_some([zone.name for zone in of.zones], rng) if rng.random() < 0.5 else (),
        categories=rng.choice(((), ("system",), ("system.operations",), ("user",), ("sys",))),
        countries=(rng.choice(countries),) if kind == "country" else (),
        regions=(rng.choice(labels),) if kind == "region" and labels else (),
        boards=(rng.choice(boards),) if kind == "board" else (),
        reason="drawn",
        origin=SPAN,
    )

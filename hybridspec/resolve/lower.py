"""Builds the Graph from what the sections resolve to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import floor
from typing import TypedDict

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import Origins
from hybridspec.ir.document_file import DocumentFile
from hybridspec.ir.energy import Energy
from hybridspec.ir.graph import DeviceClass, Graph, Region
from hybridspec.ir.law import LawFacts
from hybridspec.ir.measurement import Timed
from hybridspec.ir.model_file import ModelFile
from hybridspec.law.facts import on_day
from hybridspec.resolve import defaults, governance, rollout
from hybridspec.resolve.data import resolve_data
from hybridspec.resolve.defaults import Default
from hybridspec.resolve.device import resolve_devices
from hybridspec.resolve.evidence import check_documents, with_agreements, with_evidence
from hybridspec.resolve.flow import resolve_flows
from hybridspec.resolve.implicit import only_guarded
from hybridspec.resolve.measurement import taken_on
from hybridspec.resolve.model import resolve_models
from hybridspec.resolve.policy import policies
from hybridspec.resolve.price import converted, stated_rates
from hybridspec.resolve.region import resolve_regions
from hybridspec.resolve.site import resolve_sites
from hybridspec.resolve.steep import steepest
from hybridspec.resolve.unassessed import unassessed
from hybridspec.resolve.zone import check_date, resolve_zones
from hybridspec.spec.catalog import Catalog
from hybridspec.spec.document import Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What `load` brings beside the spec itself."""

    catalogs: Mapping[str, Catalog]
    catalog_digest: str
    spec_digest: str
    models: Mapping[str, ModelFile]
    needs: Mapping[str, tuple[str, ...]]
    """What a region of a cloud target must offer, by the target's name."""
    law: LawFacts
    documents: Mapping[str, DocumentFile] = field(default_factory=dict)
    controls: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """What is emitted for a cloud or an edge platform carries out, by the target's name."""
    guards: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """What keeps data in place in what is emitted, by the target's name."""
    energy: Energy = field(default_factory=Energy)
    measured: Mapping[str, tuple[Timed, ...]] = field(default_factory=dict)
    """What files say was measured, by device class."""


def lower(spec: Spec, origins: Origins, facts: Facts, sink: Sink) -> Graph:
    """Resolve everything; faults go to `sink`, and only a sink without errors makes it usable."""
    law = facts.law
    check_date(spec, origins, law, sink)
    check_documents(spec, law, facts.documents, origins, sink)
    zones = with_evidence(resolve_zones(spec, origins, law, sink), spec, facts.documents, origins)
    classes = _controlled(resolve_devices(spec, origins, facts.catalogs, sink), facts, sink)
    regions = resolve_regions(spec, origins, facts.catalogs, facts.needs, law, sink)
    regions = _with_facts(regions, facts)
    regions = with_agreements(regions, spec, facts.documents, facts.controls, origins)
    energy = converted(facts.energy, spec.metadata, origins, sink)
    sites = resolve_sites(spec, origins, zones, classes, energy, sink)
    data = resolve_data(spec, origins, law, sink)
    models = resolve_models(spec, origins, facts.models, regions, sink)
    flows = resolve_flows(spec, origins, data=data, models=models, sites=sites, sink=sink)
    graph = Graph(
        name=spec.metadata.name,
        owner=spec.metadata.owner,
        as_of=spec.metadata.as_of.isoformat(),
        currency=spec.metadata.currency,
        horizon=spec.objective.horizon or defaults.HORIZON.value,
        spec_digest=facts.spec_digest,
        catalog_digest=facts.catalog_digest,
        price_age=spec.objective.price_age or defaults.PRICE_AGE.value,
        zones=tuple(zones.values()),
        device_classes=tuple(classes.values()),
        sites=tuple(sites.values()),
        regions=regions,
        data=tuple(data.values()),
        models=tuple(models.values()),
        flows=flows,
        cohorts=rollout.cohorts(spec, origins, sink),
        update_validity=rollout.validity(spec, classes.values(), zones.values()),
        tiers=rollout.tiers(spec, classes.values(), sites.values()),
        defaults=tuple((d.key, d.shown, d.reason) for d in _unwritten(spec)),
        description=spec.metadata.description or "",
        controller=governance.controller(spec, origins, sink),
        officer=governance.officer(spec),
        policies=policies(spec, origins, facts.catalogs, law, sink),
        plugins=governance.plugins(spec, origins, sink),
        waivers=governance.waivers(spec, origins, law, sink),
        observability=governance.observability(spec, origins, zones, sink),
        stacks=governance.stacks(spec, origins, facts.documents, sink),
        unassessed=unassessed(spec),
        **_law(spec, law),
        origin=origins.value("metadata"),
        sites_origin=origins.key("sites"),
        validity_origin=origins.value("rollout", "validity"),
    )
    return replace(_with_rollout(graph, spec, origins, sink), energy=energy)


def _with_facts(regions: tuple[Region, ...], facts: Facts) -> tuple[Region, ...]:
    """The regions with what their grid emits, where it is known.

    What a catalogue calls avoided by no guard of its target happens.
    """
    grams = {country: known.value for country, known in facts.energy.carbon.items()}
    return tuple(
        replace(one, implicit=only_guarded(one.implicit, facts.guards),
                carbon=grams.get(one.country))
        for one in regions
    )  # fmt: skip


def _controlled(
    classes: dict[str, DeviceClass], facts: Facts, sink: Sink
) -> dict[str, DeviceClass]:
    """The device classes with what their platform carries out, and what was measured on them."""
    return {
        name: replace(
            device,
            controls=facts.controls.get(device.platform, ()),
            implicit=only_guarded(device.implicit, facts.guards),
            timed=taken_on(facts.measured.get(name, ()), name, device.board, sink),
        )
        for name, device in classes.items()
    }


def _with_rollout(graph: Graph, spec: Spec, origins: Origins, sink: Sink) -> Graph:
    """The same with how releases reach the fleet, its rates, and how alike its sites are kept."""
    revert = spec.rollout.revert
    return replace(
        graph,
        rates=stated_rates(spec.metadata),
        steepest=partial(steepest, spec, origins),
        uniformity=floor(1000 * (spec.objective.uniformity or 0)),
        release_every=spec.rollout.every,
        gates=rollout.gates(spec),
        windows=rollout.windows(spec),
        revert_on=tuple(dict.fromkeys(revert.on)) if revert else ("health",),
        releases_kept=revert.keep if revert else 2,
        root_keys=rollout.signing(spec, "root", origins, sink),
        release_keys=rollout.signing(spec, "targets", origins, sink),
    )


class _Law(TypedDict):
    law: LawFacts
    warn_before: int
    facts_age: int
    roles: tuple[str, ...]


def _law(spec: Spec, law: LawFacts) -> _Law:
    """The facts as they read on the day of the spec, and when their end and age are warned of."""
    return {
        "law": on_day(law, spec.metadata.as_of),
        "warn_before": _or(spec.metadata.warn_before, defaults.WARN_BEFORE),
        "facts_age": _or(spec.metadata.facts_age, defaults.FACTS_AGE),
        "roles": tuple(sorted(set(spec.metadata.roles))),
    }


def _or(written: int | None, default: Default[int]) -> int:
    return default.value if written is None else written


def _unwritten(spec: Spec) -> tuple[Default[int], ...]:
    """The defaults that stand in for something this spec leaves out."""
    missing = {
        defaults.ENERGY_PRICE: any(site.energy_price is None for site in spec.sites.values()),
        defaults.HORIZON: spec.objective.horizon is None,
        defaults.FACTS_AGE: spec.metadata.facts_age is None,
        defaults.WARN_BEFORE: spec.metadata.warn_before is None,
        defaults.PRICE_AGE: spec.objective.price_age is None,
        defaults.LAN_RTT: any(site.lan_rtt is None for site in spec.sites.values()),
        defaults.VALIDITY_SLACK: spec.rollout.validity is None,
    }
    return tuple(default for default in defaults.ALL if missing[default])

"""Builds the Graph: zones, devices, sites, regions, data, models, flows and rollout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from hybridspec.base.country import BLOCS, COUNTRIES, expand
from hybridspec.base.country_names import country_hint, respelt_country
from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins
from hybridspec.ir.graph import (
    Board,
    Cohort,
    Data,
    DeviceClass,
    Graph,
    Rates,
    Site,
    SiteDevices,
    Zone,
)
from hybridspec.ir.model_file import ModelFile
from hybridspec.resolve import defaults
from hybridspec.resolve.defaults import Default
from hybridspec.resolve.flow import resolve_flows
from hybridspec.resolve.model import resolve_models
from hybridspec.resolve.references import lookup
from hybridspec.resolve.region import resolve_regions
from hybridspec.spec.catalog import BoardRow, Catalog
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


def lower(spec: Spec, origins: Origins, facts: Facts, sink: Sink) -> Graph:
    """Resolve everything; faults go to `sink`, and only a sink without errors makes it usable."""
    zones = {name: _zone(name, spec, origins, sink) for name in spec.zones}
    boards = _boards(facts.catalogs)
    classes = {name: _device_class(name, spec, origins, boards, sink) for name in spec.devices}
    known = {name: device for name, device in classes.items() if device is not None}
    regions = resolve_regions(spec, origins, facts.catalogs, facts.needs, sink)
    sites = {name: _site(name, spec, origins, zones, known, sink) for name in spec.sites}
    data = {name: _data(name, spec, origins) for name in spec.data}
    models = resolve_models(spec, origins, facts.models, regions, sink)
    flows = resolve_flows(
        spec, origins, data=data, models=models,
        sites={name: site for name, site in sites.items() if site is not None}, sink=sink,
    )  # fmt: skip
    present = tuple(device for device in known.values())
    return Graph(
        name=spec.metadata.name,
        owner=spec.metadata.owner,
        as_of=spec.metadata.as_of.isoformat(),
        currency=spec.metadata.currency,
        horizon=spec.objective.horizon or defaults.HORIZON.value,
        spec_digest=facts.spec_digest,
        catalog_digest=facts.catalog_digest,
        price_age=spec.objective.price_age or defaults.PRICE_AGE.value,
        zones=tuple(zones.values()),
        device_classes=present,
        sites=tuple(site for site in sites.values() if site is not None),
        regions=regions,
        data=tuple(data.values()),
        models=tuple(models.values()),
        flows=flows,
        cohorts=_cohorts(spec, origins, sink),
        update_validity=_validity(present, tuple(zones.values()))
        if spec.rollout.validity is None
        else spec.rollout.validity,
        defaults=tuple((d.key, d.shown, d.reason) for d in _unwritten(spec)),
        origin=origins.value("metadata"),
        sites_origin=origins.key("sites"),
        validity_origin=origins.value("rollout", "validity"),
    )


def _unwritten(spec: Spec) -> tuple[Default[int], ...]:
    """The defaults that stand in for something this spec leaves out."""
    missing = {
        defaults.ENERGY_PRICE: any(site.energy_price is None for site in spec.sites.values()),
        defaults.HORIZON: spec.objective.horizon is None,
        defaults.PRICE_AGE: spec.objective.price_age is None,
        defaults.LAN_RTT: any(site.lan_rtt is None for site in spec.sites.values()),
        defaults.VALIDITY_SLACK: spec.rollout.validity is None,
    }
    return tuple(default for default in defaults.ALL if missing[default])


def _validity(classes: tuple[DeviceClass, ...], zones: tuple[Zone, ...]) -> int:
    offline = max((device.max_offline for device in classes), default=0)
    courier = max((zone.courier_delay for zone in zones), default=0)
    return offline + courier + defaults.VALIDITY_SLACK.value


def _zone(name: str, spec: Spec, origins: Origins, sink: Sink) -> Zone:
    written = spec.zones[name]
    countries, unknown = expand(written.countries)
    for country in unknown:
        index = written.countries.index(country)
        span = origins.value("zones", name, "countries", index)
        fixes, certain = respelt_country(country, span, blocs=True)
        sink.add(Diagnostic(
            code="HS0222", message=f"`{country[:60]}` is not a known country or bloc",
            span=span, help=country_hint(country, blocs=True), fixes=fixes, certain=certain,
        ))  # fmt: skip
    return Zone(
        name=name,
        countries=countries,
        regimes=tuple(sorted(set(written.regimes))),
        retention=written.retention.at_most if written.retention else None,
        courier_delay=written.courier_delay,
        origin=origins.key("zones", name),
        countries_origin=origins.value("zones", name, "countries"),
    )


def _boards(catalogs: Mapping[str, Catalog]) -> dict[str, Board]:
    return {
        name: _board(name, target, row, row.as_of or catalog.as_of)
        for target, catalog in catalogs.items()
        for name, row in catalog.boards.items()
    }


def _board(name: str, target: str, row: BoardRow, as_of: date) -> Board:
    return Board(
        name=name,
        title=row.title,
        target=target,
        architecture=row.architecture,
        memory=row.memory,
        reserved_memory=row.reserved_memory,
        disk=row.disk,
        idle_power=row.idle_power or 0,
        load_power=row.load_power or 0,
        price=row.price or 0,
        life=row.life,
        capabilities=tuple(row.capabilities),
        rates=tuple(Rates(**latency.model_dump()) for latency in row.latency),
        source=row.source,
        as_of=as_of,
        missing=tuple(
            figure for figure in ("price", "idle_power", "load_power")
            if getattr(row, figure) is None
        ),
    )  # fmt: skip


def _hardware(
    name: str, spec: Spec, origins: Origins, boards: Mapping[str, Board], sink: Sink
) -> Board | None:
    """What the class is made of: a board of the catalogue, or the user's own figures."""
    written = spec.devices[name]
    if written.board is None and written.hardware is None:
        sink.add(Diagnostic(
            code="HS0202", message=f"`devices.{name}` has no `board`",
            span=origins.key("devices", name), help="add `board: raspberry-pi-5` (board from the "
            "catalogue), or own figures under `hardware`",
        ))  # fmt: skip
        return None
    if written.board is not None and written.hardware is not None:
        sink.add(Diagnostic(
            code="HS0210", message=f"`devices.{name}` has both `board` and `hardware`",
            span=origins.key("devices", name, "hardware"),
            help="remove `board` to use the own figures, or remove `hardware`",
        ))  # fmt: skip
        return None
    if written.board is not None:
        span = origins.value("devices", name, "board")
        return lookup(written.board, boards, sink, span=span, kind="board", code="HS0223")
    return _own_board(name, spec, origins, boards, sink)


def _own_board(
    name: str, spec: Spec, origins: Origins, boards: Mapping[str, Board], sink: Sink
) -> Board | None:
    own = spec.devices[name].hardware
    if own is None:
        return None
    rates: tuple[Rates, ...] = ()
    if own.like is not None:
        span = origins.value("devices", name, "hardware", "like")
        like = lookup(own.like, boards, sink, span=span, kind="board", code="HS0223")
        if like is None:
            return None
        rates = tuple(
            replace(row, spread=2 * row.spread, source=f"borrowed from {like.name}: {row.source}")
            for row in like.rates
        )
    return Board(
        name=f"own {name}",
        title=f"own hardware of {name}",
        target=spec.devices[name].platform,
        architecture=own.architecture,
        memory=own.memory,
        reserved_memory=own.reserved_memory,
        disk=own.disk,
        idle_power=own.idle_power,
        load_power=own.load_power,
        price=own.price,
        life=own.life,
        capabilities=tuple(spec.devices[name].security),
        rates=rates,
        source=f"the spec, {origins.key('devices', name, 'hardware').ref}",
    )


def _device_class(
    name: str, spec: Spec, origins: Origins, boards: Mapping[str, Board], sink: Sink
) -> DeviceClass | None:
    written = spec.devices[name]
    board = _hardware(name, spec, origins, boards, sink)
    if board is None:
        return None
    return DeviceClass(
        name=name,
        board=board,
        platform=written.platform,
        max_offline=written.max_offline,
        uplink_bandwidth=written.uplink.bandwidth,
        uplink_rtt=written.uplink.rtt,
        origin=origins.key("devices", name),
        board_origin=origins.value("devices", name, "hardware" if written.hardware else "board"),
        offline_origin=origins.value("devices", name, "max_offline"),
    )


def _site(
    name: str, spec: Spec, origins: Origins, zones: Mapping[str, Zone],
    classes: Mapping[str, DeviceClass], sink: Sink,
) -> Site | None:  # fmt: skip
    written = spec.sites[name]
    country_span = origins.value("sites", name, "country")
    zone = lookup(
        written.zone, zones, sink, span=origins.value("sites", name, "zone"), kind="zone",
        defined=origins.key("zones"),
    )  # fmt: skip
    if written.country not in COUNTRIES:
        bloc = written.country in BLOCS
        fixes, certain = respelt_country(written.country, country_span)
        sink.add(Diagnostic(
            code="HS0222",
            message=f"`{written.country[:60]}` is {'a bloc' if bloc else 'not a known country'}",
            span=country_span,
            help="a site stands in one country, such as `DE`" if bloc
            else country_hint(written.country),
            fixes=fixes, certain=certain,
        ))  # fmt: skip
        return None
    devices = []
    for device, count in written.devices.items():
        span = origins.key("sites", name, "devices", device)
        if device in classes or device not in spec.devices:
            found = lookup(device, classes, sink, span=span, kind="device class",
                           defined=origins.key("devices"))  # fmt: skip
            if found is not None:
                devices.append(SiteDevices(device_class=found, count=count, origin=span))
    if zone is None:
        return None
    return Site(
        name=name,
        country=written.country,
        zone=zone,
        lan_rtt=defaults.LAN_RTT.value if written.lan_rtt is None else written.lan_rtt,
        energy_price=written.energy_price
        if written.energy_price is not None
        else defaults.ENERGY_PRICE.value,
        devices=tuple(devices),
        origin=origins.key("sites", name),
        country_origin=country_span,
    )


def _data(name: str, spec: Spec, origins: Origins) -> Data:
    written = spec.data[name]
    return Data(
        name=name,
        category=written.category,
        personal=written.category.split(".")[0] == "user",
        size=written.size,
        rate=written.rate,
        origin=origins.key("data", name),
    )


def _cohorts(spec: Spec, origins: Origins, sink: Sink) -> tuple[Cohort, ...]:
    cohorts: list[Cohort] = []
    reached = 0
    for index, written in enumerate(spec.rollout.cohorts):
        span = origins.value("rollout", "cohorts", index, "percent")
        if written.percent <= reached:
            sink.add(Diagnostic(
                code="HS0205",
                message=f"cohort `{written.name}` reaches {written.percent} %, but the cohorts "
                f"before it already reach {reached} %",
                span=span, help=f"shares are cumulative: write more than {reached}",
            ))  # fmt: skip
        reached = max(reached, written.percent)
        cohorts.append(
            Cohort(
                name=written.name,
                percent=written.percent,
                soak=written.soak,
                max_failures=Fraction(written.max_failures),
                origin=span,
            )
        )
    return tuple(cohorts)

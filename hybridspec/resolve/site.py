"""Sites: country, zone, devices and the connection that they have there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias, TypeVar

from hybridspec.base.country import BLOC_NAMES, COUNTRIES
from hybridspec.base.country_names import country_hint, respelt_country
from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import Origins, Span
from hybridspec.base.units import Price, exact
from hybridspec.ir.energy import Dated, Energy
from hybridspec.ir.graph import DeviceClass, Site, SiteDevices
from hybridspec.ir.zone import Zone
from hybridspec.resolve import defaults
from hybridspec.resolve.price import dollar, unlikely
from hybridspec.resolve.references import idle, lookup
from hybridspec.spec import site as written_site
from hybridspec.spec.document import Spec


def resolve_sites(
    spec: Spec, origins: Origins, zones: Mapping[str, Zone], classes: Mapping[str, DeviceClass],
    energy: Energy, sink: Sink,
) -> dict[str, Site]:  # fmt: skip
    """Every site whose country and zone are known, by name."""
    known: _Known = {}
    found = {
        name: _site(name, spec, origins, zones, classes, known, energy, sink) for name in spec.sites
    }
    return {name: site for name, site in found.items() if site is not None}


def _site(
    name: str, spec: Spec, origins: Origins, zones: Mapping[str, Zone],
    classes: Mapping[str, DeviceClass], known: _Known, energy: Energy, sink: Sink,
) -> Site | None:  # fmt: skip
    written = spec.sites[name]
    country_span = origins.value("sites", name, "country")
    zone = lookup(
        written.zone, zones, sink, span=origins.value("sites", name, "zone"), kind="zone",
        defined=origins.key("zones"), idle=partial(idle, spec, "zones"),
    )  # fmt: skip
    if written.country not in COUNTRIES:
        _no_country(written.country, country_span, zone, sink)
        return None
    devices = _site_devices(name, spec, origins, classes, known, sink)
    usual = energy.prices.get(written.country)
    if written.energy_price is not None and usual is not None:
        found = unlikely(written.energy_price, usual.value, f"`energy_price` of `{name}`",
                         origins.value("sites", name, "energy_price"),
                         spec.metadata.currency)  # fmt: skip
        sink.extend([found] if found is not None else [])
    if zone is None:
        return None
    lan = written.lan_bandwidth
    line = written.uplink.shared if written.uplink is not None else None
    return Site(
        name=name,
        country=written.country,
        zone=zone,
        lan_rtt=defaults.LAN_RTT.value if written.lan_rtt is None else written.lan_rtt,
        energy_price=_or(written.energy_price, energy.prices.get(written.country),
                         exact(defaults.ENERGY_PRICE.value * dollar(spec.metadata))),
        devices=devices,
        uplink_month=(written.uplink.month or 0) if written.uplink is not None else 0,
        carbon=_or(written.carbon, energy.carbon.get(written.country), None),
        line=line,
        lan=lan,
        lan_origin=None if lan is None else origins.value("sites", name, "lan_bandwidth"),
        line_origin=None if line is None else origins.value("sites", name, "uplink", "shared"),
        origin=origins.key("sites", name),
        country_origin=country_span,
    )  # fmt: skip


_V = TypeVar("_V", bound=Price)
_D = TypeVar("_D", bound=Price | None)


def _or(written: _V | None, known: Dated[_V] | None, default: _D) -> _V | _D:
    """What is written, else what is known of the country, else the default."""
    if written is not None:
        return written
    return known.value if known is not None else default


def _no_country(written: str, span: Span, zone: Zone | None, sink: Sink) -> None:
    """The finding about a country that is none, or only a bloc of some."""
    if sink.is_full:
        sink.omit(1)
        return
    bloc = written in BLOC_NAMES
    likely = zone.countries if zone is not None else ()
    fixes, certain = respelt_country(written, span, likely=likely)
    sink.add(Diagnostic(
        code="HS0222", message=f"`{written[:60]}` is {'a bloc' if bloc else 'not a known country'}",
        span=span, fixes=fixes, certain=certain,
        help="a site stands in one country, such as `DE`" if bloc else country_hint(written),
    ))  # fmt: skip


def _site_devices(
    name: str, spec: Spec, origins: Origins, classes: Mapping[str, DeviceClass], known: _Known,
    sink: Sink,
) -> tuple[SiteDevices, ...]:  # fmt: skip
    """The devices of a site, without those of classes that have a finding of their own."""
    written = spec.sites[name]
    devices = []
    for device, count in written.devices.items():
        span = origins.key("sites", name, "devices", device)
        if device in classes or device not in spec.devices:
            found = lookup(device, classes, sink, span=span, kind="device class",
                           defined=origins.key("devices"),
                           idle=partial(idle, spec, "devices"))  # fmt: skip
            if found is not None:
                here = _as_here(found, written, known)
                devices.append(_counted(here, count, span, sink))
    return tuple(devices)


def _counted(
    device: DeviceClass, count: int | written_site.CountRange, span: Span, sink: Sink
) -> SiteDevices:  # fmt: skip
    if isinstance(count, int):
        return SiteDevices(device_class=device, count=count, origin=span)
    if count.least > count.most:
        sink.add(Diagnostic(
            code="HS0423", span=span,
            message=f"at least {count.least} and at most {count.most} `{device.name}` is no number",
            help=f"write `most: {count.least}`, or a smaller `least`",
        ))  # fmt: skip
    return SiteDevices(device_class=device, count=count.least, most=count.most, origin=span)


_Known: TypeAlias = dict[tuple[object, ...], DeviceClass]
"""Classes with another connection, each made once: a fleet has few kinds of sites."""


def _as_here(device: DeviceClass, written: written_site.Site, known: _Known) -> DeviceClass:
    """The class as it is at a site that has a connection or a price of visits of its own."""
    own = written.uplink
    if own is None and written.visit_price is None:
        return device
    own = written_site.SiteUplink() if own is None else own
    key = (device.name, own.bandwidth, own.rtt, own.month is None, own.up_gb, own.down_gb,
           written.visit_price)  # fmt: skip
    if key not in known:
        said = {
            "uplink_bandwidth": own.bandwidth, "uplink_rtt": own.rtt,
            "uplink_month": None if own.month is None else 0, "uplink_up_price": own.up_gb,
            "uplink_down_price": own.down_gb, "visit_price": written.visit_price,
        }  # fmt: skip
        changes: dict[str, Any] = {name: value for name, value in said.items() if value is not None}
        known[key] = replace(device, **changes)
    return known[key]

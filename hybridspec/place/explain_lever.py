"""Levers: values of the spec that a decision may hang on, each with how to set it to another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from math import ceil

from hybridspec.base.units import Price, exact, format_duration, write_bandwidth
from hybridspec.ir.graph import Flow, Graph, Region, Site, SiteDevices
from hybridspec.ir.plan import Configuration
from hybridspec.ir.share import MAX_UPLINK
from hybridspec.place.repair_change import (
    Change,
    bandwidth,
    count,
    failed,
    latency,
    line,
    network,
    with_device,
    with_region,
    with_site,
)

MAX_TIMES = 100
"""How many times its value a price, a bound or a number is raised at most in search of a flip."""

_PRICES = {
    "storage_price": ("storage_gb_month", "storage, per GB and month"),
    "egress_price": ("egress_gb", "traffic out, per GB"),
    "inference_price": ("inference_gb_second", "inference, per GB-second"),
    "training_price": ("training_hour", "training, per hour"),
    "key_price": ("key_month", "a key, per month"),
    "registry_price": ("registry_gb_month", "registry, per GB and month"),
}  # fmt: skip
"""Prices of a region in the Graph: their key in the spec, and their name."""


@dataclass(frozen=True, slots=True)
class Lever:
    """A value that is `now`; whole multiples of `step` from `least` to `most` are looked at.

    `hints` are values at which something probably changes; with `refused`, any below `least` is
    refused whatever is decided.
    """

    words: str
    code: str
    unit: str
    now: int
    least: int
    most: int
    step: int
    shown: Callable[[int], str]
    change: Callable[[int], Change]
    ref: str
    hints: tuple[int, ...] = ()
    refused: bool = False


def prices(graph: Graph, site: Site, region: Region | None) -> Iterator[Lever]:
    """The price of energy at a site, and every price of the region of its store."""
    key, name = f"sites.{site.name}.energy_price", site.name
    yield _price(
        f"energy at {name}, per kWh", site.energy_price, graph.currency, key,
        f"energy at {name} for",
        lambda price: lambda graph: with_site(
            graph, name, lambda here: replace(here, energy_price=price)
        ),
    )  # fmt: skip
    if region is not None:
        yield from region_prices(graph, region, rising=True)


def region_prices(graph: Graph, region: Region, *, rising: bool) -> Iterator[Lever]:
    """Every price of a region; one that holds no store can only draw it by becoming cheaper."""
    for field in fields(Region):
        now = getattr(region, field.name)
        if field.name.endswith("_price") and now is not None:
            yield _region_price(graph, region, field.name, now, rising=rising)


def _region_price(graph: Graph, region: Region, field: str, now: Price, *, rising: bool) -> Lever:
    name, words = _PRICES.get(field, ("", field.removesuffix("_price").replace("_", " ")))
    # What a cloud's account pays stands above the catalogue, and is not one region's alone.
    own = not name or " prices from the spec" in region.source
    key = "" if own else f"catalog.regions.{region.provider}.{region.name}.prices.{name}"
    label = region.label
    return _price(
        f"{label}: {words}", now, graph.currency, key, f"{label}: {words} for",
        lambda price: lambda graph: with_region(graph, label, **{field: price}), rising=rising,
    )  # fmt: skip


def _price(
    words: str, now: Price, currency: str, key: str, phrase: str,
    becoming: Callable[[Price], Callable[[Graph], Graph]], *, rising: bool = True,
) -> Lever:  # fmt: skip
    """The lever of a price: in micro-units, or in thousandths of them if it is no whole number."""
    scale = 1 if isinstance(now, int) else 1000
    steps = round(now * scale)

    def shown(value: int) -> str:
        return _money(value * (1000 // scale), currency)

    def change(value: int) -> Change:
        price = now if value == steps else exact(Fraction(value, scale))
        return Change(key, shown(value), f"{phrase} {shown(value)}", becoming(price))

    return Lever(
        words, "", currency, steps, 0, max(steps, 1) * MAX_TIMES if rising else steps, 1,
        shown, change, "",
    )  # fmt: skip


def bounds(site: Site, flow: Flow, ways: Sequence[Configuration], born: int = 0) -> Iterator[Lever]:
    """The bounds of a flow and the devices of its site; `ways` tell where they may matter.

    `born` is what comes onto the site's network, in bits per second.
    """
    if flow.latency is not None:
        now = flow.latency.bound
        yield Lever(
            f"bound on the latency of {flow.name}", "HS0302", "us", now, 1, now * MAX_TIMES, 1,
            exact_duration, lambda value: latency(flow, value), flow.latency.origin.ref,
            tuple({way.latency.high for way in ways if way.latency is not None}),
        )  # fmt: skip
    if flow.bandwidth is not None and flow.bandwidth_origin is not None:
        now, step = flow.bandwidth, 1000 if flow.bandwidth <= 10**7 else 10**6
        yield Lever(
            f"bandwidth of {flow.name}", "HS0317", "bit/s", now, step, now * MAX_TIMES, step,
            write_bandwidth, lambda value: bandwidth(flow, value), flow.bandwidth_origin.ref,
            tuple({way.uplink * 8 for way in ways}),
        )  # fmt: skip
    if site.line is not None and site.line_origin is not None:
        now, step = site.line, 1000 if site.line <= 10**7 else 10**6
        yield Lever(
            f"uplink that {site.name} shares", "HS0424", "bit/s", now, step, now * MAX_TIMES, step,
            write_bandwidth, lambda value: line([site.name], value), site.line_origin.ref,
        )  # fmt: skip
    if site.lan is not None and site.lan_origin is not None:
        now, step = site.lan, 1000 if site.lan <= 10**7 else 10**6
        least = now - (now - ceil(born / MAX_UPLINK)) // step * step
        yield Lever(
            f"network of {site.name}", "HS0426", "bit/s", now, least, now * MAX_TIMES, step,
            write_bandwidth, lambda value: network([site.name], value), site.lan_origin.ref,
            refused=True,
        )  # fmt: skip
    for devices in site.devices:
        yield from _devices(site, devices)


def _devices(site: Site, devices: SiteDevices) -> Iterator[Lever]:
    device = devices.device_class
    name, days = device.name, device.max_offline
    yield Lever(
        f"number of {name} at {site.name}", "HS0306", "device", devices.count, 1,
        devices.count + 2 * MAX_TIMES, 1, str, lambda value: count([site.name], name, value),
        devices.origin.ref,
    )  # fmt: skip
    if device.max_failed:
        yield Lever(
            f"{name} that may have failed", "HS0306", "device", device.max_failed, 0,
            max(device.max_failed, devices.upto), 1, str, lambda value: failed(device, value),
            device.origin.ref,
        )  # fmt: skip
    if days:
        yield Lever(
            f"longest time that {name} is offline", "HS0304", "us", days, 0, days * MAX_TIMES,
            60 * 10**6, format_duration, lambda value: Change(
                f"devices.{name}.max_offline", f"{value // (60 * 10**6)}min",
                f"{name} is offline for {format_duration(value)} at most",
                lambda graph: with_device(
                    graph, name, lambda old: replace(old, max_offline=value)
                ),
            ),
            device.offline_origin.ref,
        )  # fmt: skip


def exact_duration(micros: int) -> str:
    """A duration that is told to the microsecond."""
    return (
        format_duration(micros)
        if micros % 10 == 0 or micros < 1000
        else (f"{micros / 1000:.3f} ms" if micros < 10**6 else f"{micros / 10**6:.6f} s")
    )


def _money(nano: int, currency: str) -> str:
    """An exact price as a spec writes it."""
    whole, part = divmod(nano, 10**9)
    digits = f"{part:09}".rstrip("0")
    return f"{whole}.{digits:0<2} {currency}"

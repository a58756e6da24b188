"""The slowest path of an event through a layout, leg by leg."""

from __future__ import annotations

from collections.abc import Sequence

from hybridspec.base.units import SECOND, format_bytes, format_duration
from hybridspec.ir.graph import WINDOWED, Stage
from hybridspec.ir.plan import Estimate, Leg
from hybridspec.place.layout import NOTHING, Layout

SERVICE = Estimate(
    low=2_000, mid=8_000, high=25_000, basis="assumed service time of a warm serverless endpoint"
)


def path(layout: Layout) -> tuple[Leg, ...]:
    """Legs from the birth of an event to the flow's bounded stage; empty without a bound."""
    slowest: dict[str, tuple[Leg, ...]] = {}
    for stage in layout.flow.stages:
        arrivals = [_arrive(layout, source, stage, slowest) for source in stage.inputs]
        before = max(arrivals, key=lambda legs: sum(leg.estimate.high for leg in legs))
        estimate = layout.estimate(stage) or NOTHING
        here = Leg(name=stage.name, kind="stage", estimate=estimate)
        slowest[stage.name] = (*before, here, *_window(stage))
    bound = layout.flow.latency
    return slowest[bound.to] if bound is not None else ()


def total(legs: Sequence[Leg]) -> Estimate | None:
    """The sum of all legs; the upper end holds even if every leg is slow at once."""
    if not legs:
        return None
    return Estimate(
        low=sum(leg.estimate.low for leg in legs),
        mid=sum(leg.estimate.mid for leg in legs),
        high=sum(leg.estimate.high for leg in legs),
        basis="sum of the legs, all of them at their 95th percentile at once",
    )


def _arrive(
    layout: Layout, source: str, stage: Stage, slowest: dict[str, tuple[Leg, ...]]
) -> tuple[Leg, ...]:
    """Legs until `source` has reached the host of `stage`."""
    there = layout.host(stage).kind
    if source not in slowest:
        rtt = layout.site.lan_rtt
        lan = Estimate(low=rtt // 4, mid=rtt // 2, high=rtt,
                       basis="sensor to device on the site's network")  # fmt: skip
        legs: tuple[Leg, ...] = (Leg(name="sensor", kind="network", estimate=lan),)
        size = layout.flow.data.size
        return (*legs, _hop(layout, size, "upload")) if there == "cloud" else legs
    before = next(s for s in layout.flow.stages if s.name == source)
    if layout.host(before).kind == there:
        return slowest[source]
    word = "upload" if there == "cloud" else "return"
    return (*slowest[source], _hop(layout, before.output_size, word))


def _window(stage: Stage) -> tuple[Leg, ...]:
    """The wait until a window emits: the first event of a window sees the whole of it."""
    if stage.operation not in WINDOWED:
        return ()
    wait = -(-SECOND * stage.output_rate.denominator // stage.output_rate.numerator)
    estimate = Estimate(
        low=0, mid=wait // 2, high=wait, basis=f"emits once in {format_duration(wait)}"
    )
    return (Leg(name=f"window of {stage.name}", kind="window", estimate=estimate),)


def _hop(layout: Layout, size: int, word: str) -> Leg:
    """A round trip at most and sending `size` bytes; an upload waits for the service as well."""
    device = layout.device
    send = -(-size * 8 * SECOND // device.uplink_bandwidth)
    half = device.uplink_rtt // 2
    service = SERVICE if word == "upload" else NOTHING
    sync = layout.flow.sync if word == "upload" else None
    batch = sync.every if sync is not None else 0
    basis = (
        f"round trip {format_duration(device.uplink_rtt)}, {format_bytes(size)} at "
        f"{device.uplink_bandwidth / 10**6:g} Mbit/s; {service.basis}"
        + (f"; sent once in {format_duration(batch)}" if batch else "")
    )
    estimate = Estimate(
        low=half // 2 + send + service.low,
        mid=half + send + service.mid + batch // 2,
        high=device.uplink_rtt + send + service.high + batch,
        basis=basis,
    )
    return Leg(name=word, kind="network", estimate=estimate)

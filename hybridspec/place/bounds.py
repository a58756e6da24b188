"""Every bound that a layout can break: one function each, saying by how much and what helps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from math import ceil
from typing import TypeAlias

from hybridspec.base.units import (
    SECOND,
    exceeding,
    format_bytes,
    format_duration,
    plain_number,
    round_up,
    write_bandwidth,
    write_duration,
)
from hybridspec.ir.graph import Stage
from hybridspec.ir.plan import Failure
from hybridspec.ir.share import MAX_BUSY, MAX_UPLINK, MOST_DEVICES
from hybridspec.law.claim import claims
from hybridspec.law.refusal import Refusal
from hybridspec.place.layout import Layout


def figures(layout: Layout) -> Iterator[Failure]:
    """Every stage needs a latency estimate where it runs, and every edge model one of memory."""
    for stage in layout.flow.stages:
        what = "latency" if layout.estimate(stage) is None else "memory"
        hidden = stage.model.facts.unpriced if stage.model is not None else ()
        if what == "latency" and hidden:
            yield Failure(
                code="HS0603", excess=1, unit="",
                message=f"runs `{stage.name}`, of which nobody can tell how much work it is: its "
                f"model holds `{'`, `'.join(hidden[:8])}` over open sizes, in branches or as they "
                "please",
                remedy="export the model with fixed sizes in all but the first dimension of its "
                "inputs, without loops, branches and custom operators",
            )  # fmt: skip
        elif what == "latency" or layout.unmeasured(stage):
            other = _other_runtime(layout, stage)
            yield Failure(
                code="HS0603", excess=1, unit="",
                message=f"runs `{stage.name}` on {layout.host(stage).label}, where nobody has "
                f"{what} figures for it {other}in this precision",
                remedy="measure it there, and state it under `measured` of the model" if other
                else "choose a variant or a board that the catalogue has figures for",
            )  # fmt: skip


def _other_runtime(layout: Layout, stage: Stage) -> str:
    """With what a device runs models, if not with what the catalogue's figures are of."""
    if layout.device is None or layout.host(stage).kind != "edge" or stage.model is None:
        return ""
    runtime = layout.device.runtime
    return "" if runtime == "onnxruntime" else f"with {runtime} "


def residency(layout: Layout) -> Iterator[Failure]:
    """Stages run where every law, wall and policy of what they read lets all of it be."""
    region, site, of = layout.region, layout.site, claims(layout.graph)
    edge, cloud = f"runs at sites in {site.country}", ""
    if region is not None:
        cloud = f"sends data of zone `{site.zone.name}` to {region.label} ({region.country})"
    found: dict[str, tuple[str, Refusal]] = {}
    for stage in layout.flow.stages:
        if layout.host(stage).kind == "edge":
            for refusal in of.stays(layout.flow, stage, site):
                found.setdefault(refusal.code, (edge, refusal))
        elif region is not None:
            for refusal in of.moved(layout.flow, stage, site, region):
                found.setdefault(refusal.code, (cloud, refusal))
    for code, (what, refusal) in sorted(found.items(), key=lambda pair: pair[0]):
        yield Failure(
            code=code, excess=1, unit="", message=f"{what}: {refusal.words}",
            remedy=refusal.remedy(layout.graph),
        )  # fmt: skip


_ABSURD = 100
"""Who needs so many times the devices that there are has rather written a wrong figure."""


def policies(layout: Layout) -> Iterator[Failure]:
    """No board takes part that a policy forbids for the data of the flow."""
    zone, board = layout.site.zone, layout.device.board
    for policy in layout.graph.policies:
        bound = policy.strict and policy.binds(zone.name, layout.flow.data.category)
        if bound and board.name in policy.boards:
            yield Failure(
                code="HS0315", excess=1, unit="",
                message=f"uses {board.title}, which policy `{policy.name}` forbids "
                f"({policy.reason})",
                remedy=f"use something else, or narrow `policies.{policy.name}`",
            )  # fmt: skip


def budget(layout: Layout) -> Iterator[Failure]:
    """What goes to the cloud stays within the flow's own bandwidth."""
    limit, bits = layout.flow.bandwidth, layout.uplink * 8
    if limit is not None and bits > limit:
        yield Failure(
            code="HS0317", excess=ceil(bits - limit), unit="bit/s",
            message="sends {}, but may send {}".format(*exceeding(bits, limit)),
            remedy=f"raise `bandwidth` to {write_bandwidth(ceil(bits))}, or run more stages at the "
            "site",
        )  # fmt: skip


def region(layout: Layout) -> Iterator[Failure]:
    """What is kept in the zone's store needs a region for it."""
    kept = [stage.name for stage in layout.flow.stages if stage.place == "cloud"]
    if kept and layout.region is None:
        yield Failure(
            code="HS0310", excess=1, unit="",
            message=f"keeps `{'`, `'.join(kept)}` in the cloud, and no region lies in zone "
            f"`{layout.site.zone.name}`",
            remedy=f"allow a region in {', '.join(layout.site.zone.countries[:8])}",
        )  # fmt: skip


def latency(layout: Layout) -> Iterator[Failure]:
    """The slowest path meets the bound even at the upper end of every leg."""
    path, bound = layout.path, layout.flow.latency
    if path is None or bound is None or path.high(layout.used) <= bound.bound:
        return
    legs = path.legs(layout.used)
    high, worst = path.total(legs).high, max(legs, key=lambda leg: leg.estimate.high)
    over = high - bound.bound
    longest = f"`{worst.name}`" if worst.kind != "queue" else f"the queue of the {worst.name}"
    yield Failure(
        code="HS0302", excess=over, unit="us",
        message=f"takes up to {format_duration(high)} to `{bound.to}`, "
        f"{format_duration(over)} over the bound of {format_duration(bound.bound)}; the "
        f"longest part is {longest} with {format_duration(worst.estimate.high)}",
        remedy=f"raise the bound to {write_duration(round_up(high))}",
    )  # fmt: skip


def memory(layout: Layout) -> Iterator[Failure]:
    """The models of the flow fit into the board's free memory, beside an event at its largest."""
    board, name = layout.device.board, layout.device.name
    free = board.memory - board.reserved_memory
    event, stage = layout.event
    missing = layout.memory + event - free
    if layout.memory > free:
        yield Failure(
            code="HS0303", excess=layout.memory - free, unit="B",
            message=f"needs {format_bytes(layout.memory)} of memory, but {board.title} has "
            f"{format_bytes(free)} free",
            remedy=f"use {more_memory(layout.memory - free, name)}, or a smaller model",
        )  # fmt: skip
    elif missing > 0:
        data = layout.flow.data.name
        beside = f" beside {format_bytes(layout.memory)} of models," if layout.memory else ""
        yield Failure(
            code="HS0303", excess=missing, unit="B",
            message=f"holds {format_bytes(event)} of one event in `{stage}`, which it reads and "
            f"makes,{beside} but {board.title} has {format_bytes(free)} of memory free",
            remedy=f"look for a mistake in `size` of `{data}`" if event > _ABSURD * board.memory
            else f"make events of `{data}` smaller, or use {more_memory(missing, name)}",
        )  # fmt: skip


def exclusive(layout: Layout) -> Iterator[Failure]:
    """A device that holds one model at a time runs no other."""
    names, device = sorted({model for model, _ in layout.held}), layout.device.name
    if layout.device.one_model and len(names) > 1:
        yield Failure(
            code="HS0425", excess=len(names) - 1, unit="models",
            message=f"runs `{'`, `'.join(names)}` on `{device}`, which holds one model at a time",
            remedy="run all of them but one in the cloud, or in flows on other device classes",
        )  # fmt: skip


def offline(layout: Layout) -> Iterator[Failure]:
    """What must work without a network runs at the site."""
    if not layout.flow.offline:
        return
    ends = [stage.name for stage in layout.flow.stages if stage.place == "site"]
    if layout.flow.latency is not None:
        ends.append(layout.flow.latency.to)
    hosts = layout.hosts
    away = sorted(name for name in layout.ancestors(ends) if hosts[name].kind == "cloud")
    if away:
        yield Failure(
            code="HS0304", excess=layout.flow.offline, unit="us",
            message=f"runs `{'`, `'.join(away)}` in the cloud, which is out of reach for "
            f"{format_duration(layout.flow.offline)}",
            remedy="remove `offline`",
        )  # fmt: skip


def store_and_forward(layout: Layout) -> Iterator[Failure]:
    """What waits for the network fits on half of each device's disk."""
    waiting = layout.waiting / layout.count
    room = layout.device.board.disk // 2
    if waiting > room:
        enough = ceil(layout.waiting / room) + layout.device.max_failed if room else 0
        few = 0 < enough <= MOST_DEVICES
        more = f", or put {enough} `{layout.device.name}` there" if few else ""
        keeps = layout.flow.when_offline == "buffer" and layout.away > layout.batch
        drop = ", or write `when_offline: drop-oldest`" if keeps else ""
        yield Failure(
            code="HS0304", excess=int(waiting) - room, unit="B",
            message=f"has to keep {format_bytes(int(waiting))} per device over "
            f"{format_duration(layout.away)} offline, more than half its disk",
            remedy=f"send less: aggregate or filter before the cloud{more}{drop}",
        )  # fmt: skip


def retention(layout: Layout) -> Iterator[Failure]:
    """What waits for the network waits no longer than the zone lets it be kept."""
    limit, name = layout.site.zone.retention, layout.site.zone.name
    if limit is not None and layout.uplink and layout.away > limit:
        yield Failure(
            code="HS0415", excess=layout.away - limit, unit="us",
            message=f"may keep events on the device for {format_duration(layout.away)} until they "
            f"can be sent, and zone `{name}` keeps nothing for longer than "
            f"{format_duration(limit)}",
            remedy=f"write `when_offline: stop`, or shorten {_longer(layout, limit)}",
        )  # fmt: skip


def _longer(layout: Layout, limit: int) -> str:
    """The keys that let events wait for so long: each that is too long, or all together."""
    keys = {
        f"`max_offline` of `{layout.device.name}`": layout.device.max_offline,
        "the flow's `offline`": layout.flow.offline, "`sync.every`": layout.batch,
    }  # fmt: skip
    long = [key for key, time in keys.items() if time > limit]
    return " and ".join(long or [key for key, time in keys.items() if time])


def capacity(layout: Layout) -> Iterator[Failure]:
    """The devices of the class keep up with the rate."""
    demand, name, failed = Fraction(layout.demand, SECOND), layout.device.name, _failed(layout)
    limit = MAX_BUSY * layout.count
    enough = max(1, ceil(demand / MAX_BUSY)) + layout.device.max_failed
    if not any(d.working for d in layout.site.devices if d.device_class.name == name):
        yield Failure(
            code="HS0306", excess=1, unit="devices",
            message=f"has to run on where {layout.device.max_failed} `{name}` may have failed, and "
            "no other is there",
            remedy=_put(enough, name) if enough <= MOST_DEVICES else (
                f"lower `max_failed` of `{name}`"
            ),
        )  # fmt: skip
    elif demand > limit:
        yield Failure(
            code="HS0306", excess=int((demand - limit) * SECOND), unit="us/s",
            message=f"keeps {_many(demand, '.2f')} devices busy at "
            f"{_many(layout.flow.data.rate, 'g')} events/s, but {layout.count} `{name}`{failed} "
            f"may give {float(limit):.2f}",
            remedy=_put(enough, name) + (
                f", or look for a mistake in `size` and `rate` of `{layout.flow.data.name}`"
                if enough > _ABSURD * layout.count else ""
            ),
        )  # fmt: skip


def _put(enough: int, name: str) -> str:
    """So many devices, if a site may have them."""
    if enough > MOST_DEVICES:
        return f"work on fewer events at a site: not even {MOST_DEVICES:,} `{name}` would keep up"
    return f"put {enough} `{name}` there"


def _many(number: Fraction, form: str) -> str:
    """A number that stays readable when it is large."""
    return f"{float(number):,.0f}" if number >= 10_000 else f"{float(number):{form}}"


def _failed(layout: Layout) -> str:
    """That devices may have failed, behind the number of those that work then."""
    failed = layout.device.max_failed
    return f" (with {failed} failed)" if failed else ""


def uplink(layout: Layout) -> Iterator[Failure]:
    """What goes to the cloud fits through the uplinks."""
    bits = ceil(layout.uplink) * 8
    limit = MAX_UPLINK * layout.device.uplink_bandwidth * layout.count
    if bits > limit:
        more, less = exceeding(bits, limit)
        yield Failure(
            code="HS0306", excess=int(bits - limit), unit="bit/s",
            message=f"sends {more}, but the uplinks of {layout.count} "
            f"`{layout.device.name}`{_failed(layout)} may carry {less}",
            remedy="run more stages at the site, or use an uplink of "
            f"{write_bandwidth(ceil(bits / (MAX_UPLINK * layout.count)))} for "
            f"`{layout.device.name}`",
        )  # fmt: skip


def line(layout: Layout) -> Iterator[Failure]:
    """What goes to the cloud fits through the line that all devices of the site share."""
    wide, bits = layout.site.line, ceil(layout.uplink) * 8
    if wide is not None and bits > MAX_UPLINK * wide:
        needed = write_bandwidth(ceil(bits / MAX_UPLINK))
        more, less = exceeding(bits, MAX_UPLINK * wide)
        yield Failure(
            code="HS0424", excess=int(bits - MAX_UPLINK * wide), unit="bit/s",
            message=f"sends {more}, but the uplink that all devices of the site share may carry "
            f"{less}",
            remedy=f"run more stages at the site, or raise `uplink.shared` to {needed}",
        )  # fmt: skip


def quota(layout: Layout) -> Iterator[Failure]:
    """What a flow does in the cloud fits into the quota of its account."""
    region = layout.region
    stated = region.inference_quota if region is not None else None
    if region is None or stated is None:
        return
    limit = MAX_BUSY * stated * SECOND
    if layout.hosted > limit:
        needed = ceil(layout.hosted / (MAX_BUSY * SECOND))
        yield Failure(
            code="HS0422", excess=needed - stated, unit="at once",
            message=f"keeps {plain_number(Fraction(layout.hosted, SECOND))} inferences going at "
            f"once in {region.label}, but of the quota of {stated} it may take "
            f"{float(MAX_BUSY * stated):g}",
            remedy=f"have `inference_concurrency` raised to {needed}",
        )  # fmt: skip


def more_memory(missing: int, name: str) -> str:
    """A board that has at least `missing` bytes more, in words."""
    return f"a board with {ceil(Fraction(missing, 2**20))} MiB more memory for `{name}`"


Bound: TypeAlias = Callable[[Layout], Iterator[Failure]]

BOUNDS: tuple[Bound, ...] = (
    residency, policies, region, latency, memory, exclusive, capacity, offline,
    store_and_forward, retention, uplink, line, budget, quota, figures,
)  # fmt: skip


def failures(layout: Layout) -> tuple[Failure, ...]:
    """Every bound that the layout breaks."""
    return tuple(failure for bound in BOUNDS for failure in bound(layout))

"""How near a way to run a flow is to every bound, with what other flows of the site take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import floor

from hybridspec.base.source import Span
from hybridspec.ir.explanation import Slack
from hybridspec.ir.graph import Flow, Site, SiteDevices
from hybridspec.ir.plan import Configuration
from hybridspec.ir.share import MAX_BUSY, MAX_UPLINK
from hybridspec.place.problem import WHOLE

SECOND = 1_000_000


def slacks(
    site: Site, flow: Flow, way: Configuration, beside: Sequence[Configuration], born: int = 0
) -> tuple[Slack, ...]:
    """Every bound with an amount; `beside` is what the other flows of the site do.

    `born` is what comes onto the site's network, in bits per second.
    """
    return (*_own(flow, way), *_shared(site, way, beside), *_line(site, way, beside),
            *_network(site, born))  # fmt: skip


def _network(site: Site, born: int) -> Iterator[Slack]:
    """What all that is born at the site takes of its network, wherever it is worked on."""
    if site.lan is not None:
        yield Slack(
            code="HS0426", what=f"network of {site.name}", used=born,
            limit=floor(MAX_UPLINK * site.lan), unit="bit/s",
            key=f"sites.{site.name}.lan_bandwidth", ref=_ref(site.lan_origin), with_others=True,
        )  # fmt: skip


def _failing(
    devices: SiteDevices, needs: Sequence[tuple[int, int]]
) -> Iterator[tuple[str, str, str, str, str, int, int]]:
    """How many devices may fail before the others lack time, bandwidth or disk."""
    device, name = devices.device_class, devices.device_class.name
    if device.max_failed:
        least = max([1, *(-(-used // each) for used, each in needs if used and each > 0)])
        yield (
            "HS0306", f"{name} that may have failed", "devices", f"devices.{name}.max_failed",
            device.origin.ref, device.max_failed, max(0, devices.count - least),
        )  # fmt: skip


def _own(flow: Flow, way: Configuration) -> Iterator[Slack]:
    """What the flow promises by itself."""
    bound, name = flow.latency, f"flows.{flow.name}"
    if bound is not None and way.latency is not None:
        yield Slack(
            code="HS0302", what=f"latency to {bound.to}", used=way.latency.high,
            limit=bound.bound, unit="us", key=f"{name}.latency.bound", ref=bound.origin.ref,
        )  # fmt: skip
    if flow.bandwidth is not None:
        yield Slack(
            code="HS0317", what="sent to the cloud", used=way.uplink * 8, limit=flow.bandwidth,
            unit="bit/s", key=f"{name}.bandwidth", ref=_ref(flow.bandwidth_origin),
        )  # fmt: skip


def _shared(site: Site, way: Configuration, beside: Sequence[Configuration]) -> Iterator[Slack]:
    """What all flows on the way's device class take of it together."""
    if way.device is None:
        return
    mine = way.device.name
    devices = next((d for d in site.devices if d.device_class.name == mine), None)
    if devices is None:
        return
    others = [c for c in beside if c.device is not None and c.device.name == mine]
    where, joint = f"sites.{site.name}.devices.{mine}", bool(others)
    for code, what, unit, key, ref, used, limit in _rooms(devices, way, others, where):
        if used:
            yield Slack(code=code, what=what, used=used, limit=limit, unit=unit, key=key, ref=ref,
                        with_others=joint)  # fmt: skip


def _line(site: Site, way: Configuration, beside: Sequence[Configuration]) -> Iterator[Slack]:
    """What all flows of the site take of the uplink that its devices share."""
    if site.line is None or not way.uplink:
        return
    everybody = [c for c in (way, *beside) if c.uplink]
    top = min(c.ceiling.line for c in everybody)
    yield Slack(
        code="HS0424", what=f"uplink that {site.name} shares",
        used=sum(c.uplink * 8 for c in everybody),
        limit=floor(MAX_UPLINK * site.line * top / WHOLE),
        unit="bit/s", key=f"sites.{site.name}.uplink.shared", ref=_ref(site.line_origin),
        with_others=len(everybody) > 1,
    )  # fmt: skip


def _rooms(
    devices: SiteDevices, way: Configuration, others: Sequence[Configuration], where: str
) -> Iterator[tuple[str, str, str, str, str, int, int]]:
    """What a class offers at the site, and what is taken of it."""
    device, board = devices.device_class, devices.device_class.board
    count = max(0, devices.count - device.max_failed)
    everybody = (way, *others)
    name, here = device.name, devices.origin.ref
    # Queues: a flow with a bound on latency leaves the others less than the whole.
    busy = min((c.ceiling.busy for c in everybody if c.demand), default=WHOLE)
    wire = min((c.ceiling.uplink for c in everybody if c.uplink), default=WHOLE)
    yield (
        "HS0306", f"devices of {name} kept busy", "us/s", where, here,
        sum(c.demand for c in everybody), floor(MAX_BUSY * count * SECOND * busy / WHOLE),
    )  # fmt: skip
    yield (
        "HS0303", f"memory of each {name}", "B", f"devices.{name}.board", device.board_origin.ref,
        sum(c.memory for c in everybody), max(0, board.memory - board.reserved_memory),
    )  # fmt: skip
    if device.one_model:
        models = {model for c in everybody for model, _ in c.held}
        yield (
            "HS0425", f"models that each {name} holds", "models", f"devices.{name}.one_model",
            _ref(device.one_model_origin), len(models), 1,
        )  # fmt: skip
    yield (
        "HS0306", f"uplink of {name}", "bit/s", f"devices.{name}.uplink.bandwidth",
        device.origin.ref, sum(c.uplink * 8 for c in everybody),
        floor(MAX_UPLINK * device.uplink_bandwidth * count * wire / WHOLE),
    )  # fmt: skip
    yield (
        "HS0304", f"disk of {name} while offline", "B", f"devices.{name}.max_offline",
        device.offline_origin.ref, sum(c.waiting for c in everybody), board.disk // 2 * count,
    )  # fmt: skip
    yield from _failing(devices, (
        (sum(c.demand for c in everybody), floor(MAX_BUSY * SECOND * busy / WHOLE)),
        (sum(c.uplink * 8 for c in everybody),
         floor(MAX_UPLINK * device.uplink_bandwidth * wire / WHOLE)),
        (sum(c.waiting for c in everybody), board.disk // 2),
    ))  # fmt: skip


def _ref(span: Span | None) -> str:
    return span.ref if span is not None else ""

"""The rollout: cohorts, gates, windows, reverting, signing keys and how long metadata holds."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.edit import put
from hybridspec.base.source import Origins
from hybridspec.ir.governance import Cohort, Gates, Window
from hybridspec.ir.graph import DeviceClass
from hybridspec.ir.site import Site
from hybridspec.ir.tier import BANDS, Tier
from hybridspec.ir.zone import Zone
from hybridspec.resolve import defaults
from hybridspec.spec.document import Spec
from hybridspec.spec.rollout import KeyRole


def cohorts(spec: Spec, origins: Origins, sink: Sink) -> tuple[Cohort, ...]:
    """The cohorts in order; shares have to grow."""
    found: list[Cohort] = []
    reached = 0
    for index, written in enumerate(spec.rollout.cohorts):
        span = origins.value("rollout", "cohorts", index, "percent")
        if written.percent <= reached:
            sink.add(Diagnostic(
                code="HS0205",
                message=f"cohort `{written.name}` reaches {written.percent} %, but the cohorts "
                f"before it already reach {reached} %",
                span=span, help=f"shares are cumulative: write more than {reached}",
                fixes=put(span, min(100, _between(spec, index, reached))),
            ))  # fmt: skip
        reached = max(reached, written.percent)
        found.append(
            Cohort(
                name=written.name,
                percent=written.percent,
                soak=written.soak,
                max_failures=Fraction(written.max_failures),
                origin=span,
            )
        )
    return tuple(found)


def _between(spec: Spec, index: int, reached: int) -> int:
    """A share above what is reached and below what the next cohort reaches."""
    behind = [c.percent for c in spec.rollout.cohorts[index + 1 :] if c.percent > reached + 1]
    return (reached + behind[0]) // 2 if behind else 100


def validity(spec: Spec, classes: Iterable[DeviceClass], zones: Iterable[Zone]) -> int:
    """How long online update metadata holds, in microseconds."""
    if spec.rollout.validity is not None:
        return spec.rollout.validity
    offline = max((device.max_offline for device in classes), default=0)
    courier = max((zone.courier_delay for zone in zones), default=0)
    return offline + courier + defaults.VALIDITY_SLACK.value


def tiers(spec: Spec, classes: Iterable[DeviceClass], sites: Iterable[Site]) -> tuple[Tier, ...]:
    """The device classes by how long they are out of reach, quickest first.

    Each tier is a repository of its own, so that what is valid for long, for those who are away
    for long, cannot be replayed to the others.
    """
    couriers: dict[str, int] = {}
    for site in sites:
        for devices in site.devices:
            name = devices.device_class.name
            couriers[name] = max(couriers.get(name, 0), site.zone.courier_delay)
    away = {device.name: device.max_offline + couriers.get(device.name, 0) for device in classes}
    found = []
    least = -1
    for name, longest in BANDS:
        members = sorted(n for n, time in away.items() if least < time <= longest)
        least = longest
        if members:
            slowest = max(away[member] for member in members)
            window = slowest + defaults.VALIDITY_SLACK.value
            if spec.rollout.validity is not None:
                window = spec.rollout.validity
            found.append(Tier(name=name, device_classes=tuple(members), window=window))
    return tuple(found)


def gates(spec: Spec) -> Gates:
    """What a device has to measure before it keeps a release."""
    written = spec.rollout.gates
    if written is None:
        return Gates()
    return Gates(
        max_latency=written.max_latency,
        max_memory=written.max_memory,
        max_restarts=written.max_restarts,
    )


def windows(spec: Spec) -> tuple[Window, ...]:
    """Hours in which devices may switch to a release."""
    return tuple(
        Window(days=tuple(dict.fromkeys(w.days)), start=_minute(w.from_), end=_minute(w.to))
        for w in spec.rollout.windows
    )


def _minute(clock: str) -> int:
    return 60 * int(clock[:2]) + int(clock[3:])


def signing(spec: Spec, role: str, origins: Origins, sink: Sink) -> tuple[int, int]:
    """How many of how many keys sign for a role."""
    written: KeyRole | None = getattr(spec.rollout.keys, role, None)
    if written is None:
        return 1, 1
    if written.threshold > written.of:
        sink.add(Diagnostic(
            code="HS0205",
            message=f"{written.threshold} keys have to sign for `{role}`, but there are "
            f"{written.of}",
            span=origins.value("rollout", "keys", role, "threshold"),
            help=f"write a threshold of at most {written.of}",
            fixes=put(origins.value("rollout", "keys", role, "threshold"), written.of),
        ))  # fmt: skip
    return written.threshold, written.of

"""What forms of a release have in common: documents, shares of a fleet, and who does what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from hybridspec.ir.governance import Cohort
from hybridspec.ir.release_slice import ReleaseSlice
from hybridspec.target.api import Feature, Unsupported

_ASKED = {
    "cohorts": "the release reaches the fleet cohort by cohort",
    "soak": "a cohort is watched before the next one begins",
    "failures": "a rollout stops where too many devices fail",
    "windows": "devices switch only in hours of their site",
    "deltas": "the channel has the release as a change of an older one too",
    "revert": "devices go back by themselves, and a bad release is withdrawn",
    "health": "a device keeps a release only after its trial",
}


def document(value: object) -> bytes:
    """JSON with sorted keys; whatever a name holds, it stays inside of its string.

    Raises:
        ValueError: NaN or infinity, which JSON has not.
    """
    text = json.dumps(value, indent=2, sort_keys=True, ensure_ascii=True, allow_nan=False)
    return f"{text}\n".encode()


class Step(NamedTuple):
    """A cohort of a class's fleet: devices that it adds, their share of those not yet reached."""

    cohort: Cohort
    devices: int
    share: Fraction
    last: bool


def steps(part: ReleaseSlice) -> tuple[Step, ...]:
    """The cohorts in order; each adds a device at least, as long as there is one."""
    found = []
    reached = before = 0
    for index, cohort in enumerate(part.cohorts):
        upto = -(-part.devices * cohort.percent // 100)
        share = Fraction(cohort.percent - before, 100 - before) if before < 100 else Fraction(0)
        found.append(Step(cohort, upto - reached, share, index == len(part.cohorts) - 1))
        reached, before = upto, cohort.percent
    return tuple(found)


def elsewhere(
    part: ReleaseSlice, title: str, features: tuple[Feature, ...]
) -> Iterator[Unsupported]:
    """What the release asks for and the platform does not do itself: who does it, and how."""
    if part.offered < 100:
        yield Unsupported(
            what=f"the channel offers release {part.release} to {part.offered} % of the fleet, and "
            f"no other device takes it, whatever {title} offers",
            instead="let one of the two choose the cohorts: `hybridspec channel publish "
            "--percent 100` leaves it to the other",
            origin=part.rollout_origin,
        )  # fmt: skip
    for feature in features:
        if feature.by == "native" or not part.asks(feature.name):
            continue
        yield Unsupported(
            what=f"{title} cannot say that {_ASKED[feature.name]}",
            instead=f"{feature.by}: {feature.how}",
            origin=part.rollout_origin,
            note=feature.by == "device",
        )


def too_long(
    part: ReleaseSlice, title: str, what: str, value: str, limit: int
) -> Iterator[Unsupported]:
    """A refusal of a text that a platform would refuse, or cut."""
    if len(value) > limit:
        yield Unsupported(
            what=f"{title} takes {limit} characters for {what}, not {len(value)}",
            instead=f"shorten it: `{value[:40]}…`" if len(value) > 40 else "shorten it",
            origin=part.origin, promised=True,
        )  # fmt: skip


def without_channel(part: ReleaseSlice, title: str) -> Iterator[Unsupported]:
    """A refusal where nobody said where the channel is."""
    if not part.channel:
        yield Unsupported(
            what=f"{title} has to say where the channel is", origin=part.origin, promised=True,
            instead="give the address at which devices reach it: `--channel-url https://…`",
        )  # fmt: skip

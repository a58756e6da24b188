"""The policy pack beside a project: the rules of its zones, which the engine asks of resources.

It is the second line: what it holds against resources, the compiler has proved of the program.
"""

from __future__ import annotations

import json

from hybridspec.ir.plan import CloudSlice, ZoneSlice
from hybridspec.target.api import Emitted, Payload
from hybridspec.target.cloud import label, retained

_PROJECT = """\
description: The zone rules of an emitted project, as a second line.
runtime:
  name: python
  options:
    toolchain: pip
    virtualenv: .venv
version: 1.0.0
"""
_NEEDS = """\
# An environment of its own: pulumi-policy wants an older protobuf than the project.
pulumi-policy>=1.21,<2
"""


def policy_pack(part: CloudSlice) -> Emitted:
    """The files of the pack: the target's `policy.py.j2`, and the zones as data beside it."""
    header = {name: getattr(part, name) for name in ("spec", "spec_digest", "plan_digest")}
    rules = {
        "pack": f"hybridspec-{part.spec}-{part.cloud}",
        "zones": {label(zone.zone): _zone(zone) for zone in part.zones},
    }
    return (
        Payload(path="policy/PulumiPolicy.yaml", data=_PROJECT.encode()),
        Payload(path="policy/requirements.txt", data=_NEEDS.encode()),
        Payload(path="policy/zones.json", data=_canonical(rules)),
        Payload(path="policy/__main__.py", template="policy.py.j2", context=header),
    )


def _canonical(value: object) -> bytes:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def _zone(zone: ZoneSlice) -> dict[str, object]:
    """What the rules of one zone are about; a store that was there before keeps its own rules."""
    days = {} if zone.existing.bucket else retained(zone)
    return {
        "zone": zone.zone,
        "region": zone.region,
        "country": zone.country,
        "countries": list(zone.countries),
        "regimes": list(zone.regimes),
        "keep_days": {prefix: most for prefix, most in days.items() if most is not None},
        "origin": zone.origin,
    }

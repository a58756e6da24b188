"""How large a container is that runs stages of a flow, by what the plan pays for."""

from __future__ import annotations

import re

from hybridspec.ir.plan import CloudService, ZoneSlice
from hybridspec.target.cloud import short

OFFERED = "containerapps"
"""What the catalogue calls Container Apps."""
_STEP = 2**29
"""Bytes that a container without a machine of its own grows by, with a quarter of a core each."""
_RUNTIME = 400 * 2**20
"""Bytes that a runtime takes beside its models."""
_LEAST, _MOST = 4, 16
"""Steps: a core, because estimates are for whole ones, up to what Azure gives one container."""
_MACHINE = re.compile(r"standard[-_]([de])(4|8|16|32)(?![0-9])", re.I)


def profile(machine: str) -> str:
    """The size of an environment's machines that is as large as a machine; empty if none is.

    >>> profile("standard-d4s-v3"), profile("Standard_NC6")
    ('D4', '')
    """
    found = _MACHINE.match(machine)
    return f"{found[1].upper()}{found[2]}" if found else ""


def steps(service: CloudService) -> int:
    """How large a container on shared machines has to be, which may be more than there is."""
    return max(_LEAST, -(-(service.memory + _RUNTIME) // _STEP))


def fits(service: CloudService) -> bool:
    """Whether Azure has a container that is large enough."""
    return bool(profile(service.machine)) if service.machine else steps(service) <= _MOST


def served(zone: ZoneSlice) -> list[CloudService]:
    """The services that are emitted: the spec names their image, and the region can run them."""
    return [service for service in zone.services
            if service.image and OFFERED in zone.offered and fits(service)]  # fmt: skip


def machines(zone: ZoneSlice) -> dict[str, int]:
    """Sizes of machines that services of a zone are kept on, and how many there may be."""
    found: dict[str, int] = {}
    for service in served(zone):
        if service.machine:
            name = profile(service.machine)
            found[name] = found.get(name, 0) + service.most
    return found


def service_context(service: CloudService) -> dict[str, object]:
    """What a template says of a service."""
    name = profile(service.machine)
    cores = int(name[1:]) if name else 0
    size = min(steps(service), _MOST)
    return {
        "label": short(service.flow, 24),
        "variable": "service_" + service.flow.replace("-", "_"),
        "image": service.image,
        "port": service.port,
        # A machine's last core is left to what Azure runs beside the container.
        "cpu": float(cores - 1) if cores else size / 4,
        "memory": f"{2 * (cores - 1)}Gi" if cores else f"{size / 2:g}Gi",
        "requests": max(1, cores),
        "least": service.least,
        "most": service.most,
        "profile": name or "Consumption",
        "origin": service.origin,
    }

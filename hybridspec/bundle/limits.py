"""What clients accept of a channel: limits of python-tuf's `ngclient`, checked before it shows.

Sizes and numbers are those of `tuf.ngclient.config.UpdaterConfig` 7.0.1; go-tuf 2 has the same.
"""

from __future__ import annotations

from collections.abc import Mapping

ROOT, TIMESTAMP, SNAPSHOT, TARGETS = 512_000, 16_384, 2_000_000, 5_000_000
ROTATIONS = 256
"""Roots that a client follows in one refresh."""


def limit_of(role: str) -> int:
    """The most bytes that a client reads of a role's metadata."""
    return {"root": ROOT, "timestamp": TIMESTAMP, "snapshot": SNAPSHOT}.get(role, TARGETS)


def beyond_limits(metadata: Mapping[str, bytes]) -> list[str]:
    """Sentences on what clients would refuse; none is well."""
    return [
        f"`{role}` takes {len(data)} bytes, and they read {limit_of(role)} at most"
        for role, data in sorted(metadata.items())
        if len(data) > limit_of(role)
    ]

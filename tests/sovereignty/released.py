"""What a release has to say before it takes anything off, as a second reader has it."""

from __future__ import annotations

from hybridspec.ir.graph import Release

FIGURES = {
    "k-anonymity": ("k",), "differential-privacy": ("epsilon", "delta"),
    "aggregation": ("minimum",), "safe-harbour": (), "expert": (),
}  # fmt: skip


def proved(release: Release) -> bool:
    """Whether a release names a document and somebody who answers for it."""
    return bool(release.evidence.strip()) and bool(release.approver.strip())


def states(release: Release, needed: list[str]) -> bool:
    """Whether a release states every figure that its method needs, for this law or for any."""
    stated = {key for key, _ in release.parameters} | {"evidence", "approver", "method"}
    return all(key in stated for key in (*needed, *FIGURES[release.method]))

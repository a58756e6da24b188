"""Causes: what of a refusal is there only because weights or bundles bring another zone's data.

A model that runs in two zones, or a device class that stands in both, brings the laws, walls and
policies of one into the other, and everything in there is refused for the same cause. Whoever
tells of the cause tells of all of it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from hybridspec.ir.label import Label
from hybridspec.law.claim import Claims
from hybridspec.law.pinned import Pinned, pinned
from hybridspec.law.refusal import Refusal


@lru_cache(maxsize=2)
def brought(of: Claims) -> frozenset[tuple[str, str, str]]:
    """Zones into which something pinned brings what may not be there, whose it is, and where."""
    return frozenset(
        (case.site.zone.name, home, case.site.country)
        for case in pinned(of) if case.site is not None and case.kind in ("learnt", "bundled")
        and case.refusal.code == "HS0301"
        for home in homes(of, case) if home != case.site.zone.name
    )  # fmt: skip


def homes(of: Claims, case: Pinned) -> tuple[str, ...]:
    """The zones on whose account a pinned thing is refused, sorted."""
    refusal = case.refusal
    kind, _, name = refusal.reason.rule.partition(":")
    if kind == "zone":
        return (name,)
    label = refusal.label
    found = {
        home for home in sorted(label.zones | {bound.zone for bound in label.regimes})
        if _stands(of, refusal, _only(label, home))
    }  # fmt: skip
    return tuple(sorted(found)) or (refusal.zone,)


def follows(of: Claims, refusal: Refusal) -> bool:
    """Whether a refusal goes away once nothing brings other zones' data into its zone."""
    others = {home for zone, home, _ in brought(of) if zone == refusal.zone}
    return bool(others) and not _stands(of, refusal, _without(refusal.label, others))


def _stands(of: Claims, refusal: Refusal, label: Label) -> bool:
    """Whether the same rule would refuse something with another label at the same place."""
    said = of.law.permit(label, refusal.facet, refusal.place)
    return any(reason.rule == refusal.reason.rule and reason.verdict is refusal.reason.verdict
               for reason in said.reasons)  # fmt: skip


def _only(label: Label, home: str) -> Label:
    zones = label.zones | label.born | {bound.zone for bound in label.regimes}
    return _without(label, zones - {home})


def _without(label: Label, homes: set[str] | frozenset[str]) -> Label:
    return replace(
        label, zones=label.zones - homes, born=label.born - homes,
        regimes=frozenset(bound for bound in label.regimes if bound.zone not in homes),
    )  # fmt: skip

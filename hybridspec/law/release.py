"""Releases: which laws a stage may take off its output, and what a useless release lacks.

A release counts for one law alone, and only if the facts list its method for that law, every
figure that the method needs is stated, and a document and a person answer for it. Anything less
releases nothing. The key `zone` lifts the wall of the stage's own zone, and only where no law with
a say about places is left on the label: a model that learnt from personal data is not anonymous
by itself (EDPB Opinion 28/2024).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

from hybridspec.ir.graph import Release, Stage
from hybridspec.ir.label import IDENTIFIABILITY, Bound, Label
from hybridspec.ir.law import Regime

ZONE = "zone"
"""The key of a release that lifts the wall of the zone itself."""
FIGURES: dict[str, tuple[str, ...]] = {
    "k-anonymity": ("k",),
    "differential-privacy": ("epsilon", "delta"),
    "aggregation": ("minimum",),
    "safe-harbour": (),
    "expert": (),
}
"""What each method has to state, whichever law it is for."""
_LEAVES = {
    "k-anonymity": "aggregated", "differential-privacy": "aggregated",
    "aggregation": "aggregated", "safe-harbour": "pseudonymous", "expert": "pseudonymous",
}  # fmt: skip
UNKNOWN = "unknown:"
"""Prefix of a regime that stands for the law of a country that the facts do not know."""


class Effect(NamedTuple):
    """What the valid releases of a stage do: laws off, its own wall off, people less visible."""

    regimes: frozenset[str] = frozenset()
    zone: str = ""
    identifiability: int = len(IDENTIFIABILITY) - 1


NOTHING = Effect()


def faults(release: Release, regimes: Mapping[str, Regime]) -> tuple[str, ...]:
    """Why a release takes nothing off; empty if it is valid."""
    found: list[str] = []
    needed = FIGURES.get(release.method, ())
    if release.regime != ZONE:
        regime = regimes.get(release.regime)
        listed = dict(regime.releases) if regime is not None else {}
        if regime is None:
            found.append(f"the facts know no law `{release.regime}`")
        elif not listed:
            found.append(f"nothing releases data from `{release.regime}`")
        elif release.method not in listed:
            others = ", ".join(f"`{method}`" for method in sorted(listed))
            found.append(f"`{release.method}` does not release from `{release.regime}`; "
                         f"{others} would")  # fmt: skip
        needed = (*needed, *listed.get(release.method, ()))
    elif release.method not in FIGURES:
        found.append(f"`{release.method}` is not a known method")
    stated = {name for name, _ in release.parameters}
    found += [f"`{name}` is not stated" for name in dict.fromkeys(needed) if name not in stated]
    found += [f"`{key}` is not stated" for key in ("evidence", "approver")
              if not getattr(release, key).strip()]  # fmt: skip
    return tuple(found)


def effect(stage: Stage, zone: str, regimes: Mapping[str, Regime]) -> Effect:
    """What the releases of a stage do to its output at sites of a zone."""
    valid = [release for release in stage.releases if not faults(release, regimes)]
    if not valid:
        return NOTHING
    return Effect(
        regimes=frozenset(release.regime for release in valid if release.regime != ZONE),
        zone=zone if any(release.regime == ZONE for release in valid) else "",
        identifiability=min(
            (IDENTIFIABILITY.index(_LEAVES[release.method]) for release in valid
             if release.method in _LEAVES),
            default=NOTHING.identifiability,
        ),
    )  # fmt: skip


def apply(what: Effect, label: Label, regimes: Mapping[str, Regime]) -> Label:
    """The label of what comes out; a larger one in never gives a smaller one out."""
    if what == NOTHING:
        return label
    left = frozenset(bound for bound in label.regimes if bound.regime not in what.regimes)
    lifted = what.zone and not any(places(bound, regimes) for bound in left)
    return replace(
        label,
        regimes=left,
        zones=label.zones - {what.zone} if lifted else label.zones,
        identifiability=min(label.identifiability, what.identifiability),
    )


def places(bound: Bound, regimes: Mapping[str, Regime]) -> bool:
    """Whether a law says where data may be, as far as anybody knows."""
    regime = regimes.get(bound.regime)
    return regime is None or bool(regime.governs or regime.denied)

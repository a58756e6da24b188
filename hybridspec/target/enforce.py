"""Which guards enforce a claim about a place, as targets declare them, and which are not there.

Guards are declared without anything being run; that they are there is proved from what was emitted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cache

from hybridspec.ir.plan import Residency
from hybridspec.target.api import Emission, Target
from hybridspec.target.registry import targets

_ACCOUNT = ("key_admin", "logs", "support", "control_plane", "operator")
"""Facets of all that a zone has in an account, whatever it is."""
_ASSETS = (("model ", "model"), ("training ", "training"), ("zone store", "store"),
           ("update channel", "store"), ("telemetry", "account"))  # fmt: skip
"""What kind of asset a row of the matrix is about, by how its name begins."""
_CLAIMED = ("satisfied", "conditional", "waived")


def enforced(
    rows: tuple[Residency, ...], regions: Mapping[str, str], platforms: Collection[str],
    adopted: Mapping[tuple[str, str], tuple[str, str]] | None = None,
) -> tuple[Residency, ...]:  # fmt: skip
    """The matrix with each claim's guards, and why a place of it has none.

    `regions` are the providers of regions by label, `platforms` the targets of device classes,
    `adopted` the bucket and the registry that are there already, by zone and region.
    """
    known = targets()
    devices = tuple(known[name] for name in sorted(set(platforms)))

    @cache
    def guarded(place: str, facet: str, kind: str) -> tuple[tuple[str, ...], str]:
        if place.startswith(("site ", "sites in ")):
            return _guards(place, facet, kind, devices)
        provider = regions.get(place.removeprefix("region "), "")
        if provider in known:
            return _guards(place, facet, kind, (known[provider],))
        return (), f"{place}: {_beside(place, facet, regions)}"

    @cache
    def together(places: tuple[str, ...], facet: str, kind: str) -> tuple[tuple[str, ...], str]:
        found = [guarded(place, facet.replace(" ", "_"), kind) for place in places]
        lacks = dict.fromkeys(why for _, why in found if why)
        guards = sorted({guard for names, _ in found for guard in names})
        return tuple(guards), "; ".join(lacks) if places else "nobody states where it is"

    def judged(row: Residency) -> Residency:
        if row.verdict not in _CLAIMED:
            return row
        kind = _kind(row.asset, row.facet)
        guards, why = together(row.places, row.facet, kind)
        for place in row.places:
            label = place.removeprefix("region ").partition(":")[0]
            there = (adopted or {}).get((row.zone, label), ("", ""))
            if name := _there(row, kind, there, known.get(regions.get(label, ""))):
                guards = ()
                why = f"{place}: `{name}` is there already, and nothing that is emitted made it"
        return row._replace(guards=guards, unenforced=why)

    return tuple(map(judged, rows))


def _there(
    row: Residency, kind: str, there: tuple[str, str], target: Target | None
) -> str:  # fmt: skip
    """What is there already and holds the asset of a row; empty if the stack makes all of it."""
    if target is None or target.imports or row.asset.startswith("update channel"):
        return ""
    bucket, registry = there
    return bucket if kind in ("store", "model") and bucket else registry if kind == "model" else ""


def _kind(asset: str, facet: str) -> str:
    if facet.replace(" ", "_") in _ACCOUNT:
        return "account"
    named = next((kind for begin, kind in _ASSETS if asset.startswith(begin)), "")
    return named or ("stage" if facet in ("process", "transit") else "store")


def _beside(place: str, facet: str, regions: Mapping[str, str]) -> str:
    """Why nothing enforces a place that is neither a region nor a site, in its cloud's words."""
    clouds = {label.partition("/")[0]: provider for label, provider in regions.items()}
    words = set(re.split(r"[^\w-]+", place))
    for cloud in sorted(clouds):
        if cloud in words and facet in targets()[clouds[cloud]].unguarded:
            return targets()[clouds[cloud]].unguarded[facet]
    return "nothing that is emitted decides over it"


def _guards(
    place: str, facet: str, kind: str, holders: tuple[Target, ...]
) -> tuple[tuple[str, ...], str]:
    """The names of the guards of a place, or why it has none; all platforms have to have one."""
    names: list[str] = []
    for target in holders:
        mine = [f"{target.name}:{guard.id}" for guard in target.guards
                if guard.enforced and facet in guard.facets and kind in guard.assets]  # fmt: skip
        if not mine:
            computed = kind == "stage" and facet == "process"
            why = target.unguarded.get("stage" if computed else facet)
            why = why or target.unguarded.get(facet)
            return (), f"{place}: {why or f'{target.name} emits no guard of it'}"
        names += mine
    return tuple(names), "" if holders else f"{place}: nothing is emitted there"


def lacking(target: Target, part: Emission) -> tuple[tuple[str, str], ...]:
    """(guard, what lacks) for each guard that is declared and not there.

    One that cannot be judged is not there.
    """
    found = []
    for guard in target.guards:
        try:
            why = guard.missing(part)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as fault:
            why = f"it cannot be judged ({type(fault).__name__})"
        if why:
            found.append((guard.id, why))
    return tuple(found)

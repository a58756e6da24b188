"""What the spec itself pins: sites, training regions and shared bundles that something refuses.

No placement can move these, so that each refusal is a finding before anything is placed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from hybridspec.ir.graph import Model, Site
from hybridspec.ir.label import Label
from hybridspec.law.claim import WEIGHTS, Claims, own
from hybridspec.law.locate import at_site, in_region
from hybridspec.law.refusal import Refusal


class Pinned(NamedTuple):
    """A refusal of something pinned; `kind` is `site`, `training`, `learnt` or `bundled`.

    `others` counts the sites of which `site` is the first, in words.
    """

    kind: str
    refusal: Refusal
    site: Site | None = None
    model: Model | None = None
    device: str = ""
    others: str = ""


@lru_cache(maxsize=2)
def pinned(of: Claims) -> tuple[Pinned, ...]:
    """Every refusal of something that the spec pins."""
    weights = (case for model in of.graph.models
               for case in (*_training(of, model), *_learnt(of, model)))  # fmt: skip
    return (*_sites(of), *weights, *_bundled(of))


def _sites(of: Claims) -> Iterator[Pinned]:
    groups: dict[tuple[str, str], list[Site]] = {}
    for site in of.graph.sites:
        groups.setdefault((site.zone.name, site.country), []).append(site)
    for (zone, country), sites in groups.items():
        wall = f"zone:{zone}"
        found = _refusals(of, own(zone), country, ("process", "logs"), zone, "data")
        for refusal in found:
            several = sites if refusal.facet == "process" else sites[:1]
            yield from (Pinned("site", refusal, site=site) for site in several)
        for asset, label, first in _born(of, zone, sites):
            for refusal in _refusals(of, label, country, ("process", "logs"), zone, asset):
                if refusal.reason.rule != wall:
                    more = f" and {len(sites) - 1} more" if len(sites) > 1 else ""
                    yield Pinned("site", refusal, site=first, others=more)


def _born(of: Claims, zone: str, sites: list[Site]) -> Iterator[tuple[str, Label, Site]]:
    """The assets that flow at some of the sites, those of one label named together."""
    here = {site.name: site for site in sites}
    found: dict[Label, tuple[dict[str, None], Site]] = {}
    for flow in of.flows.get(zone, ()):
        first = next((here[site.name] for site in flow.sites if site.name in here), None)
        if first is not None:
            label = of.law.labels.of(f"data {flow.data.name}@{zone}")
            found.setdefault(label, ({}, first))[0][f"`{flow.data.name}`"] = None
    for label, (names, first) in found.items():
        listed = list(names)
        more = f" and {len(listed) - 3} more" if len(listed) > 3 else ""
        yield f"{', '.join(listed[:3])}{more}", label, first


def _training(of: Claims, model: Model) -> Iterator[Pinned]:
    region = model.training.region if model.training else None
    if region is None:
        return
    label = of.law.labels.of(f"model {model.name}")
    zones = sorted(label.zones) or [""]
    found = of.refusals(label, in_region(region, ("process", *WEIGHTS)), zones[0], "weights")
    for refusal in _once(found):
        yield Pinned("training", refusal, model=model)


def _learnt(of: Claims, model: Model) -> Iterator[Pinned]:
    """Weights that hold a zone's data at sites of another zone that runs them."""
    if model.training is None:
        return
    runs: dict[tuple[str, str], Site] = {}
    for flow in of.graph.flows:
        if any(stage.model is not None and stage.model.name == model.name for stage in flow.stages):
            for site in flow.sites:
                runs.setdefault((site.zone.name, site.country), site)
    seen: set[tuple[str, str]] = set()
    for (zone, country), site in sorted(runs.items(), key=lambda pair: pair[0]):
        label = of.law.labels.copy(model.name, zone)
        for refusal in _refusals(of, label, country, ("process", "model"), zone, "weights"):
            key = (zone, refusal.reason.rule)
            if refusal.reason.rule != f"zone:{zone}" and key not in seen:
                seen.add(key)
                yield Pinned("learnt", refusal, site=site, model=model)


def _bundled(of: Claims) -> Iterator[Pinned]:
    """Models that a class's one bundle brings to sites of zones that do not run them."""
    for zone in of.zones:
        sites = [site for site in of.graph.sites if site.zone.name == zone]
        for model, owner, classes in of.carried(zone):
            stands = {
                (devices.device_class.name, site.country): site for site in reversed(sites)
                for devices in site.devices if devices.device_class.name in classes
            }  # fmt: skip
            label = of.law.labels.copy(model.name, owner)
            for (device, country), site in sorted(stands.items(), key=lambda pair: pair[0]):
                found = _refusals(of, label, country, ("process", "model"), owner, "weights")
                for refusal in found:
                    if refusal.reason.rule != f"zone:{zone}":  # its own sites are judged as such
                        yield Pinned("bundled", refusal, site=site, model=model, device=device)


def _refusals(
    of: Claims, label: Label, country: str, facets: tuple[str, ...], zone: str, asset: str
) -> list[Refusal]:
    return _once(of.refusals(label, at_site(country, facets), zone, asset))


def _once(refusals: Iterable[Refusal]) -> list[Refusal]:
    """The first of the refusals by each rule."""
    return list({r.reason.rule: r for r in reversed(list(refusals))}.values())[::-1]

"""What one more of a quota, or of devices to buy, would save: found by deciding anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hybridspec.ir.explanation import Binding
from hybridspec.ir.graph import Graph, Site
from hybridspec.ir.plan import Configuration
from hybridspec.place.explain_replan import Outcome, Replanner
from hybridspec.place.quota import limits
from hybridspec.place.repair_change import Change, quota, with_site


def shadows(
    graph: Graph, site: Site, ways: Sequence[Configuration], whole: Replanner, now: Outcome
) -> Iterator[Binding]:
    """The quotas that ways of a flow take of, and the most devices that its site may have.

    Only where both plans are proven least is the difference what it saves.
    """
    regions = {way.region.label for way in ways if way.region is not None}
    for limit in limits(graph):
        if regions & set(limit.regions):
            what = f"quota of {limit.stated} `{limit.kind}` in {' and '.join(limit.regions)}"
            ref = limit.origin.ref if limit.origin is not None else ""
            yield from _saved(whole, now, quota(limit, limit.stated + 1), what, "HS0422", ref)
    for devices in site.devices:
        if devices.most is not None:
            name = devices.device_class.name
            what = f"most `{name}` at {site.name}: {devices.most}"
            yield from _saved(whole, now, _more(site, name, devices.most + 1), what, "HS0306",
                              devices.origin.ref)  # fmt: skip


def _saved(
    whole: Replanner, now: Outcome, change: Change, what: str, code: str, ref: str
) -> Iterator[Binding]:
    then = whole.with_change(change)
    if then is not None and now.exact and then.exact and then.cost < now.cost:
        saving = now.cost - then.cost
        yield Binding(what=what, code=code, saving=saving, shadow=saving, unit="one more", ref=ref)


def _more(site: Site, device: str, most: int) -> Change:
    """A range of devices at a site that ends at another number."""
    return Change(
        f"sites.{site.name}.devices.{device}.most", str(most),
        f"let up to {most} `{device}` stand at `{site.name}`",
        lambda graph: with_site(graph, site.name, lambda here: replace(here, devices=tuple(
            replace(d, most=most) if d.device_class.name == device else d for d in here.devices
        ))), most,
    )  # fmt: skip

"""What wishes without an amount cost: one model at a time, one bundle for all of a class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hybridspec.ir.explanation import Binding, Flip
from hybridspec.ir.graph import DeviceClass, Graph, Site
from hybridspec.place.explain_replan import Outcome, Replanner
from hybridspec.place.repair_change import Change, several, with_site


def wishes(
    graph: Graph, site: Site, whole: Replanner, now: Outcome
) -> Iterator[tuple[Flip | None, Binding | None]]:
    """For each wish what is decided without it: another way, a cheaper plan, or neither."""
    for devices in site.devices:
        device = devices.device_class
        if device.one_model:
            ref = device.one_model_origin.ref if device.one_model_origin is not None else ""
            yield _without(whole, now, several(device), f"`{device.name}` holds one model at a "
                           "time", "HS0425", "holds several", ref)  # fmt: skip
        measured = any(name == device.name for _, name, _ in whole.table.measured)
        if not measured and _shared(graph, site, device):
            yield _without(whole, now, _apart(site, device), f"`{device.name}` has one bundle at "
                           "all sites", "HS0401", f"a class of its own at {site.name}",
                           device.origin.ref, f"-{site.name}")  # fmt: skip


def _without(
    whole: Replanner, now: Outcome, change: Change, wish: str, code: str, then: str, ref: str,
    renamed: str = "",
) -> tuple[Flip | None, Binding | None]:  # fmt: skip
    """What becomes of a wish left out; `renamed` is what names of classes have behind them then."""
    found = whole.with_change(change)
    if found is None:
        return None, None
    saving, flip, binding = now.cost - found.cost, None, None
    if found.label.replace(renamed, "") != now.label and saving >= 0:
        flip = Flip(
            words=wish, now="as it is", then=then, value=0, becomes=found.label, way=found.way,
            saving=saving, setting=change.setting, ref=ref,
        )  # fmt: skip
    if saving > 0 and now.exact and found.exact:
        binding = Binding(what=wish, code=code, saving=saving, shadow=saving, unit="", ref=ref)
    return flip, binding


def _shared(graph: Graph, site: Site, device: DeviceClass) -> bool:
    """Whether devices of a class stand at other sites as well, where models may run."""
    models = any(stage.model is not None for flow in graph.flows for stage in flow.stages
                 if any(one.name == site.name for one in flow.sites))  # fmt: skip
    return models and any(
        here.device_class.name == device.name
        for other in graph.sites if other.name != site.name for here in other.devices
    )  # fmt: skip


def _apart(site: Site, device: DeviceClass) -> Change:
    """A class of the same board for one site."""
    own = replace(device, name=f"{device.name}-{site.name}")

    def apply(graph: Graph) -> Graph:
        graph = with_site(graph, site.name, lambda here: replace(here, devices=tuple(
            replace(d, device_class=own) if d.device_class.name == device.name else d
            for d in here.devices
        )))  # fmt: skip
        return replace(graph, device_classes=(*graph.device_classes, own))

    return Change("", "", f"give `{site.name}` a device class of its own for `{device.name}`",
                  apply)  # fmt: skip

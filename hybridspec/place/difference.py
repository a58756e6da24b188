"""In what one Graph differs from another, where a few values are all that does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from hybridspec.ir.graph import DeviceClass, Flow, Graph, Region, Site, SiteDevices

_T = TypeVar("_T", Site, Flow, Region, DeviceClass)

_LISTS = ("device_classes", "flows", "regions", "sites")
_MONEY = tuple(f.name for f in fields(Region) if f.name.endswith("_price"))
_LIMITS = tuple(f.name for f in fields(Region) if f.name.endswith("_quota"))
_OF_CLASS = ("max_failed", "max_offline", "one_model", "uplink_bandwidth")
_OF_FLOW = ("bandwidth", "latency", "offline", "sites")
_OF_SITE = ("devices", "energy_price", "lan", "line")


@dataclass(frozen=True, slots=True)
class Difference:
    """Regions with other prices alone, regions with other limits, and other device classes.

    Sites and flows may differ too, in values that tell them apart wherever it counts who is alike.
    The law says the same of both graphs.
    """

    priced: frozenset[str]
    limited: frozenset[str]
    classes: frozenset[str]


def difference(before: Graph, after: Graph) -> Difference | None:
    """What differs, if nothing else can; None otherwise."""
    sites = _changed(before.sites, after.sites, _OF_SITE)
    flows = _changed(before.flows, after.flows, _OF_FLOW)
    regions = _changed(before.regions, after.regions, (*_MONEY, *_LIMITS))
    classes = _changed(before.device_classes, after.device_classes, _OF_CLASS)
    if sites is None or flows is None or regions is None or classes is None:
        return None
    stands = [_classes(old.devices, new.devices) for old, new in sites]
    moved = any([s.name for s in old.sites] != [s.name for s in new.sites] for old, new in flows)
    if moved or not _same(before, after, _LISTS):
        return None
    found = {new.name for _, new in classes}
    for here in stands:
        if here is None:
            return None
        found |= here
    priced = frozenset(new.label for old, new in regions if _same(old, new, _MONEY))
    return Difference(
        priced, frozenset(new.label for _, new in regions) - priced, frozenset(found)
    )  # fmt: skip


def _classes(before: Sequence[SiteDevices], after: Sequence[SiteDevices]) -> set[str] | None:
    """The classes that are others at a site; None if it has others than it had."""
    old, new = ([devices.device_class for devices in some] for some in (before, after))
    changed = _changed(old, new, _OF_CLASS)
    return None if changed is None else {one.name for _, one in changed}


def _changed(
    before: Sequence[_T], after: Sequence[_T], may: tuple[str, ...]
) -> list[tuple[_T, _T]] | None:
    """Those that are others in fields that may; None if any is in more, or there are others."""
    if len(before) != len(after):
        return None
    found = [(old, new) for old, new in zip(before, after, strict=True) if new is not old]
    return found if all(_same(old, new, may) for old, new in found) else None


def _same(one: object, two: object, but: tuple[str, ...]) -> bool:
    """Whether two have the very same values but for some fields."""
    names = (field.name for field in fields(one) if field.name not in but)  # type: ignore[arg-type]
    return all(getattr(one, name) is getattr(two, name) for name in names)
